import type { Database, RootDatabase, RangeOptions as LmdbRange, Transaction } from "lmdb";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import type { Writes } from "./journal-record.ts";
import { NOTHING } from "./layer.ts";
import type { Direction, Layer, LayerCursor } from "./layer.ts";

/** LMDB's own limit; a range's ends may be longer than any key. */
const MAX_BOUND_BYTES = 1_978;

/** Values that are kept after they were read, and the longest of them. */
const MOST_KEPT = 1_000;
const LONGEST_KEPT_BYTES = 4_096;

type Entries = Database<Uint8Array, string>;

/** One LMDB database file whose keys are strings of bytes. */
export class LmdbFile implements Layer {
  readonly #root: RootDatabase<Uint8Array, string>;
  /** What was read last: every message of a queue needs the queue's own record. */
  readonly #latest = new Map<Key, Uint8Array>();
  /** Held here because its reader goes when it is collected as garbage. */
  #reading: Transaction | undefined;

  /** Opens or creates the file at `path`, whose folder exists. Throws what LMDB throws. */
  static async open(path: string): Promise<LmdbFile> {
    const lmdb = await import("lmdb");
    const options = {
      path,
      noSubdir: true,
      encoding: "binary" as const,
      keyEncoder: latin1Keys,
      // A commit is on disk when its promise resolves. Batches are ours, so none is delayed.
      overlappingSync: false,
      eventTurnBatching: false,
      noMemInit: true,
      cache: false,
      // Messages are nobody else's business. (The types do not know it.)
      permissionsMode: 0o600,
    };
    return new LmdbFile(lmdb.open<Uint8Array, string>(options));
  }

  constructor(root: RootDatabase<Uint8Array, string>) {
    this.#root = root;
  }

  get(key: Key): Uint8Array | undefined {
    const known = this.#latest.get(key);
    if (known !== undefined) return known;
    const value = this.#root.getBinary(key);
    if (value !== undefined && value.byteLength <= LONGEST_KEPT_BYTES) {
      if (this.#latest.size >= MOST_KEPT) this.#latest.clear();
      this.#latest.set(key, value);
    }
    return value;
  }

  cursor(range: KeyRange, direction: Direction): LayerCursor {
    if (range.from >= range.to) return NOTHING;
    return new LmdbCursor(this.#root, range, direction);
  }

  /** Sees what another thread wrote. */
  refresh(): void {
    this.#latest.clear();
    this.#root.resetReadTxn();
  }

  /** Writes all or nothing; it is on disk when this returns, and the thread has waited for that. */
  writeSync(writes: Writes): void {
    const root = this.#root;
    root.transactionSync(() => {
      for (const [key, slot] of writes) {
        if (slot === "deleted") root.removeSync(key);
        else root.putSync(key, slot);
      }
    });
  }

  /** Writes all or nothing; resolves when it is on disk. */
  async write(writes: Writes): Promise<void> {
    try {
      await this.#root.batch(() => {
        for (const [key, slot] of writes) {
          if (slot === "deleted") void this.#root.remove(key);
          else void this.#root.put(key, slot);
        }
      });
    } catch (error) {
      throw await reasonOf(error);
    } finally {
      this.#latest.clear();
    }
  }

  /** Removes every key, then puts some, at once and durably. Nothing else may be writing. */
  clearTo(kept: Writes): void {
    this.#root.transactionSync(() => {
      this.#root.clearSync();
      for (const [key, value] of kept) if (value !== "deleted") this.#root.putSync(key, value);
    });
    this.refresh();
  }

  /** The ids of the processes that have the file open for reading, this one included. */
  readerPids(): number[] {
    this.#root.readerCheck();
    const lines = this.#root.readerList().split("\n").slice(1);
    return lines.map((line) => Number.parseInt(line, 10)).filter((pid) => pid > 0);
  }

  /** Keeps this process in {@link LmdbFile.readerPids} until the file is closed. */
  stayReader(): void {
    this.#reading ??= this.#root.useReadTransaction();
  }

  close(): Promise<void> {
    this.#reading?.done();
    this.#reading = undefined;
    return this.#root.close();
  }
}

class LmdbCursor implements LayerCursor {
  key: Key | undefined;
  value: Uint8Array | undefined;
  readonly #iterator: Iterator<{ key: string; value: Uint8Array }>;
  #done = false;

  constructor(entries: Entries, range: KeyRange, direction: Direction) {
    this.#iterator = entries.getRange(lmdbRange(range, direction))[Symbol.iterator]();
    this.next();
  }

  next(): void {
    if (this.#done) return;
    const result = this.#iterator.next();
    this.#done = result.done === true;
    if (result.done === true) {
      this.key = undefined;
      this.value = undefined;
      return;
    }
    this.key = result.value.key as Key; // only keys are written
    this.value = result.value.value;
  }

  close(): void {
    if (!this.#done) this.#iterator.return?.();
    this.#done = true;
    this.key = undefined;
  }
}

/** `lmdb` tells why a commit failed in a promise that rejects, which also has to be handled. */
async function reasonOf(failure: unknown): Promise<unknown> {
  if (!(failure instanceof Error) || !("commitError" in failure)) return failure;
  const soon = new Promise((resolve) => void setImmediate(resolve));
  try {
    await Promise.race([failure.commitError, soon]);
    return failure;
  } catch (reason) {
    return reason;
  }
}

function lmdbRange({ from, to }: KeyRange, direction: Direction): LmdbRange {
  // Cut where no key reaches, the bounds hold the same keys.
  const low = from.slice(0, MAX_BOUND_BYTES);
  const high = to.slice(0, MAX_BOUND_BYTES);
  if (direction === "ascending") return { start: low, end: high };
  return { start: high, exclusiveStart: true, end: low, inclusiveEnd: true, reverse: true };
}

/** How `lmdb` writes our keys into its buffer and reads them from there. */
const latin1Keys = {
  writeKey: (key: string, target: Buffer, at: number): number =>
    at + target.write(key, at, "latin1"),
  readKey: (source: Buffer, start: number, end: number): string =>
    source.toString("latin1", start, end),
};
