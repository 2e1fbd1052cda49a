import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import type { Settings } from "../../../kernel/operation.ts";
import { StatesError } from "../language/errors.ts";
import { OBJECT_WRITE_BYTES } from "../limits.ts";

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
  /** Begins an object anew. Throws States.ResultWriterFailed, as does its writer. */
  create(bucket: string, key: string): Promise<ObjectWriter>;
}

/** An object that is being written. */
export interface ObjectWriter {
  /** How much was appended. */
  readonly sizeBytes: number;
  append(text: string): Promise<void>;
  /** Ends the object; does nothing to one that is ended. */
  close(): Promise<void>;
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

  create(bucket: string, key: string): Promise<ObjectWriter> {
    const path = this.#path(bucket, key);
    return writing(async () => {
      await mkdir(dirname(path), { recursive: true });
      return new FileWriter(await open(path, "w"));
    });
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

class FileWriter implements ObjectWriter {
  readonly #file: FileHandle;
  /** What is not written yet. */
  #texts: string[] = [];
  #pendingBytes = 0;
  #isClosed = false;
  sizeBytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async append(text: string): Promise<void> {
    const bytes = Buffer.byteLength(text);
    this.#texts.push(text);
    this.sizeBytes += bytes;
    this.#pendingBytes += bytes;
    if (this.#pendingBytes >= OBJECT_WRITE_BYTES) await this.#flush();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#flush();
    } finally {
      await writing(() => this.#file.close());
    }
  }

  async #flush(): Promise<void> {
    const text = this.#texts.join("");
    this.#texts = [];
    this.#pendingBytes = 0;
    await writing(() => this.#file.appendFile(text));
  }
}

/** Has what a disk refuses fail the ResultWriter. */
async function writing<Result>(write: () => Promise<Result>): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new StatesError("States.ResultWriterFailed", cause);
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
