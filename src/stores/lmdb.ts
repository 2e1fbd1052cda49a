import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Log } from "../kernel/log.ts";
import { StoreUnavailable } from "../kernel/store.ts";
import type { Store } from "../kernel/store.ts";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import { appliedOf, withApplied, writesOf } from "./applied.ts";
import { makeDataFolder } from "./data-folder.ts";
import { Journal } from "./journal.ts";
import { JournaledTables } from "./journaled-tables.ts";
import type { OrderedFile, RecordLog } from "./journaled-tables.ts";
import type { Writes } from "./journal-record.ts";
import type { Direction, LayerCursor } from "./layer.ts";
import { LmdbFile } from "./lmdb-file.ts";
import { assertSound } from "./lmdb-soundness.ts";
import { LmdbThread } from "./lmdb-thread.ts";
import { SerialStore } from "./serial-store.ts";
import { syncFolder } from "./sync-folder.ts";

export interface LmdbStoreOptions {
  /** The folder that holds the data; made when it is not there. */
  readonly path: string;
  readonly log: Log;
  /** Bytes of each of the journal's two segments; for tests. */
  readonly segmentBytes?: number;
}

/** The layout of keys and values in a folder. Raised when older programs cannot read it. */
const FORMAT_VERSION = 1;
/** Sorts after every space, so no range reaches it. */
const FORMAT_KEY = "\xff\xffformat" as Key;

/**
 * Opens the store in a folder on this machine; transactions are durable when they resolve.
 * Rejects with a {@link StoreUnavailable} that says why when the folder is in use, was written by a
 * newer version, is damaged, or cannot be written.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  const path = await makeFolder(options.path);
  const folder = await LmdbFolder.open(path);
  try {
    return new SerialStore(await openTables(folder, path, options), options.log);
  } catch (error) {
    await folder.close();
    throw cannotOpen(path, error);
  }
}

/** Brings what a crash left in the journal into the file, and goes on in the journal. */
async function openTables(
  file: OrderedFile,
  folder: string,
  { segmentBytes }: LmdbStoreOptions,
): Promise<JournaledTables> {
  const { journal, records } = await Journal.open(folder, appliedOf(file), { segmentBytes });
  if (records.length > 0) await file.write(withApplied(writesOf(records), journal.sequence));
  journal.prepare();
  const reopenLog = async (applied: number): Promise<RecordLog> => {
    return (await Journal.open(folder, applied, { segmentBytes })).journal;
  };
  return new JournaledTables({ file, log: journal, reopenLog });
}

/** The folder's two files: `data.mdb`, and `owner.mdb`, by which a process keeps others out. */
class LmdbFolder implements OrderedFile {
  readonly #folder: string;
  readonly #owner: LmdbFile;
  #file: LmdbFile;
  readonly #thread: LmdbThread;

  static async open(folder: string): Promise<LmdbFolder> {
    const owner = await own(folder);
    try {
      const file = await openData(folder);
      await settleNames(folder);
      return new LmdbFolder(folder, owner, file);
    } catch (error) {
      await owner.close();
      throw error;
    }
  }

  constructor(folder: string, owner: LmdbFile, file: LmdbFile) {
    this.#folder = folder;
    this.#owner = owner;
    this.#file = file;
    this.#thread = new LmdbThread(dataOf(folder));
  }

  get(key: Key): Uint8Array | undefined {
    return this.#file.get(key);
  }

  cursor(range: KeyRange, direction: Direction): LayerCursor {
    return this.#file.cursor(range, direction);
  }

  write(writes: Writes): Promise<void> {
    return this.#file.write(writes);
  }

  async applySegment(path: string, applied: number): Promise<void> {
    await this.#thread.apply(path, applied);
    this.#file.refresh();
  }

  /** LMDB refuses all after some failures, so the file is opened anew. */
  async probe(): Promise<void> {
    await this.#thread.close();
    await this.#file.close();
    this.#file = await openData(this.#folder); // if this fails, the closed file is closed again
    await this.#file.write([[FORMAT_KEY, formatRecord()]]);
  }

  async clear(kept: Writes): Promise<void> {
    this.#file.clearTo([...kept, [FORMAT_KEY, formatRecord()]]);
  }

  async close(): Promise<void> {
    await this.#thread.close();
    await this.#file.close();
    await this.#owner.close();
  }
}

async function makeFolder(path: string): Promise<string> {
  try {
    await makeDataFolder(path);
    return await realpath(path);
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

/**
 * Takes the folder for this process. LMDB lists the processes that read a file, and finds out by the
 * operating system's locks which of them are gone, so a killed owner keeps nobody out.
 */
async function own(folder: string): Promise<LmdbFile> {
  let owner: LmdbFile | undefined;
  try {
    owner = await LmdbFile.open(join(folder, "owner.mdb"));
    // In another container, a process may have the same id.
    if (owner.readerPids().includes(process.pid)) {
      throw inUse(folder, "this process, or one in another container");
    }
    owner.stayReader();
    const others = owner.readerPids().filter((pid) => pid !== process.pid);
    if (others.length > 0) throw inUse(folder, `process ${others.join(", ")}`);
    return owner;
  } catch (error) {
    await owner?.close();
    throw cannotOpen(folder, error);
  }
}

async function openData(folder: string): Promise<LmdbFile> {
  const path = dataOf(folder);
  let file: LmdbFile | undefined;
  try {
    await assertSound(path);
    file = await LmdbFile.open(path);
    await settleFormat(folder, file);
    return file;
  } catch (error) {
    await file?.close();
    throw cannotOpen(folder, error);
  }
}

function dataOf(folder: string): string {
  return join(folder, "data.mdb");
}

async function settleFormat(folder: string, file: LmdbFile): Promise<void> {
  const record = file.get(FORMAT_KEY);
  if (record === undefined) {
    await file.write([[FORMAT_KEY, formatRecord()]]);
    return;
  }
  const version = Number(Buffer.from(record).toString());
  if (version === FORMAT_VERSION) return;
  throw new StoreUnavailable(
    version > FORMAT_VERSION
      ? `${folder} was written by a newer version of Waystation (format ${version}; this version reads ${FORMAT_VERSION})`
      : `${folder} is damaged: its format record reads ${JSON.stringify(version)}`,
  );
}

/** Makes sure that a new folder and its files are still found after a loss of power. */
async function settleNames(folder: string): Promise<void> {
  await syncFolder(folder);
  // The folder above may be one that this user must not read.
  await syncFolder(dirname(folder)).catch(() => {});
}

function formatRecord(): Uint8Array {
  return Buffer.from(String(FORMAT_VERSION));
}

function inUse(folder: string, by: string): StoreUnavailable {
  return new StoreUnavailable(`${folder} is in use by ${by}: stop that, or choose another folder`);
}

function cannotOpen(path: string, error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(`${path} cannot be opened: ${reason}`, { cause: error });
}
