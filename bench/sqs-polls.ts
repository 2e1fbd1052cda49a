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
    const measures = [...idleMeasures(idle, await waystation.usage()), wakeMeasure(wakes)];
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

function wakeMeasure(tookMs: number[]): Measure {
  tookMs.sort((a, b) => a - b);
  const p50Ms = tookMs[Math.floor(tookMs.length / 2)] ?? NaN;
  const p99Ms = tookMs[Math.floor(tookMs.length * 0.99)] ?? NaN;
  return {
    what: "from a send to the poll that waits for it",
    value: p50Ms,
    unit: "ms",
    p50Ms,
    p99Ms,
    goal: { text: "median under 5 ms", isMet: p50Ms < 5 },
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
  const tookMs: number[] = [];
  for (let sent = 0; sent < SENDS; sent += 1) {
    const queueUrl = pollers[sent % QUEUES]?.queueUrl ?? "";
    const arrived = new Promise<void>((resolve) => {
      for (let at = sent % QUEUES; at < pollers.length; at += QUEUES) {
        pollers[at]?.onMessage(resolve);
      }
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
