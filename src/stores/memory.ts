import { silentLog } from "../kernel/log.ts";
import type { Log } from "../kernel/log.ts";
import type { Entry, RangeOptions, Store } from "../kernel/store.ts";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import { SerialStore } from "./serial-store.ts";
import type { Tables } from "./serial-store.ts";
import { SortedMap } from "./sorted-map.ts";

/** A store that keeps everything in this process and nothing after it; durable means applied. */
export function memoryStore(log: Log = silentLog): Store {
  return new SerialStore(new MemoryTables(), log);
}

class MemoryTables implements Tables {
  readonly #entries = new SortedMap<Uint8Array>();
  /** What the body wrote, and what was there before. */
  #keys: Key[] = [];
  #replaced: (Uint8Array | undefined)[] = [];

  begin(): undefined {}

  rollback(): void {
    for (let at = this.#keys.length - 1; at >= 0; at -= 1) {
      const key = this.#keys[at];
      const value = this.#replaced[at];
      if (key !== undefined) this.#set(key, value);
    }
  }

  end(): undefined {
    if (this.#keys.length === 0) return;
    this.#keys = [];
    this.#replaced = [];
  }

  get(key: Key): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  range({ from, to }: KeyRange, { limit, reverse }: RangeOptions): Entry[] {
    const found: Entry[] = [];
    const cursor = reverse ? this.#entries.descendFrom(to) : this.#entries.ascendFrom(from);
    while (found.length < limit) {
      const { key, value } = cursor;
      if (key === undefined || value === undefined || key >= to || key < from) break;
      found.push({ key, value });
      cursor.next();
    }
    return found;
  }

  write(key: Key, value: Uint8Array | undefined): void {
    this.#keys.push(key);
    this.#replaced.push(this.#set(key, value));
  }

  #set(key: Key, value: Uint8Array | undefined): Uint8Array | undefined {
    return value === undefined ? this.#entries.delete(key) : this.#entries.set(key, value);
  }

  async clear(kept: readonly Key[]): Promise<void> {
    const values = kept.map((key) => this.#entries.get(key));
    this.#entries.clear();
    for (const [at, key] of kept.entries()) this.#set(key, values[at]);
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {
    this.#entries.clear();
  }
}
