import type { StoreUnavailable } from "../kernel/store.ts";
import type { Key } from "../kernel/tuple.ts";
import { RecordWriter } from "./journal-record.ts";
import type { Overlay } from "./overlay.ts";
import type { Slot } from "./layer.ts";

/** What bodies wrote that share one flush: their record, what they replaced, and who waits. */
export class FlushGroup {
  /** How many wait for the flush. */
  bodies = 0;
  readonly #writer = new RecordWriter();
  /** What was written, and what was there before; in the order of writes. */
  #keys: Key[] = [];
  #slots: Slot[] = [];
  #bodyStart = 0;
  #recordStart = 0;
  #waiting: Waiting | undefined;

  get isEmpty(): boolean {
    return this.#keys.length === 0;
  }

  /** Notes where the writes of a body begin. */
  beginBody(): void {
    this.#bodyStart = this.#keys.length;
    this.#recordStart = this.#writer.length;
  }

  add(key: Key, value: Uint8Array | undefined, replaced: Slot): void {
    this.#writer.add(key, value);
    this.#keys.push(key);
    this.#slots.push(replaced);
  }

  /** Takes back what the latest body wrote. */
  undoBody(memtable: Overlay): void {
    this.#undoTo(this.#bodyStart, memtable);
    this.#writer.truncate(this.#recordStart);
  }

  /** Takes back everything. */
  undo(memtable: Overlay): void {
    this.#undoTo(0, memtable);
  }

  /** Takes everything back in one table and writes it into another, which is above that one. */
  move(from: Overlay, to: Overlay): void {
    const latest = new Map(this.#keys.map((key) => [key, from.slot(key)]));
    this.#undoTo(0, from);
    for (const [key, slot] of latest) {
      this.#keys.push(key);
      this.#slots.push(to.write(key, slot === "deleted" ? undefined : slot));
    }
  }

  /** The record of all writes; good until the next write. */
  record(sequence: number): Uint8Array {
    return this.#writer.finish(sequence);
  }

  /** One more waits; resolves when the writes are on disk. */
  durable(): Promise<void> {
    this.bodies += 1;
    this.#waiting ??= newWaiting();
    return this.#waiting.promise;
  }

  resolve(): void {
    this.#waiting?.resolve();
  }

  reject(reason: StoreUnavailable): void {
    this.#waiting?.reject(reason);
  }

  /** Empties it for the next writes; the promise stays as it is with those who have it. */
  clear(): void {
    this.bodies = 0;
    this.#keys = [];
    this.#slots = [];
    this.#waiting = undefined;
    this.#writer.clear();
    this.beginBody();
  }

  #undoTo(length: number, memtable: Overlay): void {
    for (let at = this.#keys.length - 1; at >= length; at -= 1) {
      const key = this.#keys[at];
      if (key !== undefined) memtable.restore(key, this.#slots[at]);
    }
    this.#keys.length = length;
    this.#slots.length = length;
  }
}

interface Waiting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: StoreUnavailable) => void;
}

function newWaiting(): Waiting {
  let resolve = (): void => {};
  let reject = (_reason: StoreUnavailable): void => {};
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => {}); // Whoever waits handles its rejection; perhaps nobody does.
  return { promise, resolve, reject };
}
