import type { Key, KeyRange } from "../../src/kernel/tuple.ts";
import type { BatchFile } from "../../src/stores/group-commit.ts";
import type { Direction, LayerCursor } from "../../src/stores/layer.ts";
import { SortedMap } from "../../src/stores/sorted-map.ts";

/** A file in memory whose writes last until the test ends them, well or badly. */
export class SlowFile implements BatchFile {
  /** How many entries the cursors passed. */
  steps = 0;
  /** How many keys each finished write had. */
  readonly writeSizes: number[] = [];
  /** While set, writes cannot work again. */
  broken = false;
  readonly #entries = new SortedMap<Uint8Array>();
  #pending: { writes: ReadonlyMap<Key, Uint8Array | "deleted">; end: Ending } | undefined;

  get isWriting(): boolean {
    return this.#pending !== undefined;
  }

  /** Ends the write that runs. */
  finish(): void {
    const pending = this.#take();
    this.writeSizes.push(pending.writes.size);
    for (const [key, slot] of pending.writes) {
      if (slot === "deleted") this.#entries.delete(key);
      else this.#entries.set(key, slot);
    }
    pending.end.resolve();
  }

  /** Fails the write that runs. */
  fail(reason: string): void {
    this.broken = true;
    this.#take().end.reject(new Error(reason));
  }

  get(key: Key): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  cursor({ from, to }: KeyRange, direction: Direction): LayerCursor {
    const cursor =
      direction === "ascending" ? this.#entries.ascendFrom(from) : this.#entries.descendFrom(to);
    const inside = (): boolean => cursor.key !== undefined && cursor.key >= from && cursor.key < to;
    return {
      get key() {
        return inside() ? cursor.key : undefined;
      },
      get value() {
        return inside() ? cursor.value : undefined;
      },
      next: () => {
        this.steps += 1;
        cursor.next();
      },
      close() {},
    };
  }

  write(writes: ReadonlyMap<Key, Uint8Array | "deleted">): Promise<void> {
    if (this.#pending !== undefined) throw new Error("two writes at once");
    return new Promise((resolve, reject) => {
      this.#pending = { writes, end: { resolve, reject } };
    });
  }

  async probe(): Promise<void> {
    if (this.broken) throw new Error("still broken");
  }

  async clear(): Promise<void> {
    this.#entries.clear();
  }

  async close(): Promise<void> {}

  #take(): { writes: ReadonlyMap<Key, Uint8Array | "deleted">; end: Ending } {
    const pending = this.#pending;
    if (pending === undefined) throw new Error("nothing is being written");
    this.#pending = undefined;
    return pending;
  }
}

interface Ending {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}
