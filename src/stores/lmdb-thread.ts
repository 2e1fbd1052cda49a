import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { openGate, removeGate } from "./exit-gate.ts";
import type { ExitGate } from "./exit-gate.ts";

/** What the thread starts with. */
export interface ThreadData {
  /** An LMDB file. */
  readonly path: string;
  /** Passed through by every write. */
  readonly gate: ExitGate;
}

/** What the thread is asked to do. */
export type Task =
  | { readonly kind: "apply"; readonly path: string; readonly applied: number }
  | { readonly kind: "close" };

/** How a task ended; without a failure it is done, and on disk. */
export interface TaskEnd {
  readonly failure?: string;
}

/** Compiled or not, the thread's module is beside this one. */
const MODULE = new URL(
  import.meta.url.endsWith(".ts") ? "lmdb-worker.ts" : "lmdb-worker.js",
  import.meta.url,
);

/**
 * Writes to an LMDB file on a thread of its own: 10 µs for each message would be taken from those who
 * wait for answers. One task at a time. The thread starts with the first one.
 */
export class LmdbThread {
  readonly #path: string;
  #worker: Worker | undefined;

  /** `path` is an LMDB file, which this thread has open as well. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Brings a segment's records after number `applied` into the file; resolves when they are on disk. */
  async apply(path: string, applied: number): Promise<void> {
    this.#worker ??= this.#start();
    await this.#run(this.#worker, { kind: "apply", path, applied });
  }

  /** Lets go of the file. The next task opens it again. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    await this.#run(worker, { kind: "close" }).catch(() => {});
    await worker.terminate();
  }

  #start(): Worker {
    const gate = openGate();
    const data: ThreadData = { path: this.#path, gate };
    const worker = new Worker(MODULE, { workerData: data });
    worker.on("error", () => (this.#worker = undefined)); // Whose task it was is told by `once`.
    worker.on("exit", () => removeGate(gate));
    return worker;
  }

  async #run(worker: Worker, task: Task): Promise<void> {
    worker.ref();
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage(task);
      const ended = new AbortController();
      const exit = once(worker, "exit", { signal: ended.signal }).then(() => EXITED);
      exit.catch(() => {});
      const message = once(worker, "message", { signal: ended.signal }).then(([end]) => end);
      message.catch(() => {});
      const { failure } = (await Promise.race([message, exit])) as TaskEnd; // sent by the worker
      ended.abort();
      if (failure !== undefined) throw new Error(failure);
    } finally {
      worker.unref();
    }
  }
}

const EXITED: TaskEnd = { failure: "the thread that writes data.mdb ended" };
