import { StoreUnavailable } from "../kernel/store.ts";
import type { Entry, RangeOptions } from "../kernel/store.ts";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import { Overlay } from "./overlay.ts";
import type { Writes } from "./journal-record.ts";
import type { Layer } from "./layer.ts";
import type { Slot, Tables } from "./serial-store.ts";

/** A file that takes many writes as one. */
export interface BatchFile extends Layer {
  /** Writes all or nothing; resolves when it is on disk. */
  write(writes: Writes): Promise<void>;
  /** Makes sure, after a failed write, that writes are possible; rejects with the reason if not. */
  probe(): Promise<void>;
  /** Removes all entries, and in the same commit puts those of `kept`. Nothing is being written. */
  clear(kept?: Writes): Promise<void>;
  close(): Promise<void>;
}

/**
 * Tables on a file whose commits are slow: transactions write into an overlay in memory, `active`.
 * One flush at a time turns it into one commit for all who wait:
 *
 *   active overlay --flush--> flushing overlay --commit--> file
 *        ^ bodies write here      (only read)
 *
 * Reads go from left to right. When a commit fails, both overlays are dropped and all who wait are
 * told: memory is what the file is again, and nothing goes on before the file takes writes.
 */
export class GroupCommit implements Tables {
  readonly #file: BatchFile;
  #active: Overlay;
  /** What the writers of `active` wait for. */
  #waiting: Waiting | undefined;
  #flushing: Waiting | undefined;
  #failure: StoreUnavailable | undefined;
  #checking: Promise<void> | undefined;
  #scheduled = false;
  #bodyIsOpen = false;
  /** Why writes of the open body are gone. */
  #bodyIsLost: StoreUnavailable | undefined;

  constructor(file: BatchFile) {
    this.#file = file;
    this.#active = new Overlay(file);
  }

  begin(): Promise<void> | undefined {
    if (this.#failure !== undefined) return this.check().then(() => this.begin());
    this.#bodyIsOpen = true;
    return undefined;
  }

  end(): Promise<void> | undefined {
    this.#bodyIsOpen = false;
    if (this.#bodyIsLost !== undefined) {
      const reason = this.#bodyIsLost;
      this.#bodyIsLost = undefined;
      this.#active = new Overlay(this.#file);
      return handled(Promise.reject(reason));
    }
    if (this.#active.isEmpty) return this.#flushing?.promise;
    this.#waiting ??= newWaiting();
    this.#schedule();
    return this.#waiting.promise;
  }

  get(key: Key): Uint8Array | undefined {
    return this.#active.get(key);
  }

  range(range: KeyRange, { limit, reverse }: RangeOptions): Entry[] {
    const found: Entry[] = [];
    const cursor = this.#active.cursor(range, reverse === true ? "descending" : "ascending");
    try {
      while (found.length < limit && cursor.key !== undefined && cursor.value !== undefined) {
        found.push({ key: cursor.key, value: cursor.value });
        if (found.length < limit) cursor.next();
      }
    } finally {
      cursor.close();
    }
    return found;
  }

  write(key: Key, value: Uint8Array | undefined): Slot {
    return this.#active.write(key, value);
  }

  restore(key: Key, slot: Slot): void {
    this.#active.restore(key, slot);
  }

  async clear(): Promise<void> {
    await this.#drain();
    await this.check();
    await this.#file.clear();
    this.#active = new Overlay(this.#file);
  }

  async close(): Promise<void> {
    await this.#drain();
    await this.#file.close();
  }

  /** Rejects while the file does not take writes; after a failure tries whether it does again. */
  check(): Promise<void> {
    if (this.#failure === undefined) return Promise.resolve();
    this.#checking ??= this.#recover().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #drain(): Promise<void> {
    for (;;) {
      const pending = this.#waiting ?? this.#flushing;
      if (pending === undefined) return;
      await pending.promise.catch(() => {});
    }
  }

  async #recover(): Promise<void> {
    try {
      await this.#file.probe();
    } catch (error) {
      this.#failure = unavailable(error);
      throw this.#failure;
    }
    this.#failure = undefined;
  }

  /** A flush starts when this turn of the event loop is over: who came together shares it. */
  #schedule(): void {
    if (this.#scheduled || this.#flushing !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#bodyIsOpen) void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const flushing = this.#waiting;
    if (flushing === undefined || this.#flushing !== undefined) return;
    const frozen = this.#active;
    this.#active = new Overlay(frozen);
    this.#flushing = flushing;
    this.#waiting = undefined;
    try {
      await this.#file.write(frozen.writes);
    } catch (error) {
      this.#fail(flushing, error);
      return;
    }
    this.#active.below = this.#file;
    this.#flushing = undefined;
    flushing.resolve();
    if (this.#waiting !== undefined) this.#schedule();
  }

  #fail(flushing: Waiting, error: unknown): void {
    this.#failure = unavailable(error);
    this.#active = new Overlay(this.#file);
    this.#flushing = undefined;
    flushing.reject(this.#failure);
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
    if (this.#bodyIsOpen) this.#bodyIsLost = this.#failure;
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
  return { promise: handled(promise), resolve, reject };
}

/** Whoever waits for it handles its rejection; perhaps nobody waits. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}

function unavailable(error: unknown): StoreUnavailable {
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`the data cannot be written: ${reason}`, { cause: error });
}
