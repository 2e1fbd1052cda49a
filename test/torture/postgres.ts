import assert from "node:assert/strict";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  SQSServiceException,
} from "@aws-sdk/client-sqs";
import { systemRandom } from "../../src/random.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import { startProxy } from "../stores/cutting-proxy.ts";
import { Ledger } from "../stores/ledger.ts";
import { copyFolder, startPostgres } from "../stores/postgres-server.ts";
import type { PostgresServer } from "../stores/postgres-server.ts";
import { tortureNodes } from "./postgres-workflows.ts";

const HELP = `npm run torture:postgres -- [--seconds N] [failover] [nodes] [workflows]

failover   A primary with a synchronous standby is killed under load, and the standby promoted
nodes      Three nodes are killed at random and the database restarted twice, under load from real clients
workflows  Two nodes advance workflows; one is killed at random moments, the other finishes what it left`;

const VISIBILITY_SECONDS = 5;
/** Message groups of the FIFO queue. */
const GROUPS = 5;

const random = systemRandom();
/** Ended with this process, however it ends. */
const started = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of started) child.kill("SIGKILL");
});

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "30" },
    help: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const isAsked = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

if (values.help) say(HELP);
else {
  if (isAsked("failover")) await failover();
  if (isAsked("nodes")) await nodesUnderFire();
  if (isAsked("workflows")) await workflows();
}

async function workflows(): Promise<void> {
  const kills = Math.max(1, Math.floor(seconds / 3));
  const seed = Math.floor(random.fraction() * 2 ** 31);
  const acknowledged = await tortureNodes({ kills, seed });
  say(`workflows: ${kills} nodes killed at work; nothing lost of ${acknowledged} acknowledged`);
}

/** Nothing that was acknowledged may be missing on the standby that took over. */
async function failover(): Promise<void> {
  const rounds = Math.max(1, Math.floor(seconds / 10));
  for (let round = 1; round <= rounds; round += 1) {
    const { primary, standby } = await startPair();
    let target = primary.port;
    const proxy = await startProxy(
      () => target,
      () => "pass",
    );
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`;
    const stores = [
      await openPostgresStore({ url, random }),
      await openPostgresStore({ url, random }),
    ];
    const ledger = new Ledger();
    const stop = new AbortController();
    const working = ledger.work(stores, 16, stop.signal);
    await sleep(2_000 + 2_000 * random.fraction());
    await primary.kill();
    const atKill = ledger.acknowledged.size;
    await standby.promote();
    target = standby.port;
    await sleep(3_000);
    stop.abort();
    await working;
    const [first] = stores;
    if (first !== undefined) await ledger.check(first);
    const after = ledger.acknowledged.size - atKill;
    assert.ok(atKill > 0 && after > 0, `${atKill} before and ${after} after`);
    say(
      `failover ${round}: ${atKill} acknowledged before, ${after} after, ${ledger.unavailable} refused, none lost`,
    );
    await Promise.all(stores.map((store) => store.close()));
    await proxy.close();
    await Promise.all([primary.remove(), standby.remove()]);
  }
}

async function startPair(): Promise<{ primary: PostgresServer; standby: PostgresServer }> {
  const seed = await startPostgres();
  await seed.stop();
  const folder = await copyFolder(seed.folder);
  const primary = await startPostgres({
    folder: seed.folder,
    settings: ["synchronous_standby_names=*"],
  });
  await writeFile(join(folder, "standby.signal"), "");
  const source = `primary_conninfo=host=127.0.0.1 port=${primary.port} user=postgres`;
  return { primary, standby: await startPostgres({ folder, settings: [source] }) };
}

/** A Waystation in a process of its own, which may be killed and started again on its port. */
interface Node {
  readonly port: number;
  child: ChildProcess;
}

/** What real clients saw of a standard and of a FIFO queue. */
interface Seen {
  readonly acknowledged: Set<string>;
  /** How often each body was received; deleted ones with when. */
  readonly received: Map<string, number[]>;
  readonly deleted: Set<string>;
  /** What must not happen and did. */
  readonly wrong: string[];
  /** Bodies of each message group as they were received first. */
  readonly order: Map<string, number[]>;
}

async function nodesUnderFire(): Promise<void> {
  const database = await startPostgres();
  const nodes: Node[] = [];
  for (let at = 0; at < 3; at += 1) nodes.push(await startNode(database.url, await freePort()));
  const clients = nodes.map(({ port }) => clientOf(port));
  const [client] = clients;
  assert.ok(client);
  const queue = await makeQueue(client, "standard", {});
  const fifo = await makeQueue(client, "ordered.fifo", { FifoQueue: "true" });
  const seen: Seen = {
    acknowledged: new Set(),
    received: new Map(),
    deleted: new Set(),
    order: new Map(),
    wrong: [],
  };
  const sending = new AbortController();
  const draining = new AbortController();
  const senders = clients.flatMap((each, at) => [
    sendStandard(each, { queue, seen, name: `s${at}`, signal: sending.signal }),
  ]);
  const groupSenders = Array.from({ length: GROUPS }, (_, group) =>
    sendOrdered(clients, { queue: fifo, seen, name: `g${group}`, signal: sending.signal }),
  );
  const receivers = clients.flatMap((each) => [
    receiveAll(each, { queue, seen, signal: draining.signal }),
    receiveAll(each, { queue: fifo, seen, signal: draining.signal }),
  ]);
  const endMs = performance.now() + seconds * 1_000;
  let kills = 0;
  let restarts = 0;
  while (performance.now() < endMs) {
    await sleep(500 + 1_500 * random.fraction());
    const victim = nodes[Math.floor(random.fraction() * nodes.length)];
    if (victim === undefined) continue;
    kills += 1;
    const gone = once(victim.child, "exit");
    victim.child.kill("SIGKILL");
    await gone;
    const half = restarts < 2 && performance.now() > endMs - (seconds * 1_000 * (2 - restarts)) / 3;
    if (half) {
      restarts += 1;
      await database.kill();
      await sleep(300);
      await database.start();
    }
    victim.child = (await startNode(database.url, victim.port)).child;
  }
  sending.abort();
  await Promise.all([...senders, ...groupSenders]);
  for (let waited = 0; waited < 60 && missing(seen).length > 0; waited += 1) await sleep(500);
  draining.abort();
  await Promise.all(receivers);
  assert.deepEqual(missing(seen), [], "acknowledged and never received");
  assert.deepEqual(seen.wrong, []);
  checkOrder(seen);
  const doubles = [...seen.received.values()].filter((times) => times.length > 1);
  say(
    `nodes: ${kills} nodes killed, database restarted ${restarts} times; ${seen.acknowledged.size} sends ` +
      `acknowledged, all received, ${doubles.length} more than once (each after its visibility timeout), FIFO order kept`,
  );
  for (const { child } of nodes) child.kill("SIGKILL");
  for (const each of clients) each.destroy();
  await database.remove();
}

function missing(seen: Seen): string[] {
  return [...seen.acknowledged].filter((body) => !seen.received.has(body));
}

function checkOrder({ order }: Seen): void {
  for (const [group, numbers] of order) {
    const sorted = numbers.toSorted((one, other) => one - other);
    assert.deepEqual(numbers, sorted, `the order of ${group}`);
    assert.equal(new Set(numbers).size, numbers.length, `${group} is deduplicated`);
  }
}

interface Traffic {
  readonly queue: string;
  readonly seen: Seen;
  readonly signal: AbortSignal;
}

async function sendStandard(
  client: SQSClient,
  { queue, seen, name, signal }: Traffic & { readonly name: string },
): Promise<void> {
  for (let number = 0; !signal.aborted; number += 1) {
    const body = `${name} ${number}`;
    try {
      await client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: body }));
      seen.acknowledged.add(body);
    } catch (error) {
      await pauseAfter(error);
    }
  }
}

/** Sends the numbers of a group in order, each again and again through any node until acknowledged. */
async function sendOrdered(
  clients: readonly SQSClient[],
  { queue, seen, name, signal }: Traffic & { readonly name: string },
): Promise<void> {
  for (let number = 0; !signal.aborted; number += 1) {
    for (let sent = false; !sent;) {
      const client = clients[Math.floor(random.fraction() * clients.length)];
      try {
        await client?.send(
          new SendMessageCommand({
            QueueUrl: queue,
            MessageBody: `${name} ${number}`,
            MessageGroupId: name,
            MessageDeduplicationId: `${name}-${number}`,
          }),
        );
        seen.acknowledged.add(`${name} ${number}`);
        sent = true;
      } catch (error) {
        await pauseAfter(error);
      }
    }
    await sleep(5);
  }
}

async function receiveAll(client: SQSClient, { queue, seen, signal }: Traffic): Promise<void> {
  while (!signal.aborted) {
    try {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({
          QueueUrl: queue,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 1,
          VisibilityTimeout: VISIBILITY_SECONDS,
        }),
      );
      const nowMs = performance.now();
      for (const { Body = "", ReceiptHandle } of Messages) {
        noteReceive(seen, Body, nowMs);
        await client.send(new DeleteMessageCommand({ QueueUrl: queue, ReceiptHandle }));
        seen.deleted.add(Body);
      }
    } catch (error) {
      await pauseAfter(error);
    }
  }
}

/** Waits a little when a node or the database is away; anything else is a failure of the test. */
async function pauseAfter(error: unknown): Promise<void> {
  if (error instanceof SQSServiceException && error.$metadata.httpStatusCode !== 503) throw error;
  await sleep(50);
}

function noteReceive(seen: Seen, body: string, nowMs: number): void {
  if (seen.deleted.has(body)) seen.wrong.push(`${body} came back after it was deleted`);
  const times = seen.received.get(body) ?? [];
  const last = times.at(-1);
  // Its first receiver got the answer a little after the timeout began.
  const sinceMs = last === undefined ? Infinity : nowMs - last;
  if (sinceMs < VISIBILITY_SECONDS * 1_000 - 500) seen.wrong.push(`${body} was with two at once`);
  times.push(nowMs);
  seen.received.set(body, times);
  const [name = "", number] = body.split(" ");
  if (!name.startsWith("g") || times.length > 1) return;
  const order = seen.order.get(name) ?? [];
  order.push(Number(number));
  seen.order.set(name, order);
}

/** Starts a node; again, when somebody else has taken its port for a moment. */
async function startNode(url: string, port: number): Promise<Node> {
  const cli = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
  const words = ["start", "--port", String(port), "--store", url, "--log-level", "silent"];
  for (let tries = 0; tries < 20; tries += 1) {
    const child = fork(cli, words, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    started.add(child);
    child.once("exit", () => started.delete(child));
    const stdout = child.stdout;
    assert.ok(stdout);
    const hasBegun = await Promise.race([
      once(stdout, "data").then(() => true),
      once(child, "exit").then(() => false),
    ]);
    stdout.resume();
    if (hasBegun) {
      child.once("exit", (code) => {
        if (code === null) return;
        say(`a node ended by itself with ${code}`);
        process.exit(1);
      });
      return { port, child };
    }
    await sleep(500);
  }
  throw new Error(`a node does not start on port ${port}`);
}

function clientOf(port: number): SQSClient {
  return new SQSClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  });
}

async function makeQueue(
  client: SQSClient,
  name: string,
  attributes: Record<string, string>,
): Promise<string> {
  const made = await client.send(
    new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
  );
  assert.ok(made.QueueUrl);
  return made.QueueUrl;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
