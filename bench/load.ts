import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadResult, LoadTask } from "./load-process.ts";
import { median } from "./scenario.ts";
import type { Measure } from "./scenario.ts";
import type { ServerProcess } from "./servers.ts";

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

/** A load with what it cost the server. */
export interface CostedLoad extends LoadResult {
  /** Processor time of the server for each message, in microseconds. */
  readonly cpuUs: number;
}

/** Runs a load; also tells what it cost the server. */
export async function runCosted(server: ServerProcess, task: LoadTask): Promise<CostedLoad> {
  const before = await server.usage();
  const result = await runLoad(task);
  const after = await server.usage();
  const cpuUs = ((after.cpuMs - before.cpuMs) * 1_000) / result.allMessages;
  return { ...result, cpuUs };
}

/** The row of several runs of one load: the median of each number. */
export function loadRow(what: string, results: readonly CostedLoad[]): Measure {
  return {
    what,
    value: median(results.map(({ messagesPerSecond }) => messagesPerSecond)),
    unit: "/s",
    p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(results.map(({ p99Ms }) => p99Ms)),
    cpuUs: median(results.map(({ cpuUs }) => cpuUs)),
  };
}
