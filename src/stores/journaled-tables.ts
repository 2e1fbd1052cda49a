import { machineNow } from "../kernel/clock.ts";
import { StoreUnavailable } from "../kernel/store.ts";
import type { Entry, RangeOptions } from "../kernel/store.ts";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import { withApplied } from "./applied.ts";
import { FlushGroup } from "./flush-group.ts";
import type { AppendOptions } from "./journal.ts";
import type { Write, Writes } from "./journal-record.ts";
import type { Layer } from "./layer.ts";
import { Overlay } from "./overlay.ts";
import type { Tables } from "./serial-store.ts";

/** Entries in order on disk; slow to write, so they get many writes at once. */
export interface OrderedFile extends Layer {
  /** Writes all or nothing; resolves when it is on disk. */
  write(writes: Writes): Promise<void>;
  /**
   * Writes what the records of a journal's segment say that come after number `applied`, and the
   * number of the last one; all or nothing, and not on this thread.
   */
  applySegment(path: string, applied: number): Promise<void>;
  /** Makes sure, after a failed write, that writes are possible; rejects with the reason if not. */
  probe(): Promise<void>;
  /** Removes all entries, and in the same commit puts those of `kept`. Nothing is being written. */
  clear(kept: Writes): Promise<void>;
  close(): Promise<void>;
}

/** Where records of writes are durable soon; see {@link Journal}. */
export interface RecordLog {
  /** Number of the last record. */
  readonly sequence: number;
  isFull(sizeBytes: number): boolean;
  /** Goes on in the other segment; answers the path of the full one. */
  rotate(): string;
  append(record: Uint8Array, options: AppendOptions): Promise<void> | undefined;
  close(): Promise<void>;
}

export interface JournaledTablesOptions {
  /** Has all that the log's last record and those before it say. */
  readonly file: OrderedFile;
  readonly log: RecordLog;
  /** Opens the log again, whose records up to number `applied` do not matter any more. */
  readonly reopenLog: (applied: number) => Promise<RecordLog>;
  /** This machine's time, in milliseconds of the epoch. */
  readonly machineNow?: () => number;
}

/** After a failed try to write again, everybody is refused for so long before the next one. */
export const RECOVERY_PAUSE_MS = 250;

/** Writes in memory above which a segment is full, however short they are: bounds memory. */
const MOST_WRITES = 50_000;

/**
 * So many who wait for one flush that others surely have work for this thread meanwhile. With fewer,
 * waking another thread and being woken takes longer than a quick disk does.
 */
const CROWD = 64;

/**
 * Tables on an ordered file with a journal before it. Bodies write into a table in memory, and what
 * they wrote goes into a record that many of them share:
 *
 *   body ──▶ memtable ───rotation, when a segment is full──▶ sealed ──applySegment──▶ ordered file
 *     └────▶ flush group ──end of this turn of the loop──▶ journal (on disk: acknowledged)
 *
 * Reads look at the memtable, at what is sealed, at the file. What was written and deleted again
 * between two rotations never reaches the file. When the journal cannot be written, all that is not on disk
 * is taken back and all who wait are told: memory is what the disk is, and nothing goes on before
 * the disk takes writes again.
 */
export class JournaledTables implements Tables {
  readonly #file: OrderedFile;
  readonly #reopenLog: (applied: number) => Promise<RecordLog>;
  readonly #machineNow: () => number;
  #log: RecordLog;
  #memtable: Overlay;
  /** What is being applied, or could not be. */
  #sealed: Overlay | undefined;
  #applied: number;
  #applying: Promise<void> | undefined;
  /** What bodies wrote since the last flush began. */
  #group = new FlushGroup();
  #flushing: FlushGroup | undefined;
  /** An empty group, whose buffers are used again. */
  #spare = new FlushGroup();
  #failure: StoreUnavailable | undefined;
  #checking: Promise<void> | undefined;
  /** When the last try to write again failed. */
  #recoveryFailedAtMs = 0;
  #scheduled = false;
  #bodyIsOpen = false;
  /** Why writes of the open body are gone. */
  #bodyIsLost: StoreUnavailable | undefined;

  constructor(options: JournaledTablesOptions) {
    const { file, log } = options;
    this.#file = file;
    this.#log = log;
    this.#reopenLog = options.reopenLog;
    this.#machineNow = options.machineNow ?? machineNow;
    this.#applied = log.sequence;
    this.#memtable = new Overlay(file);
  }

  begin(): Promise<void> | undefined {
    if (this.#failure !== undefined) return this.check().then(() => this.begin());
    this.#bodyIsOpen = true;
    this.#group.beginBody();
    return undefined;
  }

  end(): Promise<void> | undefined {
    this.#bodyIsOpen = false;
    if (this.#bodyIsLost !== undefined) {
      const reason = this.#bodyIsLost;
      this.#bodyIsLost = undefined;
      this.#group.undo(this.#memtable);
      this.#group.clear();
      return handled(Promise.reject(reason));
    }
    // What it read may be what others wrote.
    if (this.#group.isEmpty) return this.#flushing?.durable();
    this.#schedule();
    return this.#group.durable();
  }

  get(key: Key): Uint8Array | undefined {
    return this.#memtable.get(key);
  }

  range(range: KeyRange, { limit, reverse }: RangeOptions): Entry[] {
    const found: Entry[] = [];
    const cursor = this.#memtable.cursor(range, reverse === true ? "descending" : "ascending");
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

  write(key: Key, value: Uint8Array | undefined): void {
    this.#group.add(key, value, this.#memtable.write(key, value));
  }

  rollback(): void {
    this.#group.undoBody(this.#memtable);
  }

  async clear(kept: readonly Key[]): Promise<void> {
    await this.#drain();
    await this.check();
    await this.#applying;
    const writes = kept.map((key): Write => [key, this.get(key) ?? "deleted"]);
    try {
      await this.#file.clear(withApplied(writes, this.#log.sequence));
    } catch (error) {
      throw unavailable(error);
    }
    this.#applied = this.#log.sequence;
    this.#memtable = new Overlay(this.#file);
    this.#sealed = undefined;
  }

  /** Brings everything into the file. What that fails to do, the next open does. */
  async close(): Promise<void> {
    await this.#drain();
    await this.#applying;
    if (this.#failure === undefined && this.#applied < this.#log.sequence) {
      await this.#file.write(this.#unapplied(this.#log.sequence)).catch(() => {});
    }
    await this.#log.close();
    await this.#file.close();
  }

  /** Rejects while the disk does not take writes; after a failure tries, now and then, whether it does again. */
  check(): Promise<void> {
    if (this.#failure === undefined) return Promise.resolve();
    const sinceMs = Math.abs(this.#machineNow() - this.#recoveryFailedAtMs);
    if (sinceMs < RECOVERY_PAUSE_MS) return Promise.reject(this.#failure);
    this.#checking ??= this.#recover().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  async #drain(): Promise<void> {
    for (;;) {
      const pending = this.#group.isEmpty ? this.#flushing : this.#group;
      if (pending === undefined) return;
      await pending.durable().catch(() => {});
    }
  }

  /** A flush starts when this turn of the event loop is over: who came together shares it. */
  #schedule(): void {
    if (this.#scheduled || this.#flushing !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      // The end of a body that is open schedules again.
      if (!this.#bodyIsOpen) this.#flush();
    });
  }

  #flush(): void {
    const group = this.#group;
    if (group.isEmpty || this.#flushing !== undefined) return;
    if (this.#failure !== undefined) {
      this.#fail(group, this.#failure);
      return;
    }
    const record = group.record(this.#log.sequence + 1);
    if (this.#log.isFull(record.byteLength) || this.#memtable.writes.size > MOST_WRITES) {
      if (this.#applying !== undefined) {
        // The other segment is free when what it holds is in the file.
        void this.#applying.then(() => this.#schedule());
        return;
      }
      this.#rotate();
    }
    this.#flushing = group;
    this.#group = this.#spare;
    this.#append(group, record);
  }

  #append(group: FlushGroup, record: Uint8Array): void {
    try {
      const durable = this.#log.append(record, { isPatient: group.bodies >= CROWD });
      if (durable === undefined) {
        this.#flushed(group);
        return;
      }
      durable.then(
        () => this.#flushed(group),
        (error: unknown) => this.#fail(group, unavailable(error)),
      );
    } catch (error) {
      this.#fail(group, unavailable(error));
    }
  }

  #flushed(group: FlushGroup): void {
    this.#flushing = undefined;
    group.resolve();
    group.clear();
    this.#spare = group;
    if (!this.#group.isEmpty) this.#schedule();
  }

  /** Goes on in the other segment, and brings what the full one holds into the file. */
  #rotate(): void {
    const sealed = this.#memtable;
    const memtable = new Overlay(sealed);
    this.#group.move(sealed, memtable);
    this.#memtable = memtable;
    this.#sealed = sealed;
    const { sequence } = this.#log;
    this.#applying = this.#apply(this.#log.rotate(), sequence);
  }

  /** Never rejects: what is wrong is kept for the next flush, and for {@link JournaledTables.check}. */
  async #apply(path: string, sequence: number): Promise<void> {
    try {
      await this.#file.applySegment(path, this.#applied);
      this.#applied = sequence;
      this.#memtable.below = this.#file;
      this.#sealed = undefined;
    } catch (error) {
      this.#failure = unavailable(error);
    }
    this.#applying = undefined;
  }

  #fail(group: FlushGroup, failure: StoreUnavailable): void {
    this.#failure = failure;
    for (const undone of new Set([this.#group, group])) {
      undone.undo(this.#memtable);
      undone.reject(failure);
      undone.clear();
    }
    this.#flushing = undefined;
    if (group !== this.#group) this.#spare = group;
    if (this.#bodyIsOpen) this.#bodyIsLost = failure;
  }

  /** Opens all anew and brings everything that was acknowledged into the file. */
  async #recover(): Promise<void> {
    try {
      await this.#applying;
      await this.#flushing?.durable().catch(() => {});
      if (this.#failure !== undefined) this.#fail(this.#group, this.#failure);
      await this.#log.close();
      await this.#file.probe();
      const log = await this.#reopenLog(this.#log.sequence);
      // A record that could not be written to its end counts as applied: its writers were refused.
      await this.#file.write(this.#unapplied(log.sequence));
      this.#log = log;
      this.#applied = log.sequence;
    } catch (error) {
      this.#failure = unavailable(error);
      this.#recoveryFailedAtMs = this.#machineNow();
      throw this.#failure;
    }
    this.#memtable = new Overlay(this.#file);
    this.#sealed = undefined;
    this.#failure = undefined;
  }

  /** All that is acknowledged and perhaps not in the file. */
  #unapplied(sequence: number): Writes {
    return withApplied(
      new Map([...(this.#sealed?.writes ?? []), ...this.#memtable.writes]),
      sequence,
    );
  }
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
