import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server as HttpServer, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, afterEach, before, describe } from "node:test";
import type { TestContext } from "node:test";
import { SNS } from "@aws-sdk/client-sns";
import type { SNSClientConfig, SubscribeCommandInput } from "@aws-sdk/client-sns";
import { SQS } from "@aws-sdk/client-sqs";
import type { Message, SQSClientConfig } from "@aws-sdk/client-sqs";
import { AdjustableClock } from "../../../src/kernel/clock.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import type { Log, LogFields } from "../../../src/kernel/log.ts";
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
  readonly serviceOptions?: Readonly<Record<string, string>>;
  readonly enforceQuotas?: boolean;
  readonly log?: Log;
}

/** The time at which every test's clock stands at first. */
export const START_MS: number = Date.UTC(2026, 0, 1);

/** A server on a clock that stands still, with clients and shorthands. */
export class Bench {
  readonly #options: BenchOptions;
  readonly #hooks: Hook[] = [];
  #server: Server;
  #clock: AdjustableClock;
  #clients: { readonly sns: SNS; readonly sqs: SQS };
  #names = 0;

  static async open(options: BenchOptions): Promise<Bench> {
    return new Bench(options, ...(await open(options, START_MS)));
  }

  private constructor(options: BenchOptions, server: Server, clock: AdjustableClock) {
    this.#options = options;
    this.#server = server;
    this.#clock = clock;
    this.#clients = clientsOf(server);
  }

  get server(): Server {
    return this.#server;
  }

  get clock(): AdjustableClock {
    return this.#clock;
  }

  get sns(): SNS {
    return this.#clients.sns;
  }

  get sqs(): SQS {
    return this.#clients.sqs;
  }

  /** A client of another region or account, which is closed with the test. */
  snsOf(t: TestContext, identity: Identity): SNS {
    const client = new SNS(clientOptions(this.#server, identity));
    t.after(() => client.destroy());
    return client;
  }

  /** The same of SQS. */
  sqsOf(t: TestContext, identity: Identity): SQS {
    const client = new SQS(clientOptions(this.#server, identity));
    t.after(() => client.destroy());
    return client;
  }

  newName(): string {
    this.#names += 1;
    return `name-${this.#names}`;
  }

  /** Makes a topic and answers its ARN. */
  async topic(attributes: Record<string, string> = {}): Promise<string> {
    const { TopicArn } = await this.sns.createTopic({
      Name: this.newName(),
      Attributes: attributes,
    });
    assert.ok(TopicArn);
    return TopicArn;
  }

  async fifoTopic(attributes: Record<string, string> = {}): Promise<string> {
    const { TopicArn } = await this.sns.createTopic({
      Name: `${this.newName()}.fifo`,
      Attributes: { FifoTopic: "true", ContentBasedDeduplication: "true", ...attributes },
    });
    assert.ok(TopicArn);
    return TopicArn;
  }

  async queue(): Promise<Queue> {
    const { QueueUrl } = await this.sqs.createQueue({ QueueName: this.newName() });
    assert.ok(QueueUrl);
    return { url: QueueUrl, arn: arnOf(QueueUrl) };
  }

  async fifoQueue(): Promise<Queue> {
    const { QueueUrl } = await this.sqs.createQueue({
      QueueName: `${this.newName()}.fifo`,
      Attributes: { FifoQueue: "true" },
    });
    assert.ok(QueueUrl);
    return { url: QueueUrl, arn: arnOf(QueueUrl) };
  }

  /** Subscribes and answers the ARN. */
  async subscribe(
    topicArn: string,
    protocol: string,
    endpoint: string,
    extra: Partial<SubscribeCommandInput> = {},
  ): Promise<string> {
    const { SubscriptionArn } = await this.sns.subscribe({
      TopicArn: topicArn,
      Protocol: protocol,
      Endpoint: endpoint,
      ReturnSubscriptionArn: true,
      ...extra,
    });
    assert.ok(SubscriptionArn);
    return SubscriptionArn;
  }

  /** A new queue, subscribed. */
  async subscribedQueue(
    topicArn: string,
    attributes: Record<string, string> = {},
  ): Promise<Queue & { readonly subscription: string }> {
    const queue = topicArn.endsWith(".fifo") ? await this.fifoQueue() : await this.queue();
    const subscription = await this.subscribe(topicArn, "sqs", queue.arn, {
      Attributes: attributes,
    });
    return { ...queue, subscription };
  }

  /** Receives up to 10 messages with all their attributes and deletes them. */
  async take(queue: { readonly url: string }): Promise<Message[]> {
    const { Messages = [] } = await this.sqs.receiveMessage({
      QueueUrl: this.here(queue.url),
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    });
    if (Messages.length > 0) {
      await this.sqs.deleteMessageBatch({
        QueueUrl: this.here(queue.url),
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      });
    }
    return Messages;
  }

  async bodies(queue: { readonly url: string }): Promise<string[]> {
    const bodies: string[] = [];
    for (
      let messages = await this.take(queue);
      messages.length > 0;
      messages = await this.take(queue)
    ) {
      bodies.push(...messages.map(({ Body = "" }) => Body));
    }
    return bodies;
  }

  /** The one message in a queue. */
  async takeOne(queue: { readonly url: string }): Promise<Message & { readonly Body: string }> {
    const messages = await this.take(queue);
    assert.equal(messages.length, 1, "one message is in the queue");
    const [message] = messages;
    assert.ok(message?.Body !== undefined);
    return { ...message, Body: message.Body };
  }

  /** A web hook that is subscribed and confirmed. */
  async hook(topicArn: string, attributes: Record<string, string> = {}): Promise<Hook> {
    const hook = await this.openHook();
    hook.subscription = await this.subscribe(topicArn, "http", hook.url, {
      Attributes: attributes,
    });
    const Token = await this.tokenFor(hook);
    await this.sns.confirmSubscription({ TopicArn: topicArn, Token });
    return hook;
  }

  /** The token that a hook is sent. */
  async tokenFor(hook: Hook): Promise<string> {
    await this.settle();
    const [confirmation] = hook.take();
    assert.ok(confirmation, "the hook is sent its confirmation");
    const { Token } = JSON.parse(confirmation.body);
    return Token;
  }

  /** A web hook that nobody knows yet. */
  async openHook(): Promise<Hook> {
    const hook = await Hook.open(() => this.clock.now());
    this.#hooks.push(hook);
    return hook;
  }

  /** Waits until all that is due is done. */
  settle(): Promise<void> {
    return this.#clock.settle();
  }

  async advance(seconds: number): Promise<void> {
    await this.#clock.advance(seconds * 1_000);
  }

  async outbox(): Promise<Record<string, string>[]> {
    const answer = await fetch(`${this.#server.url}/_waystation/sns/outbox`);
    const { messages } = (await answer.json()) as { messages: Record<string, string>[] };
    return messages;
  }

  /** Stops the server and starts it on the same data. */
  async restart(): Promise<void> {
    this.#forgetClients();
    await this.#server.stop();
    [this.#server, this.#clock] = await open(this.#options, this.#clock.now());
    this.#clients = clientsOf(this.#server);
  }

  get keepsData(): boolean {
    return this.#options.place.choice.kind !== "memory";
  }

  async empty(): Promise<void> {
    await this.closeHooks();
    await this.#server.reset();
  }

  async close(): Promise<void> {
    this.#forgetClients();
    await this.closeHooks();
    await this.#server.stop();
    await this.#options.place.remove();
  }

  async closeHooks(): Promise<void> {
    for (const hook of this.#hooks.splice(0)) await hook.close();
  }

  /** A queue's URL after a restart, when the server has another port. */
  here(url: string): string {
    return this.#server.url + new URL(url).pathname;
  }

  #forgetClients(): void {
    this.#clients.sns.destroy();
    this.#clients.sqs.destroy();
  }
}

export interface Queue {
  readonly url: string;
  readonly arn: string;
}

export interface HookCall {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server that keeps what it gets and answers as it is told. */
export class Hook {
  readonly calls: HookCall[] = [];
  subscription = "";
  /** What it answers; 200 by default. */
  answer: (response: ServerResponse, call: HookCall) => void = (response) => response.end();
  readonly openedAtMs: number;
  readonly #server: HttpServer;

  static async open(now: () => number): Promise<Hook> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const hook = new Hook(server, now());
    server.on("request", (request, response) => {
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (chunk: string) => (body += chunk));
      request.on("end", () => {
        const { method = "", url: path = "", headers } = request;
        const call = { atMs: now(), method, path, headers, body };
        hook.calls.push(call);
        hook.answer(response, call);
      });
    });
    return hook;
  }

  private constructor(server: HttpServer, openedAtMs: number) {
    this.#server = server;
    this.openedAtMs = openedAtMs;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What came since the last time. */
  take(): HookCall[] {
    return this.calls.splice(0);
  }

  answerWith(status: number, headers: Record<string, string> = {}): void {
    this.answer = (response) => response.writeHead(status, headers).end();
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** A log that keeps what it is told. */
export class KeptLog implements Log {
  readonly lines: { readonly message: string; readonly fields: LogFields }[] = [];

  debug(): void {}

  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ message, fields });
  }

  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ message, fields });
  }

  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ message, fields });
  }
}

async function open(
  { place, serviceOptions = {}, enforceQuotas = false, log = silentLog }: BenchOptions,
  nowMs: number,
): Promise<[Server, AdjustableClock]> {
  const clock = new AdjustableClock({ frozenAtMs: nowMs });
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    store: place.choice,
    region: "us-east-1",
    enforceQuotas,
    serviceOptions,
    log,
    clock,
  });
  return [server, clock];
}

function clientsOf(server: Server): { readonly sns: SNS; readonly sqs: SQS } {
  const options = clientOptions(server, {});
  return { sns: new SNS(options), sqs: new SQS(options) };
}

function clientOptions(
  { url }: Server,
  { region = "us-east-1", accessKeyId = "key" }: Identity,
): SNSClientConfig & SQSClientConfig {
  const credentials = { accessKeyId, secretAccessKey: "secret" };
  return { endpoint: url, region, credentials, maxAttempts: 1 };
}

/** Who a client is; an access key of 12 digits is that account's. */
export interface Identity {
  readonly region?: string;
  readonly accessKeyId?: string;
}

function arnOf(queueUrl: string): string {
  return `arn:aws:sqs:us-east-1:000000000000:${new URL(queueUrl).pathname.split("/").at(-1)}`;
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
    afterEach(() => bench.empty());
    after(() => bench.close());
    tests(() => bench);
  });
}

/** Fails unless SNS refuses a call with this code and, where given, these words. */
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
