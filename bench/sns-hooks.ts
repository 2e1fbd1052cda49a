import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Agent, request } from "undici";
import type { Scenario } from "./scenario.ts";
import { publishBatchRequest, SnsClient, snsRequest } from "./sns-client.ts";
import { BATCH } from "./sqs-requests.ts";
import { Connection } from "./connection.ts";

const HOOKS = 10;
/** How many requests a loop has under way: as many as that many subscriptions have. */
const AT_ONCE = 16 * HOOKS;
const PADDING = "x".repeat(200);

/** Web hooks of this process, confirmed as they are asked to. */
class Hooks {
  readonly #server: Server;
  readonly latenciesMs: number[] = [];
  tokens: string[] = [];
  #count = 0;
  #wanted = Infinity;
  #reached: () => void = () => {};

  static async open(): Promise<Hooks> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Hooks(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => {
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        response.end();
        this.#take(body);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when so many more have come. */
  expect(count: number): Promise<void> {
    this.#count = 0;
    this.#wanted = count;
    this.latenciesMs.length = 0;
    return new Promise((resolve) => {
      this.#reached = resolve;
    });
  }

  #take(body: string): void {
    const { Type, Token, Message } = JSON.parse(body);
    if (Type === "SubscriptionConfirmation") this.tokens.push(Token);
    else this.latenciesMs.push(performance.now() - Number.parseFloat(Message));
    this.#count += 1;
    if (this.#count === this.#wanted) this.#reached();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** Publishing to 10 web hooks on loopback, beside a bare loop of requests. */
export const snsHooks: Scenario = {
  name: "sns-hooks",
  run: async (bench) => {
    const hooks = await Hooks.open();
    const { url, stop } = await bench.startWaystation();
    const sns = await SnsClient.open(url);
    const topicArn = await confirmedTopic(sns, hooks);
    const messages = bench.isQuick ? 480 : 2_000;
    const throughput = await floods(hooks, url, { topicArn, messages });
    const paced = await trickles(hooks, url, topicArn);
    const bare = await bareLoop(hooks, messages * HOOKS);
    sns.close();
    await stop();
    hooks.close();
    return [
      { what: "bare undici loop, requests", value: bare.perSecond, unit: "/s", p99Ms: bare.p99Ms },
      {
        what: `Publish to ${HOOKS} web hooks, deliveries`,
        value: throughput,
        unit: "/s",
        ratio: { of: "bare undici", value: throughput / bare.perSecond },
      },
      {
        what: `Publish to ${HOOKS} web hooks, 20 messages/s`,
        value: 20 * HOOKS,
        unit: "/s",
        ...paced,
      },
    ];
  },
};

/** What waits for a dead web hook costs no memory and holds up nobody. */
export const snsWaiting: Scenario = {
  name: "sns-waiting",
  run: async (bench) => {
    const waiting = bench.isQuick ? 10_000 : 100_000;
    const hooks = await Hooks.open();
    const { url, stop, usage } = await bench.startWaystation();
    const sns = await SnsClient.open(url);
    const topicArn = await confirmedTopic(sns, hooks);
    const paced = await trickles(hooks, url, topicArn);
    const before = await usage();
    // Closed: every attempt from now on is refused.
    hooks.close();
    await publish(url, topicArn, waiting / HOOKS);
    const after = await usage();
    const other = await Hooks.open();
    const second = await confirmedTopic(sns, other, "other");
    const beside = await trickles(other, url, second);
    other.close();
    sns.close();
    await stop();
    const megabytes = (bytes: number): number => bytes / 1_048_576;
    return [
      { what: "memory before", value: megabytes(before.rssBytes), unit: "MB", ...paced },
      {
        what: `memory with ${waiting.toLocaleString("en")} deliveries waiting`,
        value: megabytes(after.rssBytes),
        unit: "MB",
        ...beside,
        ratio: { of: "before", value: after.rssBytes / before.rssBytes },
      },
    ];
  },
};

async function confirmedTopic(sns: SnsClient, hooks: Hooks, name = "hooked"): Promise<string> {
  const topicArn = await sns.topic(name);
  const confirmations = hooks.expect(HOOKS);
  for (let index = 0; index < HOOKS; index += 1) {
    await sns.subscribe(topicArn, { protocol: "http", endpoint: `${hooks.url}/${index}` });
  }
  await confirmations;
  for (const Token of hooks.tokens.splice(0)) {
    await sns.call("ConfirmSubscription", { TopicArn: topicArn, Token });
  }
  return topicArn;
}

/** Deliveries per second when all is published at once. */
async function floods(
  hooks: Hooks,
  url: string,
  { topicArn, messages }: { readonly topicArn: string; readonly messages: number },
): Promise<number> {
  const all = hooks.expect(messages * HOOKS);
  const startMs = performance.now();
  await publish(url, topicArn, messages);
  await all;
  return (messages * HOOKS) / ((performance.now() - startMs) / 1_000);
}

/** From publish to arrival, when the server has little to do. */
async function trickles(
  hooks: Hooks,
  url: string,
  topicArn: string,
): Promise<{ readonly p50Ms: number; readonly p99Ms: number }> {
  const messages = 60;
  const all = hooks.expect(messages * HOOKS);
  const connection = await Connection.open(url);
  for (let index = 0; index < messages; index += 1) {
    await connection.send(snsRequest(url, "Publish", { TopicArn: topicArn, Message: stamped() }));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await all;
  connection.close();
  return percentiles(hooks.latenciesMs);
}

async function publish(url: string, topicArn: string, messages: number): Promise<void> {
  const connections = 8;
  const worker = async (): Promise<void> => {
    const connection = await Connection.open(url);
    for (let sent = 0; sent < messages / connections; sent += BATCH) {
      await connection.send(
        publishBatchRequest(url, topicArn, { message: stamped(), count: BATCH }),
      );
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, worker));
}

async function bareLoop(
  hooks: Hooks,
  count: number,
): Promise<{ readonly perSecond: number; readonly p99Ms: number }> {
  const agent = new Agent({ connections: AT_ONCE });
  const all = hooks.expect(count);
  const startMs = performance.now();
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const body = JSON.stringify({ Type: "Notification", Message: stamped(), Signature: PADDING });
      const answer = await request(hooks.url, { method: "POST", body, dispatcher: agent });
      await answer.body.dump();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await all;
  const perSecond = count / ((performance.now() - startMs) / 1_000);
  await agent.close();
  return { perSecond, p99Ms: percentiles(hooks.latenciesMs).p99Ms };
}

function stamped(): string {
  return `${performance.now()} ${PADDING}`;
}

function percentiles(values: readonly number[]): {
  readonly p50Ms: number;
  readonly p99Ms: number;
} {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? NaN,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
  };
}
