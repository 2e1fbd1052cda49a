import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.ts";
import type { Bench, Measure, Scenario } from "./scenario.ts";
import type { ServerProcess } from "./servers.ts";
import { createQueue } from "./sqs-client.ts";
import { receiveRequest, sendRequest } from "./sqs-requests.ts";

const POLLS = 5_000;
const QUEUES = 100;
const WAIT_SECONDS = 20;
const SENDS = 300;
/** Connections that are opened at a time. */
const OPEN_AT_ONCE = 250;
const WAKE_GOAL_MS = 5;
const WAKE_ACROSS_GOAL_MS = 20;

/** What many consumers cost that wait for messages, and how soon they have them. */
export const sqsPolls: Scenario = {
  name: "sqs-polls",
  run: async (bench) => {
    const waystation = await bench.startWaystation();
    const pollers = await openPollers(waystation.url);
    for (const poller of pollers) poller.poll();
    await settle(waystation);
    const idle = await cpuShare(waystation, bench.isQuick ? 3_000 : 10_000);
    const wakes = await measureWakes(waystation.url, pollers);
    const usage = await waystation.usage();
    const measures = [...idleMeasures(idle, usage), wakeMeasure(wakes, WAKE_GOAL_MS)];
    if (!bench.isQuick) measures.push(await renewalMeasure(bench, waystation));
    for (const poller of pollers) poller.close();
    await waystation.stop();
    return measures;
  },
};

function idleMeasures(share: number, { rssBytes }: { rssBytes: number }): Measure[] {
  return [
    {
      what: "5,000 waiting polls, processor",
      value: share,
      unit: "% of a core",
      goal: { text: "under 2 %", isMet: share < 2 },
    },
    { what: "5,000 waiting polls, memory", value: rssBytes / 1e6, unit: "MB" },
  ];
}

/** A send through one server to a poll that waits on another one, which shares its store. */
export async function measureWakesAcross(
  servers: { readonly sender: string; readonly poller: string },
  queueUrl: string,
): Promise<Measure> {
  const poller = new Poller(await Connection.open(servers.poller), servers.poller, queueUrl);
  poller.poll();
  const wakes = await measureWakes(servers.sender, [poller]);
  poller.close();
  return wakeMeasure(wakes, WAKE_ACROSS_GOAL_MS);
}

function wakeMeasure(tookMs: number[], goalMs: number): Measure {
  tookMs.sort((a, b) => a - b);
  const p50Ms = tookMs[Math.floor(tookMs.length / 2)] ?? NaN;
  const p99Ms = tookMs[Math.floor(tookMs.length * 0.99)] ?? NaN;
  return {
    what: "from a send to the poll that waits for it",
    value: p50Ms,
    unit: "ms",
    p50Ms,
    p99Ms,
    goal: { text: `median under ${goalMs} ms`, isMet: p50Ms < goalMs },
  };
}

/** Every poll ends and begins anew once in its 20 seconds. */
async function renewalMeasure(_bench: Bench, server: ServerProcess): Promise<Measure> {
  const share = await cpuShare(server, WAIT_SECONDS * 1_000);
  return {
    what: "5,000 polls that are renewed every 20 s, processor",
    value: share,
    unit: "% of a core",
  };
}

/** A consumer that polls its queue again whenever it has an answer. */
class Poller {
  readonly queueUrl: string;
  readonly #connection: Connection;
  readonly #request: Uint8Array;
  #isOpen = true;
  #onMessage: (() => void) | undefined;

  constructor(connection: Connection, url: string, queueUrl: string) {
    this.queueUrl = queueUrl;
    this.#connection = connection;
    this.#request = receiveRequest(url, { QueueUrl: queueUrl, WaitTimeSeconds: WAIT_SECONDS });
  }

  /** Calls `action` when the next message comes. */
  onMessage(action: () => void): void {
    this.#onMessage = action;
  }

  poll(): void {
    this.#connection.send(this.#request).then(
      (answer) => {
        if (answer.includes("ReceiptHandle")) this.#onMessage?.();
        if (this.#isOpen) this.poll();
      },
      () => {},
    );
  }

  close(): void {
    this.#isOpen = false;
    this.#connection.close();
  }
}

async function openPollers(url: string): Promise<Poller[]> {
  const queueUrls: string[] = [];
  for (let index = 0; index < QUEUES; index += 1) {
    queueUrls.push(await createQueue(url, `polled-${index}`));
  }
  const pollers: Poller[] = [];
  while (pollers.length < POLLS) {
    const opening = Array.from({ length: OPEN_AT_ONCE }, () => Connection.open(url));
    for (const connection of await Promise.all(opening)) {
      pollers.push(new Poller(connection, url, queueUrls[pollers.length % QUEUES] ?? ""));
    }
  }
  return pollers;
}

/** Waits until the server has taken in what was sent to it. */
async function settle(server: ServerProcess): Promise<void> {
  while ((await cpuShare(server, 500)) > 5);
}

/** Processor time of a server over some time, in percent of one core. */
async function cpuShare(server: ServerProcess, durationMs: number): Promise<number> {
  const startMs = performance.now();
  const before = await server.usage();
  await sleep(durationMs);
  const after = await server.usage();
  return ((after.cpuMs - before.cpuMs) / (performance.now() - startMs)) * 100;
}

/** Sends to one queue after the other; how long each message took to one of its pollers. */
async function measureWakes(url: string, pollers: readonly Poller[]): Promise<number[]> {
  const sender = await Connection.open(url);
  const pollersOf = Object.entries(Object.groupBy(pollers, ({ queueUrl }) => queueUrl));
  const tookMs: number[] = [];
  for (let sent = 0; sent < SENDS; sent += 1) {
    const [queueUrl, waiting = []] = pollersOf[sent % pollersOf.length] ?? [""];
    const arrived = new Promise<void>((resolve) => {
      for (const poller of waiting) poller.onMessage(resolve);
    });
    const startMs = performance.now();
    const answered = sender.send(sendRequest(url, queueUrl));
    await arrived;
    tookMs.push(performance.now() - startMs);
    await answered;
  }
  sender.close();
  return tookMs;
}
