import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startPostgres } from "../test/stores/postgres-server.ts";
import { runLoad } from "./load.ts";
import type { LoadTask } from "./load-process.ts";
import { tableOf } from "./report.ts";
import type { Measure } from "./scenario.ts";
import type { ScriptName } from "./scripts.ts";
import { startWaystation } from "./servers.ts";
import type { Waystation } from "./servers.ts";
import { createQueue } from "./sqs-client.ts";
import { measureWakesAcross } from "./sqs-polls.ts";

const HELP = `npm run bench:postgres -- [OPTIONS]

Sends, cycles and wake-ups on one, two and three nodes over one PostgreSQL, beside the embedded store.
  --url URL        A PostgreSQL that is there; without it one is started for the bench
  --seconds N      How long each measurement runs; 4 by default
  --waiting N      Messages that wait in the queue for the flatness rows; 1000000 by default
  --passing N      Messages that pass through before the last row; 0 by default
  --flatness       Measures the flatness rows only
  --folder FOLDER  Where data is kept meanwhile

Ten million that pass take about as many seconds as 10,000,000 divided by the rate of cycleBatch: three quarters of an hour.`;

const CONNECTIONS = 64;
/** How often a long load tells how far it is. */
const STEPS = 20;
const GOALS: Readonly<Record<string, number>> = { send: 3_000, sendBatch: 25_000 };
/** What a durable server on this kind of machine is given. */
const SETTINGS = ["shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=15min"];

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    seconds: { type: "string", default: "4" },
    waiting: { type: "string", default: "1000000" },
    passing: { type: "string", default: "0" },
    flatness: { type: "boolean", default: false },
    folder: { type: "string", default: tmpdir() },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(`${HELP}\n`);
else await main();

async function main(): Promise<void> {
  const server = values.url === undefined ? await startPostgres({ settings: SETTINGS }) : undefined;
  const url = values.url ?? server?.url ?? "";
  const folder = await mkdtemp(join(values.folder, "waystation-bench-"));
  try {
    if (!values.flatness) await compare(url, folder);
    const nodes = await startNodes(`${url}?schema=bench${process.pid}_flat`, 1, folder);
    print("PostgreSQL, flatness", await flatness(nodes));
    await stopAll(nodes);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await server?.remove();
  }
}

/** The embedded store, then one, two and three nodes. */
async function compare(url: string, folder: string): Promise<void> {
  const embedded = await startWaystation("lmdb", folder);
  print("embedded store", await sendsAndCycles([embedded]));
  await embedded.stop();
  for (const count of [1, 2, 3]) {
    const nodes = await startNodes(`${url}?schema=bench${process.pid}_${count}`, count, folder);
    print(`PostgreSQL, ${count} nodes`, await sendsAndCycles(nodes));
    await stopAll(nodes);
  }
}

async function startNodes(store: string, count: number, folder: string): Promise<Waystation[]> {
  const nodes: Waystation[] = [];
  for (let node = 0; node < count; node += 1) nodes.push(await startWaystation(store, folder));
  return nodes;
}

async function stopAll(nodes: readonly Waystation[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()));
}

async function sendsAndCycles(nodes: readonly Waystation[]): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const name of ["send", "sendBatch", "consume", "cycleBatch"] as const) {
    const queue = await queueOn(nodes, name);
    measures.push(await measure(nodes, { name, queue, goal: GOALS[name] }));
  }
  const [sender, poller] = nodes;
  if (sender !== undefined && poller !== undefined) {
    const queue = await queueOn(nodes, "wakes");
    const servers = { sender: sender.url, poller: poller.url };
    measures.push(await measureWakesAcross(servers, queue));
  }
  return measures;
}

/** Cycles on a queue that holds nothing, then on one where many wait, then after many have passed. */
async function flatness(nodes: readonly Waystation[]): Promise<Measure[]> {
  const queue = await queueOn(nodes, "flat");
  const empty = await measure(nodes, { name: "cycleBatch", queue, what: "on an empty queue" });
  await pass(nodes, { name: "sendBatch", queue, messages: Number(values.waiting) });
  const against = { value: empty.value, queue, name: "cycleBatch" as const };
  const rows = [
    empty,
    await measure(nodes, { ...against, what: `with ${values.waiting} waiting` }),
  ];
  const passing = Number(values.passing);
  if (passing === 0) return rows;
  await pass(nodes, { name: "cycleBatch", queue, messages: passing });
  rows.push(await measure(nodes, { ...against, what: `after ${passing} have passed` }));
  return rows;
}

/** Runs so many messages in a number of steps, and tells after each how far it is. */
async function pass(
  nodes: readonly Waystation[],
  load: { readonly name: ScriptName; readonly queue: string; readonly messages: number },
): Promise<void> {
  const startedMs = performance.now();
  for (let step = 1; step <= STEPS; step += 1) {
    const { rate } = await run(nodes, { ...load, messages: Math.ceil(load.messages / STEPS) });
    const minutes = (performance.now() - startedMs) / 60_000;
    const usages = await Promise.all(nodes.map((node) => node.usage()));
    const rssMiB = usages.map(({ rssBytes }) => Math.round(rssBytes / 1_048_576));
    process.stderr.write(
      `${load.name}: ${Math.round((100 * step) / STEPS)}% of ${load.messages} after ${minutes.toFixed(1)} minutes, ` +
        `now ${Math.round(rate)}/s, ${rssMiB.join(" + ")} MiB\n`,
    );
  }
}

interface Row {
  readonly name: ScriptName;
  readonly queue: string;
  readonly what?: string;
  /** A rate to reach, or to compare with. */
  readonly goal?: number | undefined;
  readonly value?: number;
}

async function measure(nodes: readonly Waystation[], row: Row): Promise<Measure> {
  const durationMs = Number(values.seconds) * 1_000;
  const { rate, p50Ms, p99Ms } = await run(nodes, { ...row, durationMs, warmUpMs: durationMs / 4 });
  return {
    what: `${row.name} ${row.what ?? ""}`.trim(),
    value: rate,
    unit: "/s",
    p50Ms,
    p99Ms,
    ...(row.value && { ratio: { of: "the empty queue", value: rate / row.value } }),
    ...(row.goal && { goal: { text: `at least ${row.goal}/s`, isMet: rate >= row.goal } }),
  };
}

/** Runs a load on all nodes at once, the connections shared out. */
async function run(
  nodes: readonly Waystation[],
  task: Omit<LoadTask, "script" | "connections"> & Pick<Row, "name" | "queue">,
): Promise<{ rate: number; p50Ms: number; p99Ms: number }> {
  const results = await Promise.all(
    nodes.map((node) =>
      runLoad({
        script: { name: task.name, url: node.url, queueUrl: task.queue },
        connections: Math.ceil(CONNECTIONS / nodes.length),
        ...(task.warmUpMs && { warmUpMs: task.warmUpMs }),
        ...(task.durationMs && { durationMs: task.durationMs }),
        ...(task.messages && { messages: Math.ceil(task.messages / nodes.length) }),
      }),
    ),
  );
  return {
    rate: results.reduce((sum, result) => sum + result.messagesPerSecond, 0),
    p50Ms: Math.max(...results.map((result) => result.p50Ms)),
    p99Ms: Math.max(...results.map((result) => result.p99Ms)),
  };
}

async function queueOn([first]: readonly Waystation[], name: string): Promise<string> {
  if (first === undefined) throw new Error("no node was started");
  return createQueue(first.url, name, { VisibilityTimeout: "600" });
}

function print(title: string, measures: readonly Measure[]): void {
  process.stdout.write(`\n${title}\n${tableOf(measures)}\n`);
}
