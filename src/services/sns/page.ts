import type { Entry, Reader } from "../../kernel/store.ts";
import { keyAfter } from "../../kernel/tuple.ts";
import type { Key, KeyRange } from "../../kernel/tuple.ts";
import { invalidParameter } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/** A part of a list. */
export interface Page {
  readonly entries: readonly Entry[];
  /** Present when there is more. */
  readonly nextToken?: string;
}

/** One page of a range; the token is the last key of the page before. Throws InvalidParameter. */
export async function readPage(
  reader: Reader,
  range: KeyRange,
  token: string | undefined,
  size: number = LIMITS.pageSize,
): Promise<Page> {
  // An empty token is none: some scripts begin with it.
  const from = !token ? range.from : keyAfter(keyOf(range, token));
  const found = await reader.range({ from, to: range.to }, { limit: size + 1 });
  const entries = found.slice(0, size);
  const last = entries.at(-1);
  if (found.length <= size || last === undefined) return { entries };
  return { entries, nextToken: Buffer.from(last.key, "latin1").toString("base64") };
}

function keyOf(range: KeyRange, token: string): Key {
  // A key is a string of bytes; that it lies in the range makes it one of the range's.
  const key = Buffer.from(token, "base64").toString("latin1") as Key;
  if (key < range.from || key >= range.to) throw invalidParameter("NextToken");
  return key;
}

/** The size of a page that a caller asks for. Throws InvalidParameter. */
export function readPageSize(wanted: number | undefined, most: number): number {
  if (wanted === undefined) return most;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > most) {
    throw invalidParameter(`MaxResults Reason: must be between 1 and ${most}`);
  }
  return wanted;
}
