import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { endianness } from "node:os";

/** Where things are in a meta page of the LMDB that `lmdb` 3 brings, in bytes from its start. */
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const FREE_ROOT_AT = 88;
const MAIN_ROOT_AT = 136;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;

const MAGIC = 0xbeefc0de;
const NO_PAGE = 2n ** 64n - 1n;

interface Meta {
  readonly pageSize: number;
  readonly roots: readonly bigint[];
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

/**
 * Rejects when the LMDB file at `path` is something else or has lost its end. LMDB maps the file
 * into memory, where to read past its end would end the process; so a file that is only shorter
 * than its last page (which may be a free one) is made as long as it says, with zeros.
 */
export async function assertSound(path: string): Promise<void> {
  const file = await open(path, "r+").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    await inspect(file);
  } finally {
    await file.close();
  }
}

async function inspect(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  if (size === 0) return;
  const first = await readMeta(file, 0);
  const second = await readMeta(file, first.pageSize);
  const newest = first.transaction > second.transaction ? first : second;
  const pages = BigInt(Math.floor(size / newest.pageSize));
  if (newest.roots.some((root) => root !== NO_PAGE && root >= pages)) {
    throw new Error(`data.mdb is damaged: it ends after ${size} bytes, before its first pages`);
  }
  if (pages <= newest.lastPage) await file.truncate(Number(newest.lastPage + 1n) * newest.pageSize);
}

async function readMeta(file: FileHandle, at: number): Promise<Meta> {
  const { buffer, bytesRead } = await file.read(new Uint8Array(META_BYTES), 0, META_BYTES, at);
  const view = new DataView(buffer.buffer);
  const little = endianness() === "LE";
  const pageSize = view.getUint32(PAGE_SIZE_AT, little);
  if (bytesRead < META_BYTES || view.getUint32(MAGIC_AT, little) !== MAGIC || pageSize < 512) {
    throw new Error("data.mdb is damaged, or no database of this program");
  }
  return {
    pageSize,
    roots: [view.getBigUint64(FREE_ROOT_AT, little), view.getBigUint64(MAIN_ROOT_AT, little)],
    lastPage: view.getBigUint64(LAST_PAGE_AT, little),
    transaction: view.getBigUint64(TRANSACTION_AT, little),
  };
}
