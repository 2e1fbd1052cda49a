import type { Key } from "../kernel/tuple.ts";

/** The longest key a store takes, in bytes; LMDB's own limit is 1978 with pages of 4 KiB. */
export const MAX_KEY_BYTES = 1_900;

/** Whether nothing can be kept at `key`: readers find nothing there. */
export function isTooLong(key: Key): boolean {
  return key.length > MAX_KEY_BYTES;
}

/** Throws for what is no number of entries to ask a range for. */
export function assertLimit(limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 1) return;
  throw new RangeError(`a range's limit is a positive whole number, not ${limit}`);
}

/** Throws for what cannot be added to a total. */
export function assertDelta(delta: number): void {
  if (Number.isSafeInteger(delta)) return;
  throw new RangeError(`what is added to a total is a whole number that is exact, not ${delta}`);
}

/** A key that something may be written at. Throws for one that is too long. */
export function writable(key: Key): Key {
  if (!isTooLong(key)) return key;
  throw new Error(`a key has at most ${MAX_KEY_BYTES} bytes, not ${key.length}`);
}
