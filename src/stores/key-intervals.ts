import { keyAfter } from "../kernel/tuple.ts";
import type { Key } from "../kernel/tuple.ts";
import { SortedMap } from "./sorted-map.ts";

/** A set of keys as disjoint intervals, each from its start up to before its end. */
export class KeyIntervals {
  readonly #ends = new SortedMap<Key>();

  /** How many intervals there are. */
  get size(): number {
    return this.#ends.size;
  }

  /** The end of the interval that `key` is in. */
  endAround(key: Key): Key | undefined {
    if (this.#ends.size === 0) return undefined;
    const end = this.#ends.descendFrom(keyAfter(key)).value;
    return end !== undefined && end > key ? end : undefined;
  }

  add(start: Key, end: Key): void {
    if (start >= end) return;
    let from = start;
    let to = end;
    const before = this.#ends.descendFrom(keyAfter(start));
    if (before.key !== undefined && before.value !== undefined && before.value >= start) {
      from = before.key;
      if (before.value > to) to = before.value;
    }
    for (;;) {
      const { key, value } = this.#ends.ascendFrom(from);
      if (key === undefined || value === undefined || key > to) break;
      this.#ends.delete(key);
      if (value > to) to = value;
    }
    this.#ends.set(from, to);
  }

  /** Takes one key out. */
  remove(key: Key): void {
    const { key: start, value: end } = this.#ends.descendFrom(keyAfter(key));
    if (start === undefined || end === undefined || end <= key) return;
    if (start === key) this.#ends.delete(start);
    else this.#ends.set(start, key);
    const rest = keyAfter(key);
    if (rest < end) this.#ends.set(rest, end);
  }

  clear(): void {
    this.#ends.clear();
  }
}
