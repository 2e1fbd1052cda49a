import type { Key } from "../kernel/tuple.ts";

/** The longest key a store takes, in bytes; LMDB's own limit is 1978 with pages of 4 KiB. */
export const MAX_KEY_BYTES = 1_900;

/** Whether nothing can be kept at `key`: readers find nothing there. */
export function isTooLong(key: Key): boolean {
  return key.length > MAX_KEY_BYTES;
}

/** A key that something may be written at. Throws for one that is too long. */
export function writable(key: Key): Key {
  if (!isTooLong(key)) return key;
  throw new Error(`a key has at most ${MAX_KEY_BYTES} bytes, not ${key.length}`);
}
