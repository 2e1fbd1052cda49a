import { loadRow, runCosted } from "./load.ts";
import type { CostedLoad } from "./load.ts";
import type { ScriptName } from "./scripts.ts";
import { median } from "./scenario.ts";
import type { Bench, Measure, Scenario } from "./scenario.ts";
import type { ServerProcess } from "./servers.ts";
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
    const queueUrl = await createQueue(waystation.url, "bench");
    const rows = await inTurns(bench, [
      { server: bare, name: "send", queueUrl },
      { server: waystation, name: "send", queueUrl },
      { server: waystation, name: "sendBatch", queueUrl },
    ]);
    await Promise.all([bare.stop(), waystation.stop()]);
    return measures(rows);
  },
};

function measures([bare = [], single = [], batch = []]: CostedLoad[][]): Measure[] {
  const singleRatio = median(single.map((result, turn) => ratio(result, bare[turn])));
  const batchRatio = median(batch.map((result, turn) => ratio(result, single[turn])));
  return [
    loadRow("bare node:http, 64 connections", bare),
    {
      ...loadRow("SendMessage, 64 connections", single),
      ratio: { of: "bare node:http", value: singleRatio },
      goal: { text: "at least 1.0", isMet: singleRatio >= 1 },
    },
    {
      ...loadRow("SendMessageBatch of 10, messages", batch),
      ratio: { of: "SendMessage", value: batchRatio },
      goal: { text: "at least 4", isMet: batchRatio >= 4 },
    },
  ];
}

interface Load {
  readonly server: ServerProcess;
  readonly name: ScriptName;
  readonly queueUrl: string;
}

async function inTurns(bench: Bench, loads: readonly Load[]): Promise<CostedLoad[][]> {
  const results: CostedLoad[][] = loads.map(() => []);
  const durationMs = bench.durationMs / 2;
  for (let turn = 0; turn < TURNS; turn += 1) {
    const warmUpMs = turn === 0 ? bench.durationMs / 2 : bench.durationMs / 10;
    for (const [index, { server, name, queueUrl }] of loads.entries()) {
      const script = { name, url: server.url, queueUrl };
      const task = { script, connections: CONNECTIONS, warmUpMs, durationMs };
      results[index]?.push(await runCosted(server, task));
    }
  }
  return results;
}

function ratio(result: CostedLoad, other: CostedLoad | undefined): number {
  return result.messagesPerSecond / (other?.messagesPerSecond ?? NaN);
}
