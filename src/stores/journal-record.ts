import { crc32 } from "node:zlib";
import type { Key } from "../kernel/tuple.ts";

/** What is set at a key, or that it is deleted. */
export type Write = readonly [key: Key, slot: Uint8Array | "deleted"];

/** Writes in their order: of several of one key the last one counts. */
export type Writes = Iterable<Write>;

/** Writes that were made durable together. */
export interface JournalRecord {
  readonly sequence: number;
  readonly writes: readonly Write[];
}

/*
 * A record on disk, numbers big-endian:
 *
 *   header   magic u32 | body bytes u32 | sequence u64 | CRC-32 of the body u32 | CRC-32 of the above u32
 *   body     for each write: key bytes u16 | value bytes u32, or DELETED | key | value
 */
const MAGIC = 0x57534a31;
const MAGIC_BYTES = Buffer.from("WSJ1", "latin1");
const HEADER_BYTES = 24;
const CHECKED_HEADER_BYTES = 20;
const WRITE_BYTES = 6;
const DELETED = 0xffff_ffff;

/** Bytes that a writer starts with, and the most that it keeps for its next record. */
const FIRST_BYTES = 64 * 1024;
const KEPT_BYTES = 1024 * 1024;

/** Makes a record of writes one by one, in a buffer that it uses again for the next record. */
export class RecordWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = HEADER_BYTES;

  /** Bytes so far, which {@link RecordWriter.truncate} takes. */
  get length(): number {
    return this.#length;
  }

  /** Adds a write. Of several writes of one key the last one counts. */
  add(key: Key, value: Uint8Array | undefined): void {
    const valueBytes = value?.byteLength ?? 0;
    let at = this.#length;
    this.#length += WRITE_BYTES + key.length + valueBytes;
    if (this.#length > this.#buffer.byteLength) this.#grow(at);
    const buffer = this.#buffer;
    buffer.writeUInt16BE(key.length, at);
    buffer.writeUInt32BE(value === undefined ? DELETED : valueBytes, at + 2);
    at += WRITE_BYTES;
    at += buffer.write(key, at, "latin1");
    if (value !== undefined) buffer.set(value, at);
  }

  /** Takes back all writes after a former length. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** The whole record, which is good until the next `add` or `clear`. */
  finish(sequence: number): Uint8Array {
    const record = this.#buffer.subarray(0, this.#length);
    record.writeUInt32BE(MAGIC, 0);
    record.writeUInt32BE(record.byteLength - HEADER_BYTES, 4);
    record.writeBigUInt64BE(BigInt(sequence), 8);
    record.writeUInt32BE(crc32(record.subarray(HEADER_BYTES)), 16);
    record.writeUInt32BE(crc32(record.subarray(0, CHECKED_HEADER_BYTES)), CHECKED_HEADER_BYTES);
    return record;
  }

  /** Begins a new record. */
  clear(): void {
    this.#length = HEADER_BYTES;
    if (this.#buffer.byteLength > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }

  #grow(filled: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length, 2 * this.#buffer.byteLength));
    larger.set(this.#buffer.subarray(0, filled));
    this.#buffer = larger;
  }
}

/**
 * The records of a segment, from its start until where the last write ended. A record that was not
 * written to its end is left out: nobody was told that it is durable. Throws when one after number
 * `applied` is followed by a whole one, for then it was. What is broken up to `applied` is passed over.
 */
export function parseRecords(segment: Buffer, applied: number): JournalRecord[] {
  const records: JournalRecord[] = [];
  let at = 0;
  let last = applied;
  for (let header = readHeader(segment, at); header !== undefined;) {
    const { sequence, end } = header;
    const next = readHeader(segment, end);
    const isFollowed = next?.sequence === sequence + 1;
    if (isWhole(segment, header)) {
      records.push({ sequence, writes: readWrites(bodyOf(segment, header)) });
    } else if (sequence > applied) {
      if (isFollowed) throw damagedAt(sequence);
      break;
    }
    at = end;
    last = Math.max(last, sequence);
    header = isFollowed ? next : undefined;
  }
  // Where a head is broken, nothing says where the next record begins.
  if (hasWholeAfter(segment, { at, last })) throw damagedAt(last + 1);
  return records;
}

function damagedAt(sequence: number): Error {
  return new Error(`its journal is damaged at record ${sequence}`);
}

/** Whether anywhere from `at` on there is a whole record with a number after `last`. */
function hasWholeAfter(
  segment: Buffer,
  { at, last }: { readonly at: number; readonly last: number },
): boolean {
  for (let found = segment.indexOf(MAGIC_BYTES, at); found !== -1;) {
    const header = readHeader(segment, found);
    if (header !== undefined && header.sequence > last && isWhole(segment, header)) return true;
    found = segment.indexOf(MAGIC_BYTES, found + 1);
  }
  return false;
}

interface Header {
  readonly sequence: number;
  readonly start: number;
  readonly end: number;
  readonly bodyCrc: number;
}

function readHeader(segment: Buffer, at: number): Header | undefined {
  if (at + HEADER_BYTES > segment.byteLength || segment.readUInt32BE(at) !== MAGIC)
    return undefined;
  const crc = segment.readUInt32BE(at + CHECKED_HEADER_BYTES);
  if (crc32(segment.subarray(at, at + CHECKED_HEADER_BYTES)) !== crc) return undefined;
  const start = at + HEADER_BYTES;
  return {
    sequence: Number(segment.readBigUInt64BE(at + 8)),
    start,
    end: start + segment.readUInt32BE(at + 4),
    bodyCrc: segment.readUInt32BE(at + 16),
  };
}

function bodyOf(segment: Buffer, { start, end }: Header): Buffer {
  return segment.subarray(start, end);
}

function isWhole(segment: Buffer, header: Header): boolean {
  return header.end <= segment.byteLength && crc32(bodyOf(segment, header)) === header.bodyCrc;
}

function readWrites(body: Buffer): Write[] {
  const writes: Write[] = [];
  let at = 0;
  while (at < body.byteLength) {
    const keyEnd = at + WRITE_BYTES + body.readUInt16BE(at);
    const valueBytes = body.readUInt32BE(at + 2);
    const key = body.toString("latin1", at + WRITE_BYTES, keyEnd) as Key; // only keys are written
    at = keyEnd + (valueBytes === DELETED ? 0 : valueBytes);
    writes.push([key, valueBytes === DELETED ? "deleted" : body.subarray(keyEnd, at)]);
  }
  return writes;
}
