import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import type { Store } from "./kernel/store.ts";
import { exportStore, importStore } from "./transfer.ts";
import type { Progress } from "./transfer.ts";

/** How far a transfer is: what was carried, and of how many bytes in all where that is known. */
export type FileProgress = Progress & { readonly ofBytes?: number };

/** Writes all that `store` holds to a file, which is there only once it is whole and on disk. */
export async function exportToFile(
  store: Store,
  path: string,
  onProgress: (progress: FileProgress) => void,
): Promise<Progress> {
  const partial = `${path}.partial`;
  const file = await open(partial, "w", 0o600);
  try {
    const sink = (chunk: Uint8Array): Promise<void> => file.writeFile(chunk);
    const done = await exportStore(store, sink, { onProgress });
    await file.sync();
    await file.close();
    await rename(partial, path);
    return done;
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}

/** Fills an empty store from a file of {@link exportToFile}. Throws TransferRefused. */
export async function importFromFile(
  store: Store,
  path: string,
  onProgress: (progress: FileProgress) => void,
): Promise<Progress> {
  const ofBytes = (await stat(path)).size;
  return importStore(store, createReadStream(path), {
    onProgress: (progress) => onProgress({ ...progress, ofBytes }),
  });
}
