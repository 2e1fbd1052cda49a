import type { Entry, Reader, Store } from "../../kernel/store.ts";
import type { Key, KeyRange } from "../../kernel/tuple.ts";
import { keyAfter } from "../../kernel/tuple.ts";
import { invalidToken } from "./errors.ts";
import { DEFAULT_PAGE_SIZE, PAGE_TOKEN_MS } from "./limits.ts";

/** Which part of a list is asked for. */
export interface PageRequest {
  /** 0 and absent mean the default. */
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
  readonly reverse?: boolean;
  /** When it is asked for: tokens expire. */
  readonly nowMs: number;
}

/** One page of a list, and where the next one begins. */
export interface Page<Item> {
  readonly entries: Item[];
  readonly nextToken?: string;
}

/** One page of a range of keys. Throws InvalidToken. */
export async function readPage(
  reader: Reader,
  range: KeyRange,
  request: PageRequest,
): Promise<Page<Entry>> {
  const rest = afterToken(range, request);
  const limit = pageSize(request) + 1;
  const found = await reader.range(rest, { limit, reverse: request.reverse === true });
  return firstPage(found, request);
}

/** The first page of what follows a request's token. */
export function firstPage<Item extends { readonly key: Key }>(
  found: readonly Item[],
  request: PageRequest,
): Page<Item> {
  const size = pageSize(request);
  const entries = found.slice(0, size);
  const last = entries.at(-1);
  if (found.length <= size || last === undefined) return { entries };
  return { entries, nextToken: formatPageToken(last.key, request.nowMs) };
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

/** How many entries a page has. */
export function pageSize({ maxResults }: Pick<PageRequest, "maxResults">): number {
  // JSON has fractions where the model has whole numbers.
  return Math.trunc(maxResults ?? 0) || DEFAULT_PAGE_SIZE;
}

/** What of `range` follows a request's token. Throws InvalidToken. */
export function afterToken(range: KeyRange, request: PageRequest): KeyRange {
  const key = keyOfToken(range, request);
  if (key === undefined) return range;
  return request.reverse === true
    ? { from: range.from, to: key }
    : { from: keyAfter(key), to: range.to };
}

/** The last key of the page that a request's token was answered with; undefined without a token. Throws InvalidToken. */
export function keyOfToken(
  range: KeyRange,
  { nextToken, nowMs }: Pick<PageRequest, "nextToken" | "nowMs">,
): Key | undefined {
  if (nextToken === undefined) return undefined;
  const [madeMs = "", ...rest] = Buffer.from(nextToken, "base64url").toString("latin1").split(" ");
  if (!/^\d+$/.test(madeMs) || nowMs - Number(madeMs) >= PAGE_TOKEN_MS) throw invalidToken();
  const key = rest.join(" ") as Key; // As it was written by formatPageToken.
  // What is out of the range it is used on was made for another list.
  if (key <= range.from || key >= range.to) throw invalidToken();
  return key;
}

/** The token of the page that begins after a key, with the time at which it is given. */
export function formatPageToken(key: Key, nowMs: number): string {
  return Buffer.from(`${nowMs} ${key}`, "latin1").toString("base64url");
}
