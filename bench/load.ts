import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadResult, LoadTask } from "./load-process.ts";

/** Runs a load in a process of its own, so that the generator and the server do not share a thread. */
export async function runLoad(task: LoadTask): Promise<LoadResult> {
  const child = fork(fileURLToPath(new URL("load-process.ts", import.meta.url)));
  child.send(task);
  const [result] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => Promise.reject(new Error("the load failed"))),
  ]);
  child.kill();
  return result as LoadResult; // sent by load-process.ts
}
