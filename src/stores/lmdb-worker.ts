/** A thread that brings segments of the journal into an LMDB file; {@link LmdbThread} starts it. */
import { parentPort, workerData } from "node:worker_threads";
import { writesOfSegment } from "./applied.ts";
import { LmdbFile } from "./lmdb-file.ts";
import type { Task, TaskEnd } from "./lmdb-thread.ts";

const file = LmdbFile.open(String(workerData));
file.catch(() => {}); // The first task tells.

parentPort?.on("message", (task: Task) => {
  void run(task).then((end) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage(end);
    if (task.kind === "close") parentPort?.close();
  });
});

async function run(task: Task): Promise<TaskEnd> {
  try {
    const opened = await file;
    if (task.kind === "close") await opened.close();
    else opened.writeSync(await writesOfSegment(task.path, task.applied));
    return {};
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
