import type { Entry, Reader } from "../../kernel/store.ts";
import { keyAfter } from "../../kernel/tuple.ts";
import type { KeyRange } from "../../kernel/tuple.ts";
import { BACKGROUND_BYTES, BACKGROUND_PAGE } from "./limits.ts";

/** What can be counted in bytes. */
export interface Sized {
  readonly sizeBytes: number;
}

/**
 * What one transaction treats in the background: `limit` of what `read` answers, or fewer that have
 * about {@link BACKGROUND_BYTES}, so that large messages do not stop everything else. They are read in
 * pages that grow from one on, so that few are read in vain; `read` answers none at the end.
 */
export async function* chunkOf<One extends Sized>(
  limit: number,
  read: (most: number) => Promise<readonly One[]>,
): AsyncGenerator<One, void> {
  let left = limit;
  let bytes = 0;
  for (
    let page = 1;
    left > 0 && bytes < BACKGROUND_BYTES;
    page = Math.min(2 * page, BACKGROUND_PAGE)
  ) {
    const met = await read(Math.min(page, left));
    if (met.length === 0) return;
    left -= met.length;
    for (const { sizeBytes } of met) bytes += sizeBytes;
    yield* met;
  }
}

/** An entry that is one of a chunk. */
export type SizedEntry = Entry & Sized;

/** Reads the entries of a range page by page, for {@link chunkOf}. */
export function pagesOf(
  reader: Pick<Reader, "range">,
  { from, to }: KeyRange,
): (most: number) => Promise<SizedEntry[]> {
  let next: KeyRange | undefined = { from, to };
  return async (limit) => {
    if (next === undefined) return [];
    const entries = await reader.range(next, { limit });
    const last = entries.at(-1);
    const isEnd = last === undefined || entries.length < limit;
    next = isEnd ? undefined : { from: keyAfter(last.key), to };
    return entries.map((entry) => ({ ...entry, sizeBytes: entry.value.byteLength }));
  };
}
