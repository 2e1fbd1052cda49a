import type { Key, KeyRange } from "../../src/kernel/tuple.ts";
import { parseRecords } from "../../src/stores/journal-record.ts";
import type { JournalRecord, Writes } from "../../src/stores/journal-record.ts";
import type { OrderedFile, RecordLog } from "../../src/stores/journaled-tables.ts";
import type { Direction, LayerCursor } from "../../src/stores/layer.ts";
import { SortedMap } from "../../src/stores/sorted-map.ts";

/**
 * A journal and an ordered file in memory. Appending a record and applying a segment last until the
 * test ends them, well or badly; all else is done at once.
 */
export class SlowDisk implements RecordLog, OrderedFile {
  sequence = 0;
  /** How many entries the cursors passed. */
  steps = 0;
  /** How many keys each finished record had. */
  readonly recordSizes: number[] = [];
  /** How often it was tried whether writing works again. */
  probes = 0;
  /** While set, nothing can be written again. */
  broken = false;
  /** While set, a record needs another segment than the one before. */
  full = false;
  readonly #entries = new SortedMap<Uint8Array>();
  #segment: JournalRecord[] = [];
  #fullSegment: JournalRecord[] = [];
  #appending: { readonly record: JournalRecord; readonly end: Ending } | undefined;
  #applying: { readonly applied: number; readonly end: Ending } | undefined;

  get isWriting(): boolean {
    return this.#appending !== undefined;
  }

  get isApplying(): boolean {
    return this.#applying !== undefined;
  }

  /** Ends the append that runs. */
  finish(): void {
    const { record, end } = taken(this.#appending);
    this.#appending = undefined;
    this.#segment.push(record);
    this.recordSizes.push(new Map(record.writes).size);
    this.sequence += 1;
    end.resolve();
  }

  /** Fails the append that runs. */
  fail(reason: string): void {
    const { end } = taken(this.#appending);
    this.#appending = undefined;
    this.broken = true;
    end.reject(new Error(reason));
  }

  /** Ends the applying of the full segment. */
  finishApplying(): void {
    const { applied, end } = taken(this.#applying);
    this.#applying = undefined;
    for (const { sequence, writes } of this.#fullSegment) {
      if (sequence > applied) this.#put(writes);
    }
    this.#fullSegment = [];
    end.resolve();
  }

  /** Fails it. */
  failApplying(reason: string): void {
    const { end } = taken(this.#applying);
    this.#applying = undefined;
    end.reject(new Error(reason));
  }

  isFull(): boolean {
    return this.full;
  }

  rotate(): string {
    if (this.#fullSegment.length > 0) throw new Error("the other segment is not free");
    this.full = false;
    this.#fullSegment = this.#segment;
    this.#segment = [];
    return "the full segment";
  }

  append(bytes: Uint8Array): Promise<void> {
    if (this.#appending !== undefined) throw new Error("two appends at once");
    const [record] = parseRecords(Buffer.from(bytes), 0);
    if (record?.sequence !== this.sequence + 1) throw new Error("not the next record");
    return new Promise((resolve, reject) => {
      this.#appending = { record, end: { resolve, reject } };
    });
  }

  applySegment(_path: string, applied: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#applying = { applied, end: { resolve, reject } };
    });
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

  async write(writes: Writes): Promise<void> {
    if (this.broken) throw new Error("still broken");
    this.#put(writes);
    this.#segment = [];
    this.#fullSegment = [];
  }

  async probe(): Promise<void> {
    this.probes += 1;
    if (this.broken) throw new Error("still broken");
  }

  async clear(kept: Writes): Promise<void> {
    if (this.broken) throw new Error("still broken");
    this.#entries.clear();
    this.#put(kept);
  }

  async close(): Promise<void> {}

  #put(writes: Writes): void {
    for (const [key, slot] of writes) {
      if (slot === "deleted") this.#entries.delete(key);
      else this.#entries.set(key, slot);
    }
  }
}

interface Ending {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

function taken<Task>(task: Task | undefined): Task {
  if (task === undefined) throw new Error("nothing of this kind runs");
  return task;
}
