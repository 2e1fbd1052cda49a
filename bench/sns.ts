import { hammer, publishBatchRequest, snsRequest, SnsClient } from "./sns-client.ts";
import type { Bench, Measure, Scenario } from "./scenario.ts";
import { median } from "./scenario.ts";
import { createQueue } from "./sqs-client.ts";
import { BATCH, MESSAGE_BODY, sendBatchRequest } from "./sqs-requests.ts";

const CONNECTIONS = 16;
const TURNS = 3;
const QUEUE_COUNTS = [1, 10, 100];
const FILTERED = 1_000;

const arnOf = (queueUrl: string): string =>
  `arn:aws:sqs:us-east-1:000000000000:${new URL(queueUrl).pathname.split("/").at(-1)}`;

/** What fan-out to queues delivers, beside sending the same messages to a queue. */
export const snsFanout: Scenario = {
  name: "sns-fanout",
  run: async (bench) => {
    const { url, stop } = await bench.startWaystation();
    const sns = await SnsClient.open(url);
    const topics: { readonly count: number; readonly raw: boolean; readonly arn: string }[] = [];
    for (const count of QUEUE_COUNTS) {
      for (const raw of [true, false]) {
        const arn = await sns.topic(`fanout-${count}-${raw}`);
        for (let index = 0; index < count; index += 1) {
          const queueUrl = await createQueue(url, `q-${count}-${raw}-${index}`);
          const endpoint = { protocol: "sqs", endpoint: arnOf(queueUrl) };
          await sns.subscribe(arn, endpoint, { RawMessageDelivery: String(raw) });
        }
        topics.push({ count, raw, arn });
      }
    }
    const direct = await createQueue(url, "direct");
    sns.close();
    const rates = new Map<string, number[]>();
    const times = new Map<string, number[]>();
    const measure = async (what: string, request: Buffer, each: number): Promise<void> => {
      const durationMs = bench.durationMs / 2;
      // A request that makes a thousand deliveries keeps a server busy with few beside it.
      const connections = each > 100 ? CONNECTIONS / 4 : CONNECTIONS;
      const run = await hammer(url, request, {
        connections,
        warmUpMs: durationMs / 4,
        durationMs,
      });
      rates.set(what, [...(rates.get(what) ?? []), run.perSecond * each]);
      times.set(what, [...(times.get(what) ?? []), run.p99Ms]);
    };
    const batch = { message: MESSAGE_BODY, count: BATCH };
    for (let turn = 0; turn < TURNS; turn += 1) {
      await measure("SendMessageBatch of 10, messages", sendBatchRequest(url, direct), BATCH);
      for (const { count, raw, arn } of topics) {
        const what = `PublishBatch of 10 to ${count} queue${count === 1 ? "" : "s"}, ${raw ? "raw" : "signed"}, deliveries`;
        await measure(what, publishBatchRequest(url, arn, batch), BATCH * count);
      }
    }
    await stop();
    const base = rates.get("SendMessageBatch of 10, messages") ?? [];
    return [...rates].map(([what, values]): Measure => {
      const ratio = median(values.map((value, turn) => value / (base[turn] ?? NaN)));
      const row = {
        what,
        value: median(values),
        unit: "/s",
        p99Ms: median(times.get(what) ?? []),
      } as const;
      if (values === base) return row;
      const isGoal = what.includes("raw");
      return {
        ...row,
        ratio: { of: "SendMessageBatch", value: ratio },
        ...(isGoal ? { goal: { text: "at least 0.7", isMet: ratio >= 0.7 } } : {}),
      };
    });
  },
};

/** What 1,000 filter policies on a topic cost a publish that one of them accepts. */
export const snsFilters: Scenario = {
  name: "sns-filters",
  run: async (bench) => {
    const { url, stop } = await bench.startWaystation();
    const sns = await SnsClient.open(url);
    const queue = arnOf(await createQueue(url, "accepted"));
    const rows: Measure[] = [];
    let first: number | undefined;
    for (const count of [1, FILTERED]) {
      const arn = await sns.topic(`filtered-${count}`);
      for (let index = 0; index < count; index += 1) {
        const endpoint = { protocol: "sqs", endpoint: index === 0 ? queue : `${queue}-${index}` };
        const FilterPolicy = JSON.stringify({
          shard: [`s${index}`],
          price: [{ numeric: [">", 0] }],
        });
        await sns.subscribe(arn, endpoint, { FilterPolicy, RawMessageDelivery: "true" });
      }
      rows.push(await publishFiltered(bench, url, { arn, count, first }));
      first ??= rows[0]?.value;
    }
    sns.close();
    await stop();
    return rows;
  },
};

async function publishFiltered(
  bench: Bench,
  url: string,
  topic: { readonly arn: string; readonly count: number; readonly first: number | undefined },
): Promise<Measure> {
  const attribute = (
    place: number,
    [name, type, value]: readonly [string, string, string],
  ): [string, string][] => [
    [`MessageAttributes.entry.${place}.Name`, name],
    [`MessageAttributes.entry.${place}.Value.DataType`, type],
    [`MessageAttributes.entry.${place}.Value.StringValue`, value],
  ];
  const request = snsRequest(url, "Publish", {
    TopicArn: topic.arn,
    Message: MESSAGE_BODY,
    ...Object.fromEntries([
      ...attribute(1, ["shard", "String", "s0"]),
      ...attribute(2, ["price", "Number", "5"]),
    ]),
  });
  const { durationMs } = bench;
  const run = await hammer(url, request, {
    connections: CONNECTIONS,
    warmUpMs: durationMs / 4,
    durationMs,
  });
  return {
    what: `Publish past ${topic.count} filter polic${topic.count === 1 ? "y" : "ies"}`,
    value: run.perSecond,
    unit: "/s",
    p50Ms: run.p50Ms,
    p99Ms: run.p99Ms,
    ...(topic.first === undefined
      ? {}
      : { ratio: { of: "one policy", value: run.perSecond / topic.first } }),
  };
}
