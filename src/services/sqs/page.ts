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

/** A page of names, and the token for what follows it. */
export interface Page {
  readonly names: readonly string[];
  readonly nextToken: { readonly NextToken?: string };
}

/**
 * Cuts a page out of names of which up to one more than its size were read. Without MaxResults SQS
 * answers up to 1,000 names and no token.
 */
export function cutPage(read: readonly string[], maxResults: number | undefined): Page {
  const size = pageSizeOf(maxResults);
  const names = read.slice(0, size);
  const last = names.at(-1);
  const hasMore = read.length > size && maxResults !== undefined && last !== undefined;
  return { names, nextToken: hasMore ? { NextToken: Buffer.from(last).toString("base64") } : {} };
}
