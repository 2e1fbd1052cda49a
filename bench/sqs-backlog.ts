import { loadRow, runCosted, runLoad } from "./load.ts";
import type { CostedLoad } from "./load.ts";
import { BATCH } from "./sqs-requests.ts";
import type { Script } from "./scripts.ts";
import { median } from "./scenario.ts";
import type { Bench, Measure, Scenario } from "./scenario.ts";
import { createQueue } from "./sqs-client.ts";

const CONNECTIONS = 64;
const FILL_CONNECTIONS = 16;
const TURNS = 5;

/** Whether receiving and deleting cost more when much is waiting, on a standard queue. */
export const sqsBacklog: Scenario = {
  name: "sqs-backlog",
  run: (bench) => {
    const waiting = bench.isQuick ? 100_000 : 1_000_000;
    return compare(bench, {
      fill: "sendBatch",
      consume: "consume",
      waiting,
      deep: `receive and delete, ${waiting.toLocaleString("en")} waiting`,
      fed: "receive and delete, queue that is fed",
      attributes: {},
      suffix: "",
    });
  },
};

/** The same on a FIFO queue whose every waiting message has a message group of its own. */
export const sqsFifoBacklog: Scenario = {
  name: "sqs-fifo-backlog",
  run: (bench) => {
    const waiting = bench.isQuick ? 10_000 : 100_000;
    return compare(bench, {
      fill: "sendGroups",
      consume: "consumeGroups",
      waiting,
      deep: `FIFO receive and delete, ${waiting.toLocaleString("en")} groups waiting`,
      fed: "FIFO receive and delete, queue that is fed",
      attributes: { FifoQueue: "true" },
      suffix: ".fifo",
    });
  },
};

interface Comparison {
  readonly fill: Script["name"];
  readonly consume: Script["name"];
  readonly waiting: number;
  readonly deep: string;
  readonly fed: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly suffix: string;
}

async function compare(bench: Bench, comparison: Comparison): Promise<Measure[]> {
  const { fill, consume, waiting, attributes, suffix } = comparison;
  const waystation = await bench.startWaystation();
  const { url } = waystation;
  const fedUrl = await createQueue(url, `fed${suffix}`, attributes);
  const deepUrl = await createQueue(url, `deep${suffix}`, attributes);
  const filling = { name: fill, url, queueUrl: deepUrl };
  await runLoad({ script: filling, connections: FILL_CONNECTIONS, messages: waiting });
  const fed: CostedLoad[] = [];
  const deep: CostedLoad[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) {
    const load = (queueUrl: string): Promise<CostedLoad> =>
      runCosted(waystation, {
        // Every turn makes groups that no other has made.
        script: { name: consume, url, queueUrl, firstNumber: waiting / BATCH + turn * 1_000_000 },
        connections: CONNECTIONS,
        warmUpMs: bench.durationMs / 5,
        durationMs: bench.durationMs / 2,
      });
    fed.push(await load(fedUrl));
    deep.push(await load(deepUrl));
  }
  await waystation.stop();
  const ratios = deep.map((result, turn) => {
    return result.messagesPerSecond / (fed[turn]?.messagesPerSecond ?? NaN);
  });
  const ratio = median(ratios);
  return [
    loadRow(comparison.fed, fed),
    {
      ...loadRow(comparison.deep, deep),
      ratio: { of: "queue that is fed", value: ratio },
      goal: { text: "at least 0.9", isMet: ratio >= 0.9 },
    },
  ];
}
