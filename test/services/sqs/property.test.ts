import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  ReceiveMessageResult,
  SendMessageBatchResult,
  SendMessageResult,
} from "@aws-sdk/client-sqs";
import fc from "fast-check";
import { ServiceError } from "../../../src/kernel/errors.ts";
import { seeded } from "../../seed.ts";
import { START_MS } from "./fixture.ts";
import { openLocalSqs } from "./in-process.ts";
import type { LocalSqs } from "./in-process.ts";
import { QueueModel } from "./model.ts";
import type { Received } from "./model.ts";
import { checkedState } from "./queue-state.ts";

const RETENTION_SECONDS = 3_600;
const QUEUE_URL = "http://localhost/000000000000/model";

const sending = fc.record({
  group: fc.constantFrom("a", "b", "c"),
  deduplication: fc.option(fc.constantFrom("1", "2", "3"), { freq: 2 }),
  delaySeconds: fc.constantFrom(0, 0, 5, 30),
});

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("send" as const), message: sending }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("batch" as const),
      messages: fc.array(sending, { minLength: 1, maxLength: 10 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("receive" as const),
      limit: fc.integer({ min: 1, max: 10 }),
      seconds: fc.constantFrom(0, 5, 30, 300),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      which: fc.nat(1_000),
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      which: fc.nat(1_000),
      seconds: fc.constantFrom(0, 3, 60),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("advance" as const),
      seconds: fc.constantFrom(1, 5, 31, 400, 2_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("set back" as const),
      seconds: fc.constantFrom(0.001, 4, 29),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("purge" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("delay" as const),
      seconds: fc.constantFrom(0, 0, 5, 100),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Sending = typeof sending extends fc.Arbitrary<infer Value> ? Value : never;

for (const isFifo of [false, true]) {
  test(`a ${isFifo ? "FIFO" : "standard"} queue does what a list of messages would do`, async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 60 });
    const property = fc.asyncProperty(steps, async (program) => {
      const sqs = await openLocalSqs();
      try {
        await new Run(sqs, isFifo).all(program);
      } finally {
        await sqs.close();
      }
    });
    await fc.assert(property, { ...seeded(150), endOnFailure: false });
  });
}

/** One program on a queue and on its model. */
class Run {
  readonly #sqs: LocalSqs;
  readonly #model: QueueModel;
  readonly #url: string;
  readonly #received: Received[] = [];
  #unique = 0;
  #purgedAtMs = -Infinity;

  constructor(sqs: LocalSqs, isFifo: boolean) {
    this.#sqs = sqs;
    this.#model = new QueueModel({
      isFifo,
      retentionMs: RETENTION_SECONDS * 1_000,
      nowMs: START_MS,
    });
    this.#url = isFifo ? `${QUEUE_URL}.fifo` : QUEUE_URL;
  }

  async all(program: readonly Step[]): Promise<void> {
    const Attributes = {
      MessageRetentionPeriod: String(RETENTION_SECONDS),
      ...(this.#model.isFifo && { FifoQueue: "true" }),
    };
    await this.#sqs.call("CreateQueue", { QueueName: this.#url.split("/").at(-1), Attributes });
    for (const one of program) {
      await this.#one(one);
      await this.#compare();
    }
  }

  async #one(one: Step): Promise<void> {
    switch (one.kind) {
      case "send":
        return this.#send(one.message);
      case "batch":
        return this.#sendBatch(one.messages);
      case "receive":
        return this.#receive(one.limit, one.seconds);
      case "delete":
        for (let index = 0; index < one.count; index += 1) await this.#delete(one.which + index);
        return;
      case "change":
        return this.#change(one.which, one.seconds);
      case "advance":
        await this.#sqs.clock.advance(one.seconds * 1_000);
        return this.#model.moveTo(this.#sqs.clock.now());
      case "set back":
        await this.#sqs.clock.set(this.#sqs.clock.now() - one.seconds * 1_000);
        return this.#model.moveTo(this.#sqs.clock.now());
      case "purge":
        return this.#purge();
      case "delay":
        return this.#setDelay(one.seconds);
    }
  }

  async #send(message: Sending): Promise<void> {
    const { input, deduplicationId } = this.#inputOf(message);
    const { MessageId = "" } = await this.#call<SendMessageResult>("SendMessage", input);
    this.#sent(message, deduplicationId, MessageId);
  }

  async #sendBatch(messages: readonly Sending[]): Promise<void> {
    const inputs = messages.map((message) => this.#inputOf(message));
    const Entries = inputs.map(({ input }, index) => ({ ...input, Id: String(index) }));
    const answer = await this.#call<SendMessageBatchResult>("SendMessageBatch", { Entries });
    assert.equal(answer.Successful?.length, messages.length);
    for (const [index, message] of messages.entries()) {
      const id = answer.Successful[index]?.MessageId ?? "";
      this.#sent(message, inputs[index]?.deduplicationId ?? "", id);
    }
  }

  #inputOf({ group, deduplication, delaySeconds }: Sending): {
    input: object;
    deduplicationId: string;
  } {
    this.#unique += 1;
    const deduplicationId = deduplication ?? `unique-${this.#unique}`;
    const input = this.#model.isFifo
      ? { MessageBody: "x", MessageGroupId: group, MessageDeduplicationId: deduplicationId }
      : {
          MessageBody: "x",
          DelaySeconds: delaySeconds,
          // Some messages are a tenant's, some are nobody's.
          ...(group !== "a" && { MessageGroupId: group }),
        };
    return { input, deduplicationId };
  }

  #sent({ group, delaySeconds }: Sending, deduplicationId: string, id: string): void {
    if (this.#model.isFifo && this.#model.isRepeated(deduplicationId, id)) return;
    this.#model.sent({ id, group, deduplicationId, delayMs: delaySeconds * 1_000 });
  }

  async #receive(limit: number, seconds: number): Promise<void> {
    const { Messages = [] } = await this.#call<ReceiveMessageResult>("ReceiveMessage", {
      MaxNumberOfMessages: limit,
      VisibilityTimeout: seconds,
      MessageSystemAttributeNames: ["All"],
    });
    const got = Messages.map(({ MessageId: id = "", ReceiptHandle: receipt = "", Attributes }) => ({
      id,
      receipt,
      receives: Number(Attributes?.["ApproximateReceiveCount"]),
    }));
    this.#model.received(got, limit, seconds * 1_000);
    this.#received.push(...got);
  }

  async #delete(which: number): Promise<void> {
    const one = this.#received[which % this.#received.length];
    if (one === undefined) return;
    const expected = this.#model.deleted(one.id, one.receipt);
    assert.equal(await this.#outcome("DeleteMessage", { ReceiptHandle: one.receipt }), expected);
  }

  async #change(which: number, seconds: number): Promise<void> {
    const one = this.#received[which % this.#received.length];
    if (one === undefined) return;
    const expected = this.#model.changed(one.id, one.receipt, seconds * 1_000);
    const input = { ReceiptHandle: one.receipt, VisibilityTimeout: seconds };
    assert.equal(await this.#outcome("ChangeMessageVisibility", input), expected);
  }

  async #purge(): Promise<void> {
    const isTooSoon = this.#purgedAtMs + 60_000 > this.#model.nowMs;
    const outcome = await this.#outcome("PurgeQueue", {});
    assert.equal(outcome, isTooSoon ? "refused" : "done");
    if (isTooSoon) return;
    this.#purgedAtMs = this.#model.nowMs;
    this.#model.purged();
    await this.#sqs.clock.settle();
  }

  /** Holds for the messages of a FIFO queue that are there already; a standard queue is left alone. */
  async #setDelay(seconds: number): Promise<void> {
    if (!this.#model.isFifo) return;
    await this.#call("SetQueueAttributes", { Attributes: { DelaySeconds: String(seconds) } });
    this.#model.delayMs = seconds * 1_000;
  }

  async #compare(): Promise<void> {
    // Asking for attributes makes visible and removes what is due.
    await this.#call("GetQueueAttributes", { AttributeNames: ["All"] });
    const state = await checkedState(this.#sqs.store, this.#url);
    const { messages, delayed, inFlight } = this.#model.counts();
    assert.equal(state.messages, messages, "messages");
    assert.equal(state.inFlight, inFlight, "in flight");
    if (!this.#model.isFifo) assert.equal(state.delayed, delayed, "delayed");
  }

  async #outcome(operation: string, input: object): Promise<"done" | "refused"> {
    try {
      await this.#call(operation, input);
      return "done";
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return "refused";
    }
  }

  #call<Output>(operation: string, input: object): Promise<Output> {
    return this.#sqs.call(operation, { QueueUrl: this.#url, ...input });
  }
}
