import assert from "node:assert/strict";
import { test } from "node:test";
import { countDead, retryDead } from "../../../../src/kernel/dead-work.ts";
import { silentLog } from "../../../../src/kernel/log.ts";
import { WorkRunner } from "../../../../src/kernel/work-runner.ts";
import type { Key } from "../../../../src/kernel/tuple.ts";
import type { TimerHandler } from "../../../../src/kernel/work.ts";
import {
  FANOUT_WORK,
  FanoutBudget,
  fanoutTimer,
} from "../../../../src/services/sns/publish/fanout.ts";
import { LIMITS } from "../../../../src/services/sns/limits.ts";
import { publish } from "../../../../src/services/sns/publish/publish.ts";
import type { Publication } from "../../../../src/services/sns/publish/publish.ts";
import { addSubscription } from "../../../../src/services/sns/subscription.ts";
import type { SubscriptionProtocol } from "../../../../src/services/sns/subscription.ts";
import { findTopic, putTopic } from "../../../../src/services/sns/topic.ts";
import type { TopicRecord } from "../../../../src/services/sns/topic.ts";
import { partsInMemory } from "../parts.ts";

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

type Parts = ReturnType<typeof partsInMemory>;
/** Publishes in one transaction. */
type PublishAll = (...publications: Publication[]) => Promise<void>;

/** A topic with so many queues subscribed, and what works off the rest of its publishes. */
async function withTopic(
  count: number,
  protocol: SubscriptionProtocol,
  body: (parts: Parts & { readonly publishAll: PublishAll }) => Promise<void>,
): Promise<void> {
  const parts = partsInMemory();
  const { sns, clock } = parts;
  const { store, random } = sns.deps;
  const handlerOf = async (): Promise<TimerHandler> => fanoutTimer(sns);
  const runner = new WorkRunner({ store, clock, log: silentLog, random, node: "test", handlerOf });
  await runner.start();
  await store.transact(async (tx) => {
    putTopic(tx, TOPIC);
    for (let index = 0; index < count; index += 1) {
      addSubscription(tx, TOPIC, {
        id: random.uuid(),
        topicId: TOPIC.id,
        topic: TOPIC,
        ownerId: TOPIC.accountId,
        protocol,
        endpoint: `arn:aws:sqs:us-east-1:000000000000:q${index}`,
        isPending: false,
        wasAuthenticated: true,
        authenticateOnUnsubscribe: false,
        createdAtMs: 0,
        attributes: { RawMessageDelivery: "true" },
      });
    }
  });
  const publishAll: PublishAll = (...publications) =>
    store.transact(async (tx) => {
      const topic = await findTopic(tx, TOPIC);
      assert.ok(topic);
      for (const each of publications) await publish(sns, tx, topic, each);
    });
  await body({ ...parts, publishAll });
  await runner.stop();
  await store.close();
}

function publication(messageId: string, bytes: number, budget?: FanoutBudget): Publication {
  const body = "b".repeat(bytes);
  const message = { messageId, requestId: "r", publishedAtMs: 0, body, attributes: {} };
  return { message, signatures: new Map(), budget };
}

test("every subscription of a topic with more than are looked at together gets a message once", async () => {
  const count = 2 * LIMITS.routesPerTopic + 3;
  await withTopic(count, "sqs", async ({ publishAll, clock, served }) => {
    await publishAll(publication("m", 1));
    assert.equal(served.length, LIMITS.fanoutPerTransaction, "the publish serves a bounded number");
    await clock.settle();
    assert.equal(served.length, count);
    assert.equal(new Set(served).size, count);
  });
});

test("what is published together shares what one transaction delivers", async () => {
  const count = LIMITS.fanoutPerTransaction - 1;
  await withTopic(count, "sqs", async ({ publishAll, clock, served }) => {
    const budget = new FanoutBudget();
    await publishAll(...["a", "b", "c"].map((id) => publication(id, 1, budget)));
    assert.equal(served.length, LIMITS.fanoutPerTransaction);
    await clock.settle();
    assert.equal(served.length, 3 * count);
    const times = new Set(served.map((arn) => served.filter((each) => each === arn).length));
    assert.deepEqual([...times], [3]);
  });
});

test("large messages go to fewer subscriptions in one transaction", async () => {
  const large = publication("m", LIMITS.fanoutBytesPerTransaction / 4);
  const { body: sqs, ...message } = large.message;
  const ownBody = { ...large, message: { ...message, body: "b", bodies: { sqs } } };
  for (const each of [large, ownBody]) {
    await withTopic(20, "sqs", async ({ publishAll, clock, served }) => {
      await publishAll(each);
      assert.equal(served.length, 4);
      await clock.settle();
      assert.equal(new Set(served).size, 20);
      assert.equal(served.length, 20);
    });
  }
});

test("a fan-out that gave up goes on where it was when it is tried again", async () => {
  const count = 2 * LIMITS.fanoutPerTransaction + 1;
  await withTopic(count, "sqs", async ({ publishAll, clock, served, target, sns }) => {
    const { store } = sns.deps;
    await publishAll(publication("m", 1));
    target.isBroken = true;
    await clock.advance(3_600_000);
    assert.equal(served.length, LIMITS.fanoutPerTransaction);
    assert.deepEqual(await store.read(countDead), { [FANOUT_WORK]: 1 });
    target.isBroken = false;
    assert.equal(await retryDead(store, { kind: FANOUT_WORK }, clock.now()), 1);
    await clock.settle();
    assert.equal(served.length, count);
    assert.equal(new Set(served).size, count);
  });
});

test("what many deliveries read is fetched together", async () => {
  await withTopic(20, "sms", async ({ sns }) => {
    const fetched: Key[] = [];
    await sns.deps.store.transact(async (tx) => {
      const topic = await findTopic(tx, TOPIC);
      assert.ok(topic);
      const { get } = tx;
      const read: Key[] = [];
      Object.assign(tx, {
        prefetch: async (keys: readonly Key[]) => void fetched.push(...keys),
        get: (key: Key) => {
          read.push(key);
          return Reflect.apply(get, tx, [key]);
        },
      });
      await publish(sns, tx, topic, publication("m", 1));
      assert.ok(
        read.every((key) => fetched.includes(key)),
        "each read is one of those",
      );
    });
    assert.equal(fetched.length, 20);
  });
});
