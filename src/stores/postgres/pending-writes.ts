import type { Entry, RangeOptions } from "../../kernel/store.ts";
import type { Key, KeyRange } from "../../kernel/tuple.ts";

/** What is added to a total, after forgetting it where `cleared`. */
export interface TotalChange {
  cleared: boolean;
  amount: number;
}

/** Writes that wait for their commit. */
export class PendingWrites {
  /** Undefined where the key is deleted. */
  readonly entries: Map<Key, Uint8Array | undefined> = new Map();
  readonly totals: Map<Key, TotalChange> = new Map();
  sizeBytes = 0;

  get empty(): boolean {
    return this.entries.size === 0 && this.totals.size === 0;
  }

  write(key: Key, value: Uint8Array | undefined): void {
    this.entries.set(key, value);
    this.sizeBytes += key.length + (value?.byteLength ?? 0);
  }

  add(key: Key, amount: number): void {
    this.#total(key).amount += amount;
  }

  clearSum(key: Key): void {
    this.totals.set(key, { cleared: true, amount: 0 });
  }

  /** A total as it is after these writes. */
  sum(key: Key, before: number): number {
    const change = this.totals.get(key);
    if (change === undefined) return before;
    return (change.cleared ? 0 : before) + change.amount;
  }

  /** Takes in what was written after it. */
  append(later: PendingWrites): void {
    for (const [key, value] of later.entries) this.entries.set(key, value);
    for (const [key, change] of later.totals) {
      if (change.cleared) this.clearSum(key);
      this.#total(key).amount += change.amount;
    }
    this.sizeBytes += later.sizeBytes;
  }

  /** How many entries of a range these writes replace or remove. */
  countIn({ from, to }: KeyRange): number {
    let count = 0;
    for (const key of this.entries.keys()) if (key >= from && key < to) count += 1;
    return count;
  }

  /** A range's entries as they are after these writes, of all that may be in `entries`. */
  applyTo(entries: readonly Entry[], range: KeyRange, options: RangeOptions): Entry[] {
    const kept = entries.filter((entry) => !this.entries.has(entry.key));
    if (kept.length === entries.length && this.countIn(range) === 0) {
      return kept.slice(0, options.limit);
    }
    for (const [key, value] of this.entries) {
      if (value !== undefined && key >= range.from && key < range.to) kept.push({ key, value });
    }
    kept.sort((a, b) => (a.key < b.key ? -1 : 1));
    if (options.reverse) kept.reverse();
    return kept.slice(0, options.limit);
  }

  #total(key: Key): TotalChange {
    let change = this.totals.get(key);
    if (change === undefined) {
      change = { cleared: false, amount: 0 };
      this.totals.set(key, change);
    }
    return change;
  }
}
