import assert from "node:assert/strict";
import { test } from "node:test";
import type { Topic } from "./fixture.ts";
import { checkedState } from "./queue-state.ts";

const EMPTY = { messages: 0, ready: 0, delayed: 0, inFlight: 0 };

export const retention: Topic = (bench) => {
  const stateOf = (url: string) => checkedState(bench().server.store, url);

  test("a message is gone when the retention period is over, without anybody asking", async () => {
    for (const kind of ["queue", "fifo"] as const) {
      const url = await bench()[kind]({ MessageRetentionPeriod: "60" });
      await bench().send(url, "x", kind === "fifo" ? { MessageGroupId: "g" } : {});
      await bench().advance(59.999);
      assert.equal((await stateOf(url)).messages, 1);
      await bench().advance(2);
      assert.deepEqual(await stateOf(url), EMPTY);
      assert.deepEqual(await bench().bodies(url), []);
    }
  });

  test("an expired message is not received, to the millisecond", async () => {
    const url = await bench().queue({ MessageRetentionPeriod: "60" });
    await bench().send(url, "x");
    await bench().advance(59.999);
    assert.deepEqual(await bench().bodies(url, { VisibilityTimeout: 0 }), ["x"]);
    await bench().advance(0.001);
    assert.deepEqual(await bench().bodies(url), []);
  });

  for (const kind of ["queue", "fifo"] as const) {
    const group = kind === "fifo" ? { MessageGroupId: "g" } : {};

    test(`messages in flight expire too, and their group goes on (${kind})`, async () => {
      const url = await bench()[kind]({ MessageRetentionPeriod: "60" });
      await bench().send(url, "old", group);
      const held = await bench().receiveOne(url, { VisibilityTimeout: 600 });
      await bench().advance(30);
      await bench().send(url, "young", group);
      await bench().advance(32);
      assert.equal((await stateOf(url)).messages, 1);
      assert.deepEqual(await bench().bodies(url), ["young"]);
      await bench().delete(url, held);
      await stateOf(url);
    });

    test(`delayed messages expire too (${kind})`, async () => {
      const url = await bench()[kind]({ MessageRetentionPeriod: "60", DelaySeconds: "900" });
      await bench().send(url, "x", group);
      assert.equal((await stateOf(url)).delayed, 1);
      await bench().advance(62);
      assert.deepEqual(await stateOf(url), EMPTY);
    });

    test(`a shorter period drops what is older, a longer one keeps it (${kind})`, async () => {
      const url = await bench()[kind]({ MessageRetentionPeriod: "3600" });
      await bench().send(url, "x", group);
      await bench().advance(1_000);
      await bench().set(url, { MessageRetentionPeriod: "7200" });
      await bench().advance(3_000);
      assert.equal(await bench().counts(url), "1 ready, 0 delayed, 0 in flight");
      await bench().set(url, { MessageRetentionPeriod: "60" });
      assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
      await bench().clock.settle();
      assert.deepEqual(await stateOf(url), EMPTY);
    });
  }

  test("many expire together", async () => {
    const url = await bench().queue({ MessageRetentionPeriod: "60" });
    for (let index = 0; index < 45; index += 1) {
      const Entries = Array.from({ length: 10 }, (_, at) => ({ Id: String(at), MessageBody: "x" }));
      await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
    }
    await bench().advance(60);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
    assert.deepEqual(await stateOf(url), EMPTY);
  });
};
