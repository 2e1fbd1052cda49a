import type { Key } from "./tuple.ts";

/** Turns a record into the bytes that a store keeps. Records are JSON: undefined members vanish. */
export function encodeRecord(record: object): Uint8Array {
  return Buffer.from(JSON.stringify(record), "utf8");
}

/** Reads a record back; `Shape` is what the same space's writer put there. */
export function decodeRecord<Shape extends object>(value: Uint8Array): Shape {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return JSON.parse(bytes.toString("utf8")) as Shape;
}

/**
 * Decodes records of which the same few are read again and again, such as a queue's: while the bytes
 * of a key are the same, so is its record. Keeps the latest `limit` keys.
 */
export class RecordMemo<Shape extends object> {
  readonly #limit: number;
  readonly #latest = new Map<Key, { readonly value: Uint8Array; readonly record: Shape }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  decode(key: Key, value: Uint8Array): Shape {
    const known = this.#latest.get(key);
    if (known !== undefined && Buffer.compare(known.value, value) === 0) return known.record;
    const record = decodeRecord<Shape>(value);
    this.#latest.delete(key);
    // Copied: the value may be a small part of a large buffer.
    this.#latest.set(key, { value: Uint8Array.from(value), record });
    if (this.#latest.size > this.#limit) {
      for (const oldest of this.#latest.keys()) {
        this.#latest.delete(oldest);
        break;
      }
    }
    return record;
  }
}

/** The value of keys that say all they mean by being there. */
export const PRESENT: Uint8Array = new Uint8Array(0);
