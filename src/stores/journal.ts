import { constants, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { parseRecords } from "./journal-record.ts";
import type { JournalRecord } from "./journal-record.ts";
import { syncFolder } from "./sync-folder.ts";

/** Bytes of a segment, unless options say otherwise; a longer record makes its segment longer. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

export interface JournalOptions {
  readonly segmentBytes?: number | undefined;
}

export interface AppendOptions {
  /** True when so many wait for the record that this thread has better to do than to wait with them. */
  readonly isPatient: boolean;
}

const SEGMENT_NAMES = ["journal-0.log", "journal-1.log"] as const;
/** The longest that a write may hold up this thread without being called slow. */
const QUICK_MS = 2;
/** How many writes another thread gets after a slow one. */
const WRITES_ELSEWHERE = 100;
const ZEROS_BYTES = 1024 * 1024;

/** Elsewhere the flag is unknown (Windows), or leaves data in the drive's own memory (macOS). */
const SYNCS_WRITES = process.platform === "linux";

/**
 * A log of writes in two files of fixed length, by rotation: durable with one small write, where
 * an ordered file needs several and a commit of the file system besides. A segment is written again
 * from its start once all that it holds is also in the ordered file.
 *
 * Every record has a number, one more than the one before; what a segment holds from an earlier rotation
 * is told from it by that.
 */
export class Journal {
  readonly #folder: string;
  readonly #segmentBytes: number;
  readonly #opening: (Promise<FileHandle> | undefined)[] = [undefined, undefined];
  readonly #segments: (FileHandle | undefined)[] = [undefined, undefined];
  #current = 0;
  #offset = 0;
  #sequence: number;
  #slowWrites = 0;

  private constructor(folder: string, sequence: number, options: JournalOptions) {
    this.#folder = folder;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#sequence = sequence;
  }

  /**
   * Opens the journal of a folder. Answers it with the records after number `applied`, in order.
   * Throws when records are missing in between: the files are damaged.
   */
  static async open(
    folder: string,
    applied: number,
    options: JournalOptions = {},
  ): Promise<{ journal: Journal; records: JournalRecord[] }> {
    const found: JournalRecord[] = [];
    for (const name of SEGMENT_NAMES)
      found.push(...(await readSegment(join(folder, name), applied)));
    const records = found
      .filter(({ sequence }) => sequence > applied)
      .toSorted((a, b) => a.sequence - b.sequence);
    for (const [index, { sequence }] of records.entries()) {
      if (sequence === applied + 1 + index) continue;
      throw new Error(`its journal is damaged: record ${applied + 1 + index} is missing`);
    }
    return { journal: new Journal(folder, applied + records.length, options), records };
  }

  /** Number of the last record. */
  get sequence(): number {
    return this.#sequence;
  }

  /** True when the next record needs the other segment. */
  isFull(sizeBytes: number): boolean {
    return this.#offset > 0 && this.#offset + sizeBytes > this.#segmentBytes;
  }

  /**
   * Goes on in the other segment, all of whose records are in the ordered file. Answers the path of
   * the one that is full.
   */
  rotate(): string {
    const full = this.#pathOf(this.#current);
    this.#current = 1 - this.#current;
    this.#offset = 0;
    return full;
  }

  /**
   * Appends the next record. Answers undefined when it is on disk, or a promise of that. Throws or
   * rejects when it cannot be written; then nothing else is to be appended.
   */
  append(record: Uint8Array, options: AppendOptions): Promise<void> | undefined {
    const segment = this.#segments[this.#current];
    if (segment === undefined || options.isPatient || !SYNCS_WRITES || !this.#isQuick()) {
      return this.#appendElsewhere(record);
    }
    for (let written = 0; written < record.byteLength;) {
      written += this.#writeHere(segment, record.subarray(written), this.#offset + written);
    }
    this.#advance(record);
    return undefined;
  }

  /** Begins to make the first segment, which takes a while, so that no write waits for all of it. */
  prepare(): void {
    this.#segment().catch(() => {}); // The first write tries again, and tells.
  }

  async close(): Promise<void> {
    const opened = this.#opening.filter((segment) => segment !== undefined);
    for (const segment of await Promise.allSettled(opened)) {
      if (segment.status === "fulfilled") await segment.value.close();
    }
  }

  async #appendElsewhere(record: Uint8Array): Promise<void> {
    const segment = this.#segments[this.#current] ?? (await this.#segment());
    for (let written = 0; written < record.byteLength;) {
      const rest = record.byteLength - written;
      const { bytesWritten } = await segment.write(record, written, rest, this.#offset + written);
      written += bytesWritten;
    }
    if (!SYNCS_WRITES) await segment.datasync();
    this.#advance(record);
  }

  #advance(record: Uint8Array): void {
    this.#offset += record.byteLength;
    this.#sequence += 1;
  }

  /** False for some writes after a slow one: then the disk is waited for on another thread. */
  #isQuick(): boolean {
    this.#slowWrites = Math.max(0, this.#slowWrites - 1);
    return this.#slowWrites === 0;
  }

  /** Writes on this thread: where the disk is quick, waking another one and being woken takes longer. */
  #writeHere(segment: FileHandle, bytes: Uint8Array, at: number): number {
    const startMs = performance.now();
    const written = writeSync(segment.fd, bytes, 0, bytes.byteLength, at);
    if (performance.now() - startMs > QUICK_MS) this.#slowWrites = WRITES_ELSEWHERE;
    return written;
  }

  /** The current segment, open. Rejects while it cannot be made; the next call tries again. */
  #segment(): Promise<FileHandle> {
    const index = this.#current;
    const known = this.#opening[index];
    if (known !== undefined) return known;
    const opening = this.#openSegment(index);
    this.#opening[index] = opening;
    opening.then(
      (segment) => (this.#segments[index] = segment),
      () => (this.#opening[index] = undefined),
    );
    return opening;
  }

  /** A write to a segment returns when it is on disk; its length never changes, so that is cheap. */
  async #openSegment(index: number): Promise<FileHandle> {
    const path = this.#pathOf(index);
    await fill(path, this.#segmentBytes);
    await syncFolder(this.#folder);
    return open(path, constants.O_RDWR | (SYNCS_WRITES ? constants.O_DSYNC : 0));
  }

  #pathOf(index: number): string {
    return join(this.#folder, SEGMENT_NAMES[index] ?? "");
  }
}

/** Makes a segment as long as it is going to be. */
async function fill(path: string, segmentBytes: number): Promise<void> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    const { size } = await file.stat();
    const zeros = new Uint8Array(ZEROS_BYTES);
    for (let at = size; at < segmentBytes; at += zeros.byteLength) {
      await file.write(zeros, 0, Math.min(zeros.byteLength, segmentBytes - at), at);
    }
    if (size < segmentBytes) await file.sync();
  } finally {
    await file.close();
  }
}

async function readSegment(path: string, applied: number): Promise<JournalRecord[]> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
  try {
    return parseRecords(await file.readFile(), applied);
  } finally {
    await file.close();
  }
}
