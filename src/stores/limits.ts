/** The longest key a store takes, in bytes; LMDB's own limit is 1978 with pages of 4 KiB. */
export const MAX_KEY_BYTES = 1_900;
