import { decodeKey, encodeKey, rangeBelow, rangeBetween } from "./tuple.ts";
import type { Key, KeyRange, Part } from "./tuple.ts";

/** What a catalogue says of one kind of key. */
export interface SpaceFacts {
  /** Persisted in every key: never reused, never changed. */
  readonly number: number;
  readonly name: string;
  /** Names of the key's parts, in order. */
  readonly layout: readonly string[];
  /** What the value is. */
  readonly value: string;
  /** When an entry comes and goes. */
  readonly lifetime: string;
}

/** One numbered kind of key, whose parts are `Parts`. */
export interface Space<Parts extends readonly Part[]> extends SpaceFacts {
  key(...parts: Parts): Key;
  /** Every key that begins with `prefix`. */
  below(...prefix: readonly Part[]): KeyRange;
  /** Keys below `prefix` whose next part is at least `first` and less than `end`. */
  between(prefix: readonly Part[], first: Part, end?: Part): KeyRange;
  /** The parts of a key of this space. */
  parts(key: Key): Parts;
}

/** Defines a space. Each service lists its spaces in `keys.ts`; `stores` see only the number. */
export function space<Parts extends readonly Part[]>(facts: SpaceFacts): Space<Parts> {
  const { number } = facts;
  return {
    ...facts,
    key: (...parts) => encodeKey(number, parts),
    below: (...prefix) => rangeBelow(encodeKey(number, prefix)),
    between: (prefix, first, end) => rangeBetween(encodeKey(number, prefix), first, end),
    // The one place where a decoded key gets its static type; keys of a space are written by key().
    parts: (key) => decodeKey(key) as readonly Part[] as Parts,
  };
}
