import { runLoad } from "./load.ts";
import type { LoadResult } from "./load-process.ts";
import type { Script } from "./scripts.ts";
import { median } from "./scenario.ts";
import type { Bench, Measure, Scenario } from "./scenario.ts";
import { createQueue } from "./sqs-client.ts";

const CONNECTIONS = 64;
/** Short runs that take turns, so that what else the machine does meets all of them. */
const TURNS = 5;

/** How fast messages are taken in, beside a bare node:http server under the same load. */
export const sqsSend: Scenario = {
  name: "sqs-send",
  run: async (bench) => {
    const bare = await bench.startBareServer();
    const waystation = await bench.startWaystation();
    const { url } = waystation;
    const queueUrl = await createQueue(url, "bench");
    const rows = await inTurns(bench, [
      { name: "send", url: bare.url, queueUrl },
      { name: "send", url, queueUrl },
      { name: "sendBatch", url, queueUrl },
    ]);
    await Promise.all([bare.stop(), waystation.stop()]);
    return measures(rows);
  },
};

function measures([bare = [], single = [], batch = []]: LoadResult[][]): Measure[] {
  const singleRatio = median(single.map((result, turn) => ratio(result, bare[turn])));
  const batchRatio = median(batch.map((result, turn) => ratio(result, single[turn])));
  return [
    row("bare node:http, 64 connections", bare),
    {
      ...row("SendMessage, 64 connections", single),
      ratio: { of: "bare node:http", value: singleRatio },
      goal: { text: "at least 1.0", isMet: singleRatio >= 1 },
    },
    {
      ...row("SendMessageBatch of 10, messages", batch),
      ratio: { of: "SendMessage", value: batchRatio },
      goal: { text: "at least 4", isMet: batchRatio >= 4 },
    },
  ];
}

async function inTurns(bench: Bench, scripts: readonly Script[]): Promise<LoadResult[][]> {
  const results: LoadResult[][] = scripts.map(() => []);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const [index, script] of scripts.entries()) {
      const warmUpMs = turn === 0 ? bench.durationMs / 2 : bench.durationMs / 10;
      const durationMs = bench.durationMs / 2;
      results[index]?.push(
        await runLoad({ script, connections: CONNECTIONS, warmUpMs, durationMs }),
      );
    }
  }
  return results;
}

function ratio(result: LoadResult, other: LoadResult | undefined): number {
  return result.messagesPerSecond / (other?.messagesPerSecond ?? NaN);
}

function row(what: string, results: readonly LoadResult[]): Measure {
  return {
    what,
    value: median(results.map(({ messagesPerSecond }) => messagesPerSecond)),
    unit: "/s",
    p50Ms: median(results.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(results.map(({ p99Ms }) => p99Ms)),
  };
}
