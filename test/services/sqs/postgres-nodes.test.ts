/**
 * What one node does between two reads of another: a call of the first is interrupted by one of the
 * second, so that each of these races happens every time.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type {
  GetQueueAttributesResult,
  ListMessageMoveTasksResult,
  ReceiveMessageResult,
  StartMessageMoveTaskResult,
} from "@aws-sdk/client-sqs";
import { silentLog } from "../../../src/kernel/log.ts";
import { systemRandom } from "../../../src/random.ts";
import { FLIGHT, MESSAGE, MOVE_TASK, READY } from "../../../src/services/sqs/keys.ts";
import { openPostgresStore } from "../../../src/stores/postgres/store.ts";
import { interruptedStore } from "../../stores/interrupted-store.ts";
import type { InterruptedStore } from "../../stores/interrupted-store.ts";
import { startPostgres } from "../../stores/postgres-server.ts";
import type { PostgresServer } from "../../stores/postgres-server.ts";
import { openLocalSqs } from "./in-process.ts";
import type { LocalSqs } from "./in-process.ts";
import { checkedState } from "./queue-state.ts";

const ARN = "arn:aws:sqs:us-east-1:000000000000";
const REFUSED = { code: "InvalidParameterValueException" };

describe("two nodes on one PostgreSQL", () => {
  let server: PostgresServer;
  let interrupted: InterruptedStore;
  let one: LocalSqs;
  let two: LocalSqs;
  before(async () => {
    server = await startPostgres();
    const open = () =>
      openPostgresStore({ url: server.url, log: silentLog, random: systemRandom() });
    interrupted = interruptedStore(await open());
    one = await openLocalSqs(interrupted.store);
    two = await openLocalSqs(await open());
  });
  after(async () => {
    await one.close();
    await two.close();
    await server.remove();
  });

  let names = 0;
  const queue = async (isFifo: boolean, attributes: Record<string, string> = {}) => {
    names += 1;
    const name = `queue-${names}${isFifo ? ".fifo" : ""}`;
    const fifo = isFifo && { FifoQueue: "true", ContentBasedDeduplication: "true" };
    const Attributes = { ...fifo, ...attributes };
    await one.call("CreateQueue", { QueueName: name, Attributes });
    return { name, QueueUrl: `http://localhost/000000000000/${name}` };
  };
  const advance = (ms: number) => Promise.all([one.clock.advance(ms), two.clock.advance(ms)]);
  const receive = async (node: LocalSqs, QueueUrl: string, input: object = {}) => {
    const received = await node.call<ReceiveMessageResult>("ReceiveMessage", {
      QueueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 600,
      ...input,
    });
    return received.Messages ?? [];
  };
  const counts = async (QueueUrl: string) => {
    const input = { QueueUrl, AttributeNames: ["All"] };
    const { Attributes } = await one.call<GetQueueAttributesResult>("GetQueueAttributes", input);
    return Attributes;
  };

  test("a receipt is over once its message is back, on a node whose clock is behind, too", async () => {
    const { QueueUrl } = await queue(true);
    await one.call("SendMessage", { QueueUrl, MessageBody: "x", MessageGroupId: "g" });
    const [held] = await receive(two, QueueUrl, { VisibilityTimeout: 30 });
    await one.clock.advance(30_000);
    await two.clock.advance(29_999);
    await counts(QueueUrl);
    const deleted = two.call("DeleteMessage", { QueueUrl, ReceiptHandle: held?.ReceiptHandle });
    await assert.rejects(deleted, REFUSED);
    await two.clock.advance(1);
    assert.equal((await checkedState(one.store, QueueUrl)).ready, 1);
    assert.equal((await receive(two, QueueUrl)).length, 1);
  });

  for (const operation of ["DeleteMessage", "ChangeMessageVisibility", "ReceiveMessage"]) {
    test(`a message that comes back on one node while another one uses its receipt is back (${operation})`, async () => {
      const { QueueUrl } = await queue(true);
      await one.call("SendMessage", { QueueUrl, MessageBody: "x", MessageGroupId: "g" });
      const attempt = { ReceiveRequestAttemptId: "a" };
      const [held] = await receive(one, QueueUrl, { VisibilityTimeout: 30, ...attempt });
      await advance(29_999);
      interrupted.interrupt(FLIGHT.below(), async () => {
        await two.clock.advance(1);
        await two.call("GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] });
      });
      if (operation === "ReceiveMessage") {
        const again = await receive(one, QueueUrl, attempt);
        assert.notEqual(again[0]?.ReceiptHandle, held?.ReceiptHandle, "a new receive");
      } else {
        const input = { QueueUrl, ReceiptHandle: held?.ReceiptHandle, VisibilityTimeout: 9 };
        await assert.rejects(one.call(operation, input), REFUSED);
      }
      assert.ok(!interrupted.isWaiting);
      await one.clock.advance(1);
      assert.equal((await checkedState(one.store, QueueUrl)).messages, 1);
    });
  }

  for (const isFifo of [true, false]) {
    const kind = isFifo ? "FIFO" : "standard";
    test(`what is deleted while it expires is gone once, and counted once (${kind})`, async () => {
      const { QueueUrl } = await queue(isFifo, { MessageRetentionPeriod: "60" });
      const send = (MessageBody: string, seconds = 0) => {
        const delay = !isFifo && { DelaySeconds: seconds };
        return one.call("SendMessage", { QueueUrl, MessageBody, MessageGroupId: "g", ...delay });
      };
      await send("old");
      await advance(30_000);
      await send("young");
      const [held] = await receive(two, QueueUrl);
      interrupted.interrupt(MESSAGE.below(), () =>
        two.call("DeleteMessage", { QueueUrl, ReceiptHandle: held?.ReceiptHandle }),
      );
      await one.clock.advance(30_500);
      await counts(QueueUrl);
      assert.ok(!interrupted.isWaiting);
      const { messages, inFlight } = await checkedState(one.store, QueueUrl);
      assert.deepEqual({ messages, inFlight }, { messages: 1, inFlight: 1 });
      await send("new");
      const bodies = (await receive(one, QueueUrl)).map(({ Body }) => Body);
      assert.deepEqual(bodies, isFifo ? [] : ["new"], "the group is locked");
      await two.clock.advance(30_500);
    });
  }

  /** A queue, and the dead-letter queue of it that holds `count` messages. */
  const deadMessages = async (count: number) => {
    const dead = await queue(false);
    const SourceArn = `${ARN}:${dead.name}`;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: SourceArn, maxReceiveCount: 1 });
    const source = await queue(false, { RedrivePolicy });
    for (let index = 0; index < count; index += 1) {
      await one.call("SendMessage", { QueueUrl: source.QueueUrl, MessageBody: `m${index}` });
    }
    await receive(one, source.QueueUrl, { VisibilityTimeout: 0 });
    assert.deepEqual(await receive(one, source.QueueUrl), []);
    return { SourceArn, deadUrl: dead.QueueUrl, sourceUrl: source.QueueUrl };
  };
  const tasksOf = async (SourceArn: string) => {
    const input = { SourceArn, MaxResults: 10 };
    const listed = await one.call<ListMessageMoveTasksResult>("ListMessageMoveTasks", input);
    return listed.Results?.map(({ Status }) => Status);
  };
  /** Either node may do each of a task's chunks, at its own time: until all are done. */
  const ended = async (SourceArn: string) => {
    for (let turn = 0; turn < 100; turn += 1) {
      const statuses = await tasksOf(SourceArn);
      if (!statuses?.includes("RUNNING")) return statuses;
      await advance(1_000);
    }
    return "it goes on and on";
  };
  const slowly = { MaxNumberOfMessagesPerSecond: 1 };

  test("of two nodes that start a move task at once, one does", async () => {
    const { SourceArn } = await deadMessages(3);
    const start = (node: LocalSqs) => node.call("StartMessageMoveTask", { SourceArn, ...slowly });
    interrupted.interrupt(MOVE_TASK.below(), () => start(two));
    await assert.rejects(start(one), REFUSED);
    assert.deepEqual(await tasksOf(SourceArn), ["RUNNING"]);
    assert.deepEqual(await ended(SourceArn), ["COMPLETED"]);
  });

  test("a task that ends while it is cancelled has ended, and another one can be started", async () => {
    const { SourceArn } = await deadMessages(2);
    const input = { SourceArn, ...slowly };
    const started = await two.call<StartMessageMoveTaskResult>("StartMessageMoveTask", input);
    await advance(500);
    interrupted.interrupt(MOVE_TASK.below(), () => ended(SourceArn));
    const { TaskHandle } = started;
    await assert.rejects(one.call("CancelMessageMoveTask", { TaskHandle }));
    assert.deepEqual(await tasksOf(SourceArn), ["COMPLETED"]);
    await one.call("StartMessageMoveTask", input);
    assert.deepEqual(await ended(SourceArn), ["COMPLETED", "COMPLETED"]);
  });

  test("a task that is started, and ends, while its queue is deleted goes with it", async () => {
    const { SourceArn, deadUrl } = await deadMessages(1);
    interrupted.interrupt(MOVE_TASK.below(), async () => {
      await two.call("StartMessageMoveTask", { SourceArn, ...slowly });
      await two.clock.settle();
    });
    await one.call("DeleteQueue", { QueueUrl: deadUrl });
    const left = await one.store.read((reader) => reader.range(MOVE_TASK.below(), { limit: 100 }));
    const names = left.map(({ key }) => MOVE_TASK.parts(key)[2]);
    assert.ok(!names.includes(SourceArn.split(":").at(-1) ?? ""));
  });

  test("a task goes on after messages that a receive on another node holds", async () => {
    const { SourceArn, sourceUrl } = await deadMessages(3);
    let started: Promise<unknown> | undefined;
    await two.store.transact(async (tx) => {
      await tx.claim(READY.below(), 1_000);
      // A body awaits nothing else; this one stands for one that takes long.
      started ??= one.call("StartMessageMoveTask", { SourceArn });
      await started;
      await one.clock.settle();
    });
    assert.deepEqual(await ended(SourceArn), ["COMPLETED"]);
    assert.equal((await counts(sourceUrl))?.["ApproximateNumberOfMessages"], "3");
  });
});
