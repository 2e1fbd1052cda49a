import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { StatesError } from "../language/errors.ts";
import type { Settings } from "../../../kernel/operation.ts";

/** The option that names the folder whose sub-folders stand for buckets. */
export const OBJECT_FOLDER_OPTION = "states.objectFolder";

/** One object of a bucket, as a listing shows it. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Another when the object changed; in quotes, as S3 has it. */
  readonly etag: string;
}

/** Where Distributed Maps read their items and write their results: buckets with keys. */
export interface ObjectStore {
  read(bucket: string, key: string): AsyncIterable<Uint8Array>;
  list(bucket: string, prefix: string): AsyncIterable<ListedObject>;
  write(bucket: string, key: string, text: string): Promise<number>;
}

/** Objects as files of the folder that the option names; undefined when no folder is given. */
export function objectStoreOf(settings: Settings): ObjectStore | undefined {
  const folder = settings.option(OBJECT_FOLDER_OPTION);
  return folder === undefined ? undefined : new FileObjects(resolve(folder));
}

class FileObjects implements ObjectStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async *read(bucket: string, key: string): AsyncIterable<Uint8Array> {
    const path = this.#path(bucket, key);
    if ((await kindOf(path)) !== "file") {
      throw new StatesError("States.ItemReaderFailed", "The specified key does not exist.");
    }
    yield* createReadStream(path);
  }

  async *list(bucket: string, prefix: string): AsyncIterable<ListedObject> {
    const root = this.#path(bucket, "");
    if ((await kindOf(root)) !== "folder") {
      throw new StatesError("States.ItemReaderFailed", "The specified bucket does not exist");
    }
    const entries = await readdir(root, { recursive: true, withFileTypes: true });
    const keys = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .filter((key) => key.startsWith(prefix))
      .sort();
    for (const key of keys) {
      const { size, mtimeMs } = await stat(join(root, key));
      const etag = `"${createHash("md5").update(`${size} ${mtimeMs}`).digest("hex")}"`;
      yield { key, sizeBytes: size, modifiedMs: Math.round(mtimeMs), etag };
    }
  }

  async write(bucket: string, key: string, text: string): Promise<number> {
    const path = this.#path(bucket, key);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return Buffer.byteLength(text);
  }

  /** Nothing outside of a bucket can be named, and a bucket is a folder right below. */
  #path(bucket: string, key: string): string {
    const root = resolve(this.#folder, bucket);
    const path = resolve(root, key);
    const isInside = path === root || path.startsWith(root + sep);
    if (dirname(root) !== this.#folder || !isInside) {
      throw new StatesError("States.Permissions", `The object '${key}' is outside of its bucket.`);
    }
    return path;
  }
}

/** What there is at a path; undefined when there is nothing that can be read. */
async function kindOf(path: string): Promise<"file" | "folder" | undefined> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return undefined;
  }
}
