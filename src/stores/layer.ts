import type { Key, KeyRange } from "../kernel/tuple.ts";

/** Ordered entries that are read at once: a file, or what is written above one. */
export interface Layer {
  get(key: Key): Uint8Array | undefined;
  /** A cursor over the range's entries, from its end downwards if it descends. */
  cursor(range: KeyRange, direction: Direction): LayerCursor;
}

/** What is written at a key: a value, that it is deleted, or nothing. */
export type Slot = Uint8Array | "deleted" | undefined;

export type Direction = "ascending" | "descending";

/** A place among a layer's entries; good until the layer changes. Only one is open at a time. */
export interface LayerCursor {
  /** Undefined past the end. */
  readonly key: Key | undefined;
  readonly value: Uint8Array | undefined;
  next(): void;
  close(): void;
}

/** A cursor over nothing. */
export const NOTHING: LayerCursor = { key: undefined, value: undefined, next() {}, close() {} };
