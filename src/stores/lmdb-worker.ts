/** A thread that brings segments of the journal into an LMDB file; {@link LmdbThread} starts it. */
import { parentPort, workerData } from "node:worker_threads";
import { writesOfSegment } from "./applied.ts";
import { passGate } from "./exit-gate.ts";
import { LmdbFile } from "./lmdb-file.ts";
import type { Task, TaskEnd, ThreadData } from "./lmdb-thread.ts";

const { path, gate }: ThreadData = workerData;
const file = LmdbFile.open(path);
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
    if (task.kind === "close") {
      await opened.close();
      return {};
    }
    const writes = await writesOfSegment(task.path, task.applied);
    const isWritten = passGate(gate, () => opened.writeSync(writes));
    return isWritten ? {} : { failure: "the process ends" };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
