import { runLoad } from "./load.ts";
import type { Measure, Scenario } from "./scenario.ts";
import { createQueue } from "./sqs-client.ts";

const CONNECTIONS = 16;
/** Growth that a garbage collector's mood explains. */
const SLACK_MB = 60;

/** Whether memory and data stay as they are while messages come and go. */
export const sqsFlatness: Scenario = {
  name: "sqs-flatness",
  run: async (bench) => {
    const messages = bench.isQuick ? 100_000 : 1_000_000;
    const waystation = await bench.startWaystation();
    const { url } = waystation;
    const script = { name: "cycleBatch", url, queueUrl: await createQueue(url, "flat") } as const;
    await runLoad({ script, connections: CONNECTIONS, messages: messages / 10 });
    const early = await waystation.usage();
    const earlyData = await waystation.dataBytes();
    const result = await runLoad({ script, connections: CONNECTIONS, messages });
    const late = await waystation.usage();
    const lateData = await waystation.dataBytes();
    await waystation.stop();
    const grownMb = (late.rssBytes - early.rssBytes) / 1e6;
    const count = messages.toLocaleString("en");
    const measures: Measure[] = [
      {
        what: "messages sent, received and deleted in batches of 10",
        value: result.messagesPerSecond,
        unit: "/s",
        p50Ms: result.p50Ms,
        p99Ms: result.p99Ms,
      },
      { what: `memory before ${count} messages`, value: early.rssBytes / 1e6, unit: "MB" },
      {
        what: "memory after them",
        value: late.rssBytes / 1e6,
        unit: "MB",
        goal: { text: `grows less than ${SLACK_MB} MB`, isMet: grownMb < SLACK_MB },
      },
    ];
    if (lateData === 0) return measures;
    return [
      ...measures,
      { what: "data file before them", value: earlyData / 1e6, unit: "MB" },
      {
        what: "data file after them",
        value: lateData / 1e6,
        unit: "MB",
        goal: { text: "at most twice as large", isMet: lateData <= 2 * earlyData },
      },
    ];
  },
};
