import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";
import { callSqs, createQueue } from "./sqs-client.ts";

const TIMES = 7;
const IDLE_MS = 1_000;

/** How long until the first answer, and what a server without work takes. */
export const startup: Scenario = {
  name: "startup",
  run: async (bench) => {
    const node: number[] = [];
    const ready: number[] = [];
    const written: number[] = [];
    const idle: number[] = [];
    for (let time = 0; time < TIMES; time += 1) {
      node.push(await timed(startNode));
      const startMs = performance.now();
      const waystation = await bench.startWaystation();
      await callSqs(waystation.url, "ListQueues", {});
      ready.push(performance.now() - startMs);
      await createQueue(waystation.url, "first");
      written.push(performance.now() - startMs);
      await sleep(IDLE_MS);
      idle.push((await waystation.usage()).rssBytes / 1e6);
      await waystation.stop();
    }
    const readyMs = median(ready);
    const idleMb = median(idle);
    return [
      { what: "node -e 0", value: median(node), unit: "ms" },
      {
        what: "from start to the answer of a ListQueues",
        value: readyMs,
        unit: "ms",
        ratio: { of: "node -e 0", value: readyMs / median(node) },
        goal: { text: "under 300 ms", isMet: readyMs < 300 },
      },
      { what: "and of the first CreateQueue", value: median(written), unit: "ms" },
      {
        what: "memory without work",
        value: idleMb,
        unit: "MB",
        goal: { text: "under 100 MB", isMet: idleMb < 100 },
      },
    ];
  },
};

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}

async function startNode(): Promise<void> {
  await once(spawn(process.execPath, ["-e", "0"]), "exit");
}
