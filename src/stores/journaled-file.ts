import { setImmediate } from "node:timers/promises";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import type { BatchFile } from "./group-commit.ts";
import { Journal } from "./journal.ts";
import type { JournalOptions } from "./journal.ts";
import type { Writes } from "./journal-record.ts";
import type { Direction, Layer, LayerCursor } from "./layer.ts";
import { Overlay } from "./overlay.ts";

/** Number of the last journal record whose writes the ordered file has. Sorts after every space. */
const APPLIED_KEY = "\xff\xffapplied" as Key;

/** Writes in memory above which a journal's turn is brought forward, to bound memory and recovery. */
const MOST_PENDING_WRITES = 50_000;

/** Writes that go into the ordered file at a time: it takes them on this thread, 5 µs each. */
const PART_WRITES = 1_024;

/**
 * An ordered file with a journal before it. A write is durable when the journal has it, which is
 * several times as fast; the ordered file gets many writes at once, later:
 *
 *   write ──▶ journal (on disk) ──▶ pending overlay ──apply──▶ ordered file
 *
 * Reads look at what is pending, at what is being applied, then at the file. What was written and
 * deleted again before it was applied never reaches the file's pages as an entry. After a crash the
 * journal's records that the file does not have are read again.
 */
export class JournaledFile implements BatchFile {
  readonly #below: BatchFile;
  #journal: Journal;
  #pending: Overlay;
  #applying: Promise<void> | undefined;
  /** Why the file does not have what it should; nothing is written while it is set. */
  #failure: Error | undefined;
  readonly #folder: string;
  readonly #options: JournalOptions;

  static async open(
    folder: string,
    below: BatchFile,
    options: JournalOptions = {},
  ): Promise<JournaledFile> {
    const applied = readApplied(below);
    const { journal, records } = await Journal.open(folder, applied, options);
    const writes = new Map(records.flatMap((record) => [...record.writes]));
    if (records.length > 0) await below.write(withApplied(writes, journal.sequence));
    journal.prepare();
    return new JournaledFile({ folder, below, journal, options });
  }

  private constructor({ folder, below, journal, options }: JournaledFileParts) {
    this.#folder = folder;
    this.#options = options;
    this.#below = below;
    this.#journal = journal;
    this.#pending = new Overlay(below);
  }

  get(key: Key): Uint8Array | undefined {
    return this.#pending.get(key);
  }

  cursor(range: KeyRange, direction: Direction): LayerCursor {
    return this.#pending.cursor(range, direction);
  }

  async write(writes: Writes): Promise<void> {
    this.#assertWhole();
    const record = this.#journal.next(writes);
    if (
      this.#journal.isFull(record.byteLength) ||
      this.#pending.writes.size > MOST_PENDING_WRITES
    ) {
      // The other segment is free once what it holds has been applied.
      await this.#applying;
      this.#assertWhole();
      this.#journal.turn();
      this.#applying = this.#apply();
    }
    await this.#journal.append(record);
    for (const [key, value] of writes) {
      this.#pending.write(key, value === "deleted" ? undefined : value);
    }
  }

  #assertWhole(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** After a failure: reopens the file, brings it up to date, and begins the journal anew. */
  async probe(): Promise<void> {
    await this.#applying;
    await this.#journal.close();
    await this.#below.probe();
    const { journal } = await Journal.open(this.#folder, this.#journal.sequence, this.#options);
    // A record that could not be written to its end counts as applied: its writers were refused.
    await this.#below.write(withApplied(this.#pending.writes, journal.sequence));
    this.#pending = new Overlay(this.#below);
    this.#journal = journal;
    this.#failure = undefined;
  }

  async clear(): Promise<void> {
    await this.#applying;
    await this.#below.clear(withApplied(new Map(), this.#journal.sequence));
    this.#pending = new Overlay(this.#below);
    this.#failure = undefined;
  }

  /** Brings everything into the file. What that fails to do, the next open does. */
  async close(): Promise<void> {
    await this.#applying;
    if (this.#failure === undefined && !this.#pending.isEmpty) await this.#apply();
    await this.#journal.close();
    await this.#below.close();
  }

  /**
   * Moves what is pending into the file, in parts between which others run. What a crash leaves of
   * it is completed by the journal, whose records all count until the last part names their number.
   * Never rejects: a failure is kept for the next write.
   */
  async #apply(): Promise<void> {
    const applying = this.#pending;
    const { sequence } = this.#journal;
    this.#pending = new Overlay(applying);
    try {
      for (const part of partsOf(applying.writes, this.#below)) {
        if (part.size > 0) await this.#below.write(part);
        else await setImmediate();
      }
      await this.#below.write(withApplied(new Map(), sequence));
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#pending = merged(applying, this.#pending);
      return;
    }
    this.#pending.below = this.#below;
  }
}

interface JournaledFileParts {
  readonly folder: string;
  readonly below: BatchFile;
  readonly journal: Journal;
  readonly options: JournalOptions;
}

function readApplied(below: BatchFile): number {
  const value = below.get(APPLIED_KEY);
  return value === undefined ? 0 : Number(Buffer.from(value).toString());
}

function withApplied(writes: Writes, sequence: number): Writes {
  return new Map(writes).set(APPLIED_KEY, Buffer.from(String(sequence)));
}

/** The writes that the file below needs to be told: not those of entries that it never had. */
function* partsOf(writes: Writes, below: Layer): Generator<Writes> {
  let part = new Map<Key, Uint8Array | "deleted">();
  let examined = 0;
  for (const [key, value] of writes) {
    if (value !== "deleted" || below.get(key) !== undefined) part.set(key, value);
    examined += 1;
    if (examined % PART_WRITES !== 0) continue;
    yield part;
    part = new Map();
  }
  if (part.size > 0) yield part;
}

/** One overlay with the writes of two, the upper ones on top. */
function merged(lower: Overlay, upper: Overlay): Overlay {
  for (const [key, value] of upper.writes) {
    lower.write(key, value === "deleted" ? undefined : value);
  }
  return lower;
}
