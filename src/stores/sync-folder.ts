import { open } from "node:fs/promises";

/** Resolves when the names in a folder survive a loss of power. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be synced there, and need not be
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
