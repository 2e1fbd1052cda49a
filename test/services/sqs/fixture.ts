import assert from "node:assert/strict";
import { after, afterEach, before, describe } from "node:test";
import { SQS } from "@aws-sdk/client-sqs";
import type {
  Message,
  QueueAttributeName,
  ReceiveMessageCommandInput,
  SendMessageCommandInput,
  SendMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { AdjustableClock } from "../../../src/kernel/clock.ts";
import type { Alarm } from "../../../src/kernel/clock.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import type { Log } from "../../../src/kernel/log.ts";
import { startServer } from "../../../src/server.ts";
import type { Server, StoreChoice } from "../../../src/server.ts";

/** Where a suite's data is kept, made anew and empty. */
export interface StorePlace {
  readonly choice: StoreChoice;
  /** Removes the data, after the server is stopped. */
  readonly remove: () => Promise<void>;
}

export interface BenchOptions {
  readonly place: StorePlace;
  readonly enforceQuotas?: boolean;
  readonly log?: Log;
}

/** The time at which every test's clock stands at first. */
export const START_MS: number = Date.UTC(2026, 0, 1);

/** A clock that tells when somebody waits for a time, so that tests need no sleeps. */
export class WatchedClock extends AdjustableClock {
  readonly #waiting = new Map<number, number>();
  readonly #watchers = new Set<() => void>();

  override alarm(atMs: number, action: () => void | Promise<void>): Alarm {
    let isSet = true;
    const unset = (): void => {
      if (isSet) this.#waiting.set(atMs, (this.#waiting.get(atMs) ?? 0) - 1);
      isSet = false;
    };
    this.#waiting.set(atMs, (this.#waiting.get(atMs) ?? 0) + 1);
    const alarm = super.alarm(atMs, () => {
      unset();
      return action();
    });
    for (const watcher of this.#watchers) watcher();
    return {
      cancel: () => {
        unset();
        alarm.cancel();
      },
    };
  }

  /** How many alarms are set for `atMs`. */
  awaitedAt(atMs: number): number {
    return this.#waiting.get(atMs) ?? 0;
  }

  /** Resolves when no alarm is set for `atMs`. */
  async untilFree(atMs: number): Promise<void> {
    while (this.awaitedAt(atMs) > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Resolves when `count` alarms are set for `atMs`. */
  untilAwaited(atMs: number, count = 1): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.awaitedAt(atMs) < count) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }
}

/** A server on a clock that stands still, with a client and shorthands. */
export class Bench {
  readonly #options: BenchOptions;
  readonly #clients = new Map<string, SQS>();
  #server: Server;
  #clock: WatchedClock;
  #names = 0;

  static async open(options: BenchOptions): Promise<Bench> {
    return new Bench(options, ...(await open(options, START_MS)));
  }

  private constructor(options: BenchOptions, server: Server, clock: WatchedClock) {
    this.#options = options;
    this.#server = server;
    this.#clock = clock;
  }

  get server(): Server {
    return this.#server;
  }

  get clock(): WatchedClock {
    return this.#clock;
  }

  /** The client of the default account in us-east-1. */
  get client(): SQS {
    return this.clientOf("key", "us-east-1");
  }

  /** The client of an account, whose number is its access key id, in a region. */
  clientOf(accessKeyId: string, region: string): SQS {
    const name = `${accessKeyId} ${region}`;
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = new SQS({
        endpoint: this.#server.url,
        region,
        credentials: { accessKeyId, secretAccessKey: "secret" },
        maxAttempts: 1,
      });
      this.#clients.set(name, client);
    }
    return client;
  }

  /** A client of the default account whose requests have this `X-Amzn-Trace-Id`. */
  tracedClient(traceHeader: string): SQS {
    const client = this.clientOf(`traced ${traceHeader}`, "us-east-1");
    client.middlewareStack.add(
      (next) => (args) => {
        Object.assign(Object(Object(args.request).headers), { "x-amzn-trace-id": traceHeader });
        return next(args);
      },
      { step: "build" },
    );
    return client;
  }

  /** Makes a standard queue and answers its URL. */
  async queue(
    attributes: Partial<Record<QueueAttributeName, string>> = {},
    name: string = this.newName(),
  ): Promise<string> {
    const { QueueUrl } = await this.client.createQueue({
      QueueName: name,
      Attributes: attributes,
    });
    assert.ok(QueueUrl);
    return QueueUrl;
  }

  /** Makes a FIFO queue and answers its URL. */
  fifo(attributes: Partial<Record<QueueAttributeName, string>> = {}): Promise<string> {
    const wanted = { FifoQueue: "true", ContentBasedDeduplication: "true", ...attributes };
    return this.queue(wanted, `${this.newName()}.fifo`);
  }

  newName(): string {
    this.#names += 1;
    return `queue-${this.#names}`;
  }

  /** A queue that sends to another one what was received `maxReceiveCount` times. */
  async queueWithDeadLetters(
    maxReceiveCount: number,
    make: (attributes: Partial<Record<QueueAttributeName, string>>) => Promise<string> = (given) =>
      this.queue(given),
  ): Promise<{ readonly source: string; readonly deadLetters: string }> {
    const deadLetters = await make({});
    const deadLetterTargetArn = await this.arn(deadLetters);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
    return { source: await make({ RedrivePolicy }), deadLetters };
  }

  send(
    url: string,
    body: string,
    extra: Partial<SendMessageCommandInput> = {},
  ): Promise<SendMessageCommandOutput> {
    return this.client.sendMessage({ QueueUrl: url, MessageBody: body, ...extra });
  }

  /** Sends to a message group, with an own deduplication id. */
  sendTo(url: string, group: string, body: string): Promise<SendMessageCommandOutput> {
    this.#names += 1;
    const MessageDeduplicationId = `unique-${this.#names}`;
    return this.send(url, body, { MessageGroupId: group, MessageDeduplicationId });
  }

  /** Receives up to 10 messages with all their attributes, without waiting. */
  async receive(url: string, extra: Partial<ReceiveMessageCommandInput> = {}): Promise<Message[]> {
    const { Messages = [] } = await this.client.receiveMessage({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
      ...extra,
    });
    return Messages;
  }

  async receiveOne(
    url: string,
    extra: Partial<ReceiveMessageCommandInput> = {},
  ): Promise<Message & { readonly ReceiptHandle: string }> {
    const [message] = await this.receive(url, { MaxNumberOfMessages: 1, ...extra });
    assert.ok(message?.ReceiptHandle, "there is a message to receive");
    return { ...message, ReceiptHandle: message.ReceiptHandle };
  }

  /** The bodies that a receive gets. */
  async bodies(url: string, extra: Partial<ReceiveMessageCommandInput> = {}): Promise<string[]> {
    return (await this.receive(url, extra)).map(({ Body = "" }) => Body);
  }

  /** Starts a long poll of 20 seconds and resolves once it waits. */
  async poll(
    url: string,
    extra: Partial<ReceiveMessageCommandInput> = {},
  ): Promise<{ readonly received: Promise<string[]> }> {
    const endMs = this.clock.now() + 20_000;
    const waiting = this.clock.awaitedAt(endMs);
    const received = this.bodies(url, { WaitTimeSeconds: 20, ...extra });
    received.catch(() => {});
    await this.clock.untilAwaited(endMs, waiting + 1);
    return { received };
  }

  async delete(url: string, message: Message): Promise<void> {
    await this.client.deleteMessage({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle });
  }

  async attributes(url: string): Promise<Partial<Record<string, string>>> {
    const answer = await this.client.getQueueAttributes({ QueueUrl: url, AttributeNames: ["All"] });
    return answer.Attributes ?? {};
  }

  async arn(url: string): Promise<string> {
    const { QueueArn } = await this.attributes(url);
    assert.ok(QueueArn);
    return QueueArn;
  }

  set(url: string, attributes: Partial<Record<QueueAttributeName, string>>): Promise<unknown> {
    return this.client.setQueueAttributes({ QueueUrl: url, Attributes: attributes });
  }

  /** The three counts of a queue, in words. */
  async counts(url: string): Promise<string> {
    const shown = await this.attributes(url);
    return (
      `${shown["ApproximateNumberOfMessages"]} ready, ` +
      `${shown["ApproximateNumberOfMessagesDelayed"]} delayed, ` +
      `${shown["ApproximateNumberOfMessagesNotVisible"]} in flight`
    );
  }

  async advance(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1_000);
  }

  /** Stops the server and starts it on the same data; queue URLs change their port. */
  async restart(): Promise<(url: string) => string> {
    const oldUrl = this.#server.url;
    this.#forgetClients();
    await this.#server.stop();
    [this.#server, this.#clock] = await open(this.#options, this.#clock.now());
    return (url) => url.replace(oldUrl, this.#server.url);
  }

  get keepsData(): boolean {
    return this.#options.place.choice.kind !== "memory";
  }

  async close(): Promise<void> {
    this.#forgetClients();
    await this.#server.stop();
    await this.#options.place.remove();
  }

  #forgetClients(): void {
    for (const client of this.#clients.values()) client.destroy();
    this.#clients.clear();
  }
}

async function open(
  { place, enforceQuotas = false, log = silentLog }: BenchOptions,
  nowMs: number,
): Promise<[Server, WatchedClock]> {
  const clock = new WatchedClock({ frozenAtMs: nowMs });
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: place.choice,
    region: "us-east-1",
    enforceQuotas,
    serviceOptions: {},
    log,
    clock,
  });
  return [server, clock];
}

/** A topic of the suite: one server for its tests, which is emptied after each. */
export type Topic = (bench: () => Bench) => void;

/** Runs the tests of a topic on a server of its own. */
export function topic(name: string, options: () => Promise<BenchOptions>, tests: Topic): void {
  describe(name, () => {
    let bench: Bench;
    before(async () => {
      bench = await Bench.open(await options());
    });
    afterEach(() => bench.server.reset());
    after(() => bench.close());
    tests(() => bench);
  });
}

/** Fails unless SQS refuses a call with this code and, where given, these words. */
export async function refused(
  call: Promise<unknown>,
  code: string,
  words: string | RegExp = /./,
): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof Error);
    assert.equal(error.name, code, error.message);
    if (typeof words === "string") assert.equal(error.message, words);
    else assert.match(error.message, words);
    return true;
  });
}
