import { invalidParameter, invalidValue } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/** How many names a listing answers. Throws InvalidParameterValue. */
export function pageSizeOf(maxResults: number | undefined): number {
  const size = maxResults ?? LIMITS.listQueues;
  if (Number.isInteger(size) && size >= 1 && size <= LIMITS.listQueues) return size;
  throw invalidValue("MaxResults", size, "MaxResults must be between 1 and 1000.");
}

/** The name after which a page begins. Throws InvalidParameterValue for a foreign token. */
export function pageOf(token: string): string {
  const name = Buffer.from(token, "base64").toString("utf8");
  if (/^[A-Za-z0-9_.-]{1,80}$/.test(name)) return name;
  throw invalidParameter(`Invalid or expired next token: ${token.slice(0, 200)}`);
}
