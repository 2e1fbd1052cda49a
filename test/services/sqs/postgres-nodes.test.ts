/**
 * What one node does between two reads of another: a call of the first is interrupted by one of the
 * second, so that each of these races happens every time.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { GetQueueAttributesResult, ReceiveMessageResult } from "@aws-sdk/client-sqs";
import { silentLog } from "../../../src/kernel/log.ts";
import { systemRandom } from "../../../src/random.ts";
import { MESSAGE } from "../../../src/services/sqs/keys.ts";
import { openPostgresStore } from "../../../src/stores/postgres/store.ts";
import { interruptedStore } from "../../stores/interrupted-store.ts";
import type { InterruptedStore } from "../../stores/interrupted-store.ts";
import { startPostgres } from "../../stores/postgres-server.ts";
import type { PostgresServer } from "../../stores/postgres-server.ts";
import { openLocalSqs } from "./in-process.ts";
import type { LocalSqs } from "./in-process.ts";
import { checkedState } from "./queue-state.ts";

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
});
