/**
 * Messages between a queue and its dead-letter queue, whatever is done and however time goes: each is
 * in one of the two until it is deleted or expires there, and every move task ends.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  ListMessageMoveTasksResult,
  ReceiveMessageResult,
  StartMessageMoveTaskResult,
} from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { ServiceError } from "../../../src/kernel/errors.ts";
import { seeded } from "../../seed.ts";
import { openLocalSqs } from "./in-process.ts";
import type { LocalSqs } from "./in-process.ts";
import { checkedState, storedMessages } from "./queue-state.ts";

const SOURCE_RETENTION_SECONDS = 900;
const DEAD_RETENTION_SECONDS = 300;
const URL = "http://localhost/000000000000/";
const ARN = "arn:aws:sqs:us-east-1:000000000000:";

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("send" as const), count: fc.nat(12) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("receive" as const),
      from: fc.constantFrom("source" as const, "source" as const, "dead" as const),
      limit: fc.integer({ min: 1, max: 10 }),
      seconds: fc.constantFrom(0, 0, 20),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), which: fc.nat(99) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("move" as const),
      rate: fc.constantFrom(undefined, 1, 5, 50),
      isCancelled: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("advance" as const),
      seconds: fc.constantFrom(1, 21, 130, 290),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("set back" as const),
      seconds: fc.constantFrom(0.001, 19, 200),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

for (const isFifo of [false, true]) {
  const kind = isFifo ? "FIFO" : "standard";
  test(`nothing is lost or doubled between a ${kind} queue and its dead letters`, async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 50 });
    const property = fc.asyncProperty(steps, async (program) => {
      const sqs = await openLocalSqs();
      try {
        await new Run(sqs, isFifo).all(program);
      } finally {
        await sqs.close();
      }
    });
    await fc.assert(property, { ...seeded(60), endOnFailure: false });
  });
}

/** One program on a queue and its dead-letter queue. */
class Run {
  readonly #sqs: LocalSqs;
  readonly #isFifo: boolean;
  readonly #names: { readonly source: string; readonly dead: string };
  /** When each message that must be there expires, by its body, as long as it stays where it is. */
  readonly #expected = new Map<string, number>();
  readonly #received: { readonly queue: "source" | "dead"; body: string; handle: string }[] = [];
  #latestMs: number;
  #sent = 0;

  constructor(sqs: LocalSqs, isFifo: boolean) {
    this.#sqs = sqs;
    this.#isFifo = isFifo;
    const suffix = isFifo ? ".fifo" : "";
    this.#names = { source: `source${suffix}`, dead: `dead${suffix}` };
    this.#latestMs = sqs.clock.now();
  }

  async all(program: readonly Step[]): Promise<void> {
    const { source, dead } = this.#names;
    const deadLetterTargetArn = ARN + dead;
    await this.#create(dead, { MessageRetentionPeriod: String(DEAD_RETENTION_SECONDS) });
    await this.#create(source, {
      MessageRetentionPeriod: String(SOURCE_RETENTION_SECONDS),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }),
    });
    for (const one of program) {
      await this.#one(one);
      await this.#check();
    }
    // A rate of one in a second ends in time, also after the clock was set back.
    for (let turn = 0; turn < 30; turn += 1) {
      await this.#sqs.clock.advance(60_000);
      await this.#check();
    }
    for (const { Status } of await this.#tasks()) assert.match(Status ?? "", /COMPLETED|CANCELLED/);
  }

  async #create(QueueName: string, attributes: object): Promise<void> {
    const Attributes = { ...attributes, ...(this.#isFifo && { FifoQueue: "true" }) };
    await this.#sqs.call("CreateQueue", { QueueName, Attributes });
  }

  async #one(one: Step): Promise<void> {
    switch (one.kind) {
      case "send":
        for (let count = 0; count < one.count; count += 1) await this.#send();
        return;
      case "receive":
        return this.#receive(one.from, one.limit, one.seconds);
      case "delete":
        return this.#delete(one.which);
      case "move":
        return this.#move(one.rate, one.isCancelled);
      case "advance":
        return this.#sqs.clock.advance(one.seconds * 1_000);
      case "set back":
        return this.#sqs.clock.set(this.#sqs.clock.now() - one.seconds * 1_000);
    }
  }

  async #send(): Promise<void> {
    this.#sent += 1;
    const body = `m${this.#sent}`;
    await this.#sqs.call("SendMessage", {
      QueueUrl: URL + this.#names.source,
      MessageBody: body,
      ...(this.#isFifo && { MessageGroupId: `g${this.#sent % 3}`, MessageDeduplicationId: body }),
    });
    this.#expected.set(body, Infinity);
  }

  async #receive(queue: "source" | "dead", limit: number, seconds: number): Promise<void> {
    const { Messages = [] } = await this.#sqs.call<ReceiveMessageResult>("ReceiveMessage", {
      QueueUrl: URL + this.#names[queue],
      MaxNumberOfMessages: limit,
      VisibilityTimeout: seconds,
    });
    for (const { Body: body = "", ReceiptHandle: handle = "" } of Messages) {
      assert.ok(this.#expected.has(body), `${body} is not gone`);
      this.#received.push({ queue, body, handle });
    }
  }

  /** By the latest receipt of a message, which a FIFO queue takes for as long as it is in flight. */
  async #delete(which: number): Promise<void> {
    const one = this.#received[which % this.#received.length];
    if (one === undefined) return;
    const before = await this.#bodies();
    const input = { QueueUrl: URL + this.#names[one.queue], ReceiptHandle: one.handle };
    await this.#attempt("DeleteMessage", input);
    const left = new Set((await this.#bodies()).map(({ body }) => body));
    const deleted = before.filter(({ body }) => !left.has(body)).map(({ body }) => body);
    assert.ok(deleted.length <= 1 && deleted.every((body) => body === one.body));
    for (const body of deleted) this.#expected.delete(body);
  }

  async #move(rate: number | undefined, isCancelled: boolean): Promise<void> {
    const started = await this.#attempt<StartMessageMoveTaskResult>("StartMessageMoveTask", {
      SourceArn: ARN + this.#names.dead,
      MaxNumberOfMessagesPerSecond: rate,
    });
    if (started === undefined || !isCancelled) return;
    await this.#sqs.clock.advance(500);
    await this.#attempt("CancelMessageMoveTask", { TaskHandle: started.TaskHandle });
  }

  async #tasks(): Promise<NonNullable<ListMessageMoveTasksResult["Results"]>> {
    const input = { SourceArn: ARN + this.#names.dead, MaxResults: 10 };
    const { Results = [] } = await this.#sqs.call<ListMessageMoveTasksResult>(
      "ListMessageMoveTasks",
      input,
    );
    return Results;
  }

  async #check(): Promise<void> {
    await this.#sqs.clock.settle();
    this.#latestMs = Math.max(this.#latestMs, this.#sqs.clock.now());
    const there = await this.#bodies();
    const bodies = there.map(({ body }) => body);
    assert.equal(new Set(bodies).size, bodies.length, "each is in one queue");
    for (const body of bodies) assert.ok(this.#expected.has(body), `${body} came back`);
    const present = new Map(there.map(({ body, expiresAtMs }) => [body, expiresAtMs]));
    for (const [body, expiredAtMs] of this.#expected) {
      const expiresAtMs = present.get(body);
      if (expiresAtMs === undefined) {
        assert.ok(expiredAtMs <= this.#latestMs, `${body} is lost`);
        this.#expected.delete(body);
      } else this.#expected.set(body, expiresAtMs);
    }
    for (const name of Object.values(this.#names)) {
      await this.#sqs.call("GetQueueAttributes", { QueueUrl: URL + name, AttributeNames: ["All"] });
      await checkedState(this.#sqs.store, URL + name);
    }
    const active = (await this.#tasks()).filter(({ Status }) =>
      /RUNN|CANCELLING/.test(Status ?? ""),
    );
    assert.ok(active.length <= 1, "one task at a time");
  }

  /** Every message that is stored, and the earliest time at which it may go for its age. */
  async #bodies(): Promise<{ readonly body: string; readonly expiresAtMs: number }[]> {
    const source = await storedMessages(this.#sqs.store, URL + this.#names.source);
    const dead = await storedMessages(this.#sqs.store, URL + this.#names.dead);
    // A receive may send it to its dead letters and drop it there within one step.
    return [...source, ...dead].map(({ body, sentAtMs }) => ({
      body,
      expiresAtMs: sentAtMs + DEAD_RETENTION_SECONDS * 1_000,
    }));
  }

  async #attempt<Output>(operation: string, input: object): Promise<Output | undefined> {
    try {
      return await this.#sqs.call<Output>(operation, input);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return undefined;
    }
  }
}
