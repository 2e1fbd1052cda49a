import type { Entry, Reader, Store } from "../../kernel/store.ts";
import type { Key, KeyRange } from "../../kernel/tuple.ts";
import { keyAfter } from "../../kernel/tuple.ts";
import { invalidToken } from "./errors.ts";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "./limits.ts";
import { checkNumber, checkText } from "./validation.ts";

/** Which part of a list is asked for. */
export interface PageRequest {
  /** 0 and absent mean the default. */
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
  readonly reverse?: boolean;
}

/** One page of a list, and where the next one begins. */
export interface Page {
  readonly entries: Entry[];
  readonly nextToken?: string;
}

/** One page of a range of keys. A token holds the last key that was answered. Throws InvalidToken. */
export async function readPage(
  reader: Reader,
  range: KeyRange,
  request: PageRequest,
): Promise<Page> {
  checkPage(request);
  const size = pageSize(request);
  const reverse = request.reverse === true;
  const rest = afterToken(range, request);
  const found = await reader.range(rest, { limit: size + 1, reverse });
  const entries = found.slice(0, size);
  const last = entries.at(-1);
  if (found.length <= size || last === undefined) return { entries };
  return { entries, nextToken: formatPageToken(last.key) };
}

/** Every entry of a range, so many read at a time; what was read may be removed meanwhile. */
export async function* entriesOf(
  store: Store,
  { from, to }: KeyRange,
  chunk: number,
): AsyncIterable<Entry> {
  let rest: KeyRange = { from, to };
  for (;;) {
    const range = rest;
    const entries = await store.read((reader) => reader.range(range, { limit: chunk }));
    yield* entries;
    const last = entries.at(-1);
    if (entries.length < chunk || last === undefined) return;
    rest = { from: keyAfter(last.key), to };
  }
}

/** Throws ValidationException for a page's members that are out of bounds. */
export function checkPage({ maxResults, nextToken }: PageRequest): void {
  checkNumber({ member: "maxResults", value: maxResults, minimum: 0, maximum: MAX_PAGE_SIZE });
  checkText({ member: "nextToken", value: nextToken, minimum: 1, maximum: 3096 });
}

/** How many entries a page has. */
export function pageSize({ maxResults }: PageRequest): number {
  // JSON has fractions where the model has whole numbers.
  return Math.trunc(maxResults ?? 0) || DEFAULT_PAGE_SIZE;
}

/** What of `range` follows a token. Throws InvalidToken. */
export function afterToken(range: KeyRange, { nextToken, reverse }: PageRequest): KeyRange {
  if (nextToken === undefined) return range;
  // A token is a key; what is out of the range it is used on was made for another list.
  const key = Buffer.from(nextToken, "base64url").toString("latin1") as Key;
  if (key <= range.from || key >= range.to) throw invalidToken();
  return reverse === true ? { from: range.from, to: key } : { from: keyAfter(key), to: range.to };
}

/** The token of the page that begins after a key. */
export function formatPageToken(key: Key): string {
  return Buffer.from(key, "latin1").toString("base64url");
}
