import { silentLog } from "../kernel/log.ts";
import type { Log } from "../kernel/log.ts";
import type { Entry, RangeOptions, Store } from "../kernel/store.ts";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import { SerialStore } from "./serial-store.ts";
import type { Slot, Tables } from "./serial-store.ts";
import { SortedMap } from "./sorted-map.ts";

/** A store that keeps everything in this process and nothing after it; durable means applied. */
export function memoryStore(log: Log = silentLog): Store {
  return new SerialStore(new MemoryTables(), log);
}

class MemoryTables implements Tables {
  readonly #entries = new SortedMap<Uint8Array>();

  begin(): undefined {}

  end(): undefined {}

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

  write(key: Key, value: Uint8Array | undefined): Slot {
    return value === undefined ? this.#entries.delete(key) : this.#entries.set(key, value);
  }

  restore(key: Key, slot: Slot): void {
    if (slot === undefined || slot === "deleted") this.#entries.delete(key);
    else this.#entries.set(key, slot);
  }

  async clear(): Promise<void> {
    this.#entries.clear();
  }

  async check(): Promise<void> {}

  async close(): Promise<void> {
    this.#entries.clear();
  }
}
