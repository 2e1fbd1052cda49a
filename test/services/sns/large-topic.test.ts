import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../src/kernel/log.ts";
import { WorkRunner } from "../../../src/kernel/work-runner.ts";
import { fanoutTimer } from "../../../src/services/sns/fanout.ts";
import { LIMITS } from "../../../src/services/sns/limits.ts";
import { publish } from "../../../src/services/sns/publish.ts";
import { addSubscription } from "../../../src/services/sns/subscription.ts";
import { findTopic, putTopic } from "../../../src/services/sns/topic.ts";
import type { TopicRecord } from "../../../src/services/sns/topic.ts";
import { partsInMemory } from "./parts.ts";

const TOPIC: TopicRecord = {
  accountId: "000000000000",
  region: "us-east-1",
  name: "large",
  id: "topic",
  isFifo: false,
  createdAtMs: 0,
  revision: 0,
  attributes: {},
  tags: {},
};

test("every subscription of a topic with more than are looked at together gets a message once", async () => {
  const count = 2 * LIMITS.routesPerTopic + 3;
  const { sns, clock, served } = partsInMemory();
  const { store, random } = sns.deps;
  const runner = new WorkRunner({
    store,
    clock,
    log: silentLog,
    random,
    node: "test",
    handlerOf: async () => fanoutTimer(sns),
  });
  await runner.start();
  await store.transact(async (tx) => {
    putTopic(tx, TOPIC);
    for (let index = 0; index < count; index += 1) {
      addSubscription(tx, TOPIC, {
        id: random.uuid(),
        topicId: TOPIC.id,
        topic: TOPIC,
        ownerId: TOPIC.accountId,
        protocol: "sqs",
        endpoint: `arn:aws:sqs:us-east-1:000000000000:q${index}`,
        isPending: false,
        wasAuthenticated: true,
        authenticateOnUnsubscribe: false,
        createdAtMs: 0,
        attributes: { RawMessageDelivery: "true" },
      });
    }
  });
  await store.transact(async (tx) => {
    const topic = await findTopic(tx, TOPIC);
    assert.ok(topic);
    const message = { messageId: "m", requestId: "r", publishedAtMs: 0, body: "b", attributes: {} };
    await publish(sns, tx, topic, { message, signatures: new Map() });
  });
  assert.equal(served.length, LIMITS.fanoutPerTransaction, "the publish serves a bounded number");
  await clock.settle();
  assert.equal(served.length, count);
  assert.equal(new Set(served).size, count);
  await runner.stop();
  await store.close();
});
