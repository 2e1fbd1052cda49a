import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { machineNow } from "./kernel/clock.ts";
import { NODE } from "./kernel/nodes.ts";
import { encodeRecord } from "./kernel/record.ts";
import { StoreUnavailable } from "./kernel/store.ts";
import type { Entry, Snapshot, Store, Total, Tx } from "./kernel/store.ts";
import { keyAfter, spaceOf } from "./kernel/tuple.ts";
import type { Key, KeyRange } from "./kernel/tuple.ts";
import { assertWhole, UNFINISHED_IMPORT, unfinishedImport } from "./kernel/unfinished-import.ts";
import type { UnfinishedImport } from "./kernel/unfinished-import.ts";
import { WORK_LEASED } from "./kernel/work.ts";

/**
 * Everything that a store holds, as one file that any store can take in:
 *
 *   "waystation export 1\n"
 *   entries, in key order   0x01, key, value
 *   totals, in key order    0x02, key, 8 bytes: float64
 *   end                     0x00, 8 bytes: how many entries, 8 bytes: how many totals,
 *                           32 bytes: SHA-256 of all before them
 *
 * A key is 2 bytes of length and its bytes, a value 4 bytes of length and its bytes; numbers are
 * big-endian. What a key means is in each service's `keys.ts`.
 */
const HEADER = "waystation export 1\n";
const ENTRY = 1;
const TOTAL = 2;
const END = 0;
const DIGEST_BYTES = 32;

/** How many entries are read or written at once, and about how many bytes. */
const CHUNK_ENTRIES = 500;
const CHUNK_BYTES = 4 * 1_048_576;
const MAX_VALUE_BYTES = 64 * 1_048_576;

/** Every key of every space. */
const EVERYTHING: KeyRange = { from: "" as Key, to: "\xff\xfe" as Key }; // not keys, but in their order

/** How far an export or import is. */
export interface Progress {
  readonly entries: number;
  readonly totals: number;
  readonly bytes: number;
}

export interface TransferOptions {
  /** Called after each chunk. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface ImportOptions extends TransferOptions {
  /** The machine's time, in milliseconds of the epoch. */
  readonly now?: () => number;
}

/** What takes the file's bytes; a promise makes the export wait. */
export type Sink = (chunk: Uint8Array) => void | Promise<void>;

/** The file is no export, is cut off or was damaged, or the store is not empty. */
export class TransferRefused extends Error {
  override readonly name = "TransferRefused";
}

/**
 * Writes all that `store` holds at one moment to `sink`. A store of one process serves nobody else
 * meanwhile; PostgreSQL serves on. Throws a {@link StoreUnavailable} where the store is lost half way.
 */
export function exportStore(
  store: Store,
  sink: Sink,
  { onProgress }: TransferOptions = {},
): Promise<Progress> {
  let hasBegun = false;
  return store.read(async (snapshot) => {
    // What the first run wrote is written.
    if (hasBegun) throw new StoreUnavailable("the store was lost during the export: export again");
    hasBegun = true;
    await assertWhole(snapshot);
    const hash = createHash("sha256");
    const done = { entries: 0, totals: 0, bytes: 0 };
    const write = async (chunk: Buffer): Promise<void> => {
      hash.update(chunk);
      done.bytes += chunk.byteLength;
      await sink(chunk);
      onProgress?.({ ...done });
    };
    await write(Buffer.from(HEADER));
    for await (const entries of chunks((range) => readEntries(snapshot, range))) {
      done.entries += entries.length;
      await write(Buffer.concat(entries.flatMap(({ key, value }) => encodeEntry(key, value))));
    }
    for await (const totals of chunks((range) => snapshot.sums(range, CHUNK_ENTRIES))) {
      done.totals += totals.length;
      await write(Buffer.concat(totals.map(encodeTotal)));
    }
    await write(encodeEnd(done));
    await sink(hash.digest());
    return { ...done, bytes: done.bytes + DIGEST_BYTES };
  });
}

/**
 * Fills a store that is empty, or has part of an import that was cut off, with what
 * {@link exportStore} wrote. Throws a {@link TransferRefused}, and leaves the store empty, when that
 * is not whole. A store whose import was killed says so itself: see {@link assertWhole}.
 */
export async function importStore(
  store: Store,
  source: AsyncIterable<Uint8Array>,
  { onProgress, now = machineNow }: ImportOptions = {},
): Promise<Progress> {
  const own = { startedAtMs: now() };
  await begin(store, own);
  const input = new Input(source);
  const done = { entries: 0, totals: 0, bytes: 0 };
  try {
    if ((await input.take(HEADER.length)).toString("latin1") !== HEADER) {
      throw new TransferRefused("this is not an export of Waystation that this version knows");
    }
    for (let last = false; !last;) {
      const chunk = await readChunk(input);
      last = chunk.end !== undefined;
      done.entries += chunk.entries.length;
      done.totals += chunk.totals.length;
      done.bytes = input.taken;
      if (chunk.end) {
        checkEnd(chunk.end, done);
        await input.assertEnd();
      }
      await writeChunk(store, chunk, own);
      onProgress?.({ ...done });
    }
    return done;
  } catch (error) {
    if (!(error instanceof TakenOver)) await store.clear();
    throw error;
  }
}

/** Another import of the same store began meanwhile: what is there now is that one's. */
class TakenOver extends TransferRefused {
  constructor() {
    super("another import into this store took over");
  }
}

/** Makes the store one that holds part of an import, and nothing of it yet. */
async function begin(store: Store, own: UnfinishedImport): Promise<void> {
  const before = await store.read(async (snapshot) => {
    const unfinished = await unfinishedImport(snapshot);
    if (unfinished === undefined) await assertEmpty(snapshot);
    return unfinished;
  });
  await store.transact(async (tx) => {
    await assertOwn(tx, before);
    tx.put(UNFINISHED_IMPORT.key(), encodeRecord(own));
  });
  // Nobody but this import writes any more.
  if (before !== undefined) await store.clear([UNFINISHED_IMPORT.key()]);
}

async function assertOwn(tx: Tx, own: UnfinishedImport | undefined): Promise<void> {
  const present = await unfinishedImport(tx);
  if (present?.startedAtMs !== own?.startedAtMs) throw new TakenOver();
}

/** Walks everything, a chunk at a time. */
async function* chunks<Item extends { readonly key: Key }>(
  read: (range: KeyRange) => Promise<Item[]>,
): AsyncGenerator<Item[]> {
  let { from } = EVERYTHING;
  for (;;) {
    const items = await read({ ...EVERYTHING, from });
    const last = items.at(-1);
    if (last === undefined) return;
    yield items;
    from = keyAfter(last.key);
  }
}

/** Entries of a range; fewer where their values are large. */
async function readEntries(snapshot: Snapshot, range: KeyRange): Promise<Entry[]> {
  const few = await snapshot.range(range, { limit: 8 });
  const bytes = few.reduce((sum, { value }) => sum + value.byteLength, 0);
  if (few.length < 8 || bytes * (CHUNK_ENTRIES / 8) > CHUNK_BYTES) return few;
  return snapshot.range(range, { limit: CHUNK_ENTRIES });
}

function encodeEntry(key: Key, value: Uint8Array): Uint8Array[] {
  const valueLength = Buffer.alloc(4);
  valueLength.writeUInt32BE(value.byteLength);
  return [Buffer.of(ENTRY), encodeKeyBytes(key), valueLength, value];
}

function encodeTotal({ key, total }: Total): Uint8Array {
  const value = Buffer.alloc(8);
  value.writeDoubleBE(total);
  return Buffer.concat([Buffer.of(TOTAL), encodeKeyBytes(key), value]);
}

function encodeKeyBytes(key: Key): Uint8Array {
  const bytes = Buffer.alloc(2 + key.length);
  bytes.writeUInt16BE(key.length);
  bytes.write(key, 2, "latin1");
  return bytes;
}

function encodeEnd({ entries, totals }: Progress): Buffer {
  const bytes = Buffer.alloc(17);
  bytes.writeUInt8(END);
  bytes.writeBigUInt64BE(BigInt(entries), 1);
  bytes.writeBigUInt64BE(BigInt(totals), 9);
  return bytes;
}

/** Some records of the file. */
interface Chunk {
  readonly entries: Entry[];
  readonly totals: Total[];
  /** How many there should have been, at the end. */
  end?: { readonly entries: number; readonly totals: number };
}

async function readChunk(input: Input): Promise<Chunk> {
  const chunk: Chunk = { entries: [], totals: [] };
  let bytes = 0;
  while (chunk.entries.length + chunk.totals.length < CHUNK_ENTRIES && bytes < CHUNK_BYTES) {
    const kind = (await input.take(1)).readUInt8();
    if (kind === END) {
      const counts = await input.take(16);
      const entries = Number(counts.readBigUInt64BE());
      chunk.end = { entries, totals: Number(counts.readBigUInt64BE(8)) };
      await input.checkDigest();
      return chunk;
    }
    const keyBytes = await input.take((await input.take(2)).readUInt16BE());
    const key = keyBytes.toString("latin1") as Key; // written by encodeKeyBytes
    if (kind === TOTAL) {
      chunk.totals.push({ key, total: (await input.take(8)).readDoubleBE() });
    } else if (kind === ENTRY) {
      const length = (await input.take(4)).readUInt32BE();
      if (length > MAX_VALUE_BYTES)
        throw new TransferRefused("the export is damaged: a value's size");
      chunk.entries.push({ key, value: Uint8Array.from(await input.take(length)) });
      bytes += length;
    } else {
      throw new TransferRefused("the export is damaged: an unknown kind of record");
    }
  }
  return chunk;
}

async function writeChunk(store: Store, chunk: Chunk, own: UnfinishedImport): Promise<void> {
  const { entries, totals, end } = chunk;
  await store.transact(async (tx) => {
    await assertOwn(tx, own);
    for (const { key, value } of entries) {
      tx.put(key, value);
      // Who had leased something is not here: it counts as a node that is dead.
      if (spaceOf(key) !== WORK_LEASED.number) continue;
      tx.put(NODE.key(WORK_LEASED.parts(key)[0]), encodeRecord({ aliveUntilMs: 0 }));
    }
    for (const { key, total } of totals) tx.add(key, total);
    if (end) tx.delete(UNFINISHED_IMPORT.key());
  });
}

function checkEnd(end: { entries: number; totals: number }, done: Progress): void {
  if (end.entries === done.entries && end.totals === done.totals) return;
  throw new TransferRefused("the export is damaged: records are missing");
}

async function assertEmpty(snapshot: Snapshot): Promise<void> {
  const [entries, totals] = await Promise.all([
    snapshot.range(EVERYTHING, { limit: 1 }),
    snapshot.sums(EVERYTHING, 1),
  ]);
  if (entries.length + totals.length > 0) {
    throw new TransferRefused("the store to import into is not empty");
  }
}

/** The bytes of a file in order, with a sum over those that were taken. */
class Input {
  taken = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #hash: Hash = createHash("sha256");
  #buffer: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<Buffer> {
    const bytes = await this.#next(count);
    this.#hash.update(bytes);
    return bytes;
  }

  /** Compares what was taken with the sum that follows. */
  async checkDigest(): Promise<void> {
    const digest = this.#hash.digest();
    if (!digest.equals(await this.#next(DIGEST_BYTES))) {
      throw new TransferRefused("the export is damaged: its checksum does not fit");
    }
  }

  async assertEnd(): Promise<void> {
    const more = this.#buffer.byteLength > 0 || !(await this.#source.next()).done;
    if (more) throw new TransferRefused("the export is damaged: it goes on after its end");
  }

  async #next(count: number): Promise<Buffer> {
    if (this.#buffer.byteLength < count) await this.#fill(count);
    const bytes = this.#buffer.subarray(0, count);
    this.#buffer = this.#buffer.subarray(count);
    this.taken += count;
    return bytes;
  }

  async #fill(count: number): Promise<void> {
    const parts: Uint8Array[] = [this.#buffer];
    for (let size = this.#buffer.byteLength; size < count;) {
      const { value, done } = await this.#source.next();
      if (done) throw new TransferRefused("the export is cut off");
      parts.push(value);
      size += value.byteLength;
    }
    this.#buffer = Buffer.concat(parts);
  }
}
