import assert from "node:assert/strict";
import { test } from "node:test";
import { countDead, retryDead } from "../../../src/kernel/dead-work.ts";
import type { Entry, Store } from "../../../src/kernel/store.ts";
import { EXPIRE } from "../../../src/services/sqs/expiry-timer.ts";
import { MESSAGE } from "../../../src/services/sqs/keys.ts";
import { openLocalSqs } from "./in-process.ts";

const DAY_MS = 86_400_000;

test("a queue's retention that gave up goes on when it is tried again", async () => {
  const { call, clock, store, close } = await openLocalSqs();
  const { QueueUrl } = await call<{ QueueUrl: string }>("CreateQueue", { QueueName: "orders" });
  await call("SendMessage", { QueueUrl, MessageBody: "one espresso" });
  const [message] = await messagesOf(store);
  assert.ok(message);
  const { key, value } = message;
  await store.transact(async (tx) => tx.put(key, Buffer.from("damaged")));
  await clock.advance(5 * DAY_MS);
  assert.deepEqual(await store.read(countDead), { [EXPIRE]: 1 });
  await store.transact(async (tx) => tx.put(key, value));
  assert.equal(await retryDead(store, { kind: EXPIRE }, clock.now()), 1);
  await clock.settle();
  assert.deepEqual(await messagesOf(store), []);
  assert.deepEqual(await store.read(countDead), {});
  await close();
});

function messagesOf(store: Store): Promise<Entry[]> {
  return store.read((reader) => reader.range(MESSAGE.below(), { limit: 10 }));
}
