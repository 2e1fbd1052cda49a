import { mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { StoreUnavailable } from "../kernel/store.ts";

/**
 * Makes the folder at `path` unless it is there, with those above it. A new one is its user's alone;
 * one that is there stays as it is. Rejects with a {@link StoreUnavailable} that says why it cannot.
 */
export async function makeDataFolder(path: string): Promise<void> {
  try {
    await make(resolve(path), 0o700);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(`${path} cannot be made: ${reason}`, { cause: error });
  }
}

/** Whether a folder is there and holds a store's data. */
export async function holdsData(path: string): Promise<boolean> {
  return stat(join(path, "data.mdb")).then(
    () => true,
    () => false,
  );
}

/** Node's own recursion does not end where the system says that a folder which is there is not. */
async function make(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") return assertFolder(path);
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await make(dirname(path), 0o777);
    await mkdir(path, { mode });
  }
}

async function assertFolder(path: string): Promise<void> {
  if (!(await stat(path)).isDirectory()) throw new Error("a file is there");
}
