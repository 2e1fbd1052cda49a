import assert from "node:assert/strict";
import { test } from "node:test";
import type { Topic } from "./fixture.ts";
import { checkedState } from "./queue-state.ts";

export const deadLetters: Topic = (bench) => {
  for (const kind of ["queue", "fifo"] as const) {
    const group = kind === "fifo" ? { MessageGroupId: "g" } : {};

    test(`a message received maxReceiveCount times goes to the dead-letter queue (${kind})`, async () => {
      const made = await bench().queueWithDeadLetters(2, (given) => bench()[kind](given));
      const { source, deadLetters: target } = made;
      const sent = await bench().send(source, "x", group);
      const firstMs = bench().clock.now();
      for (let index = 0; index < 2; index += 1) {
        assert.deepEqual(await bench().bodies(source), ["x"]);
        assert.equal(await bench().counts(target), "0 ready, 0 delayed, 0 in flight");
        await bench().advance(30);
      }
      assert.deepEqual(await bench().bodies(source), []);
      assert.equal(await bench().counts(source), "0 ready, 0 delayed, 0 in flight");
      const dead = await bench().receiveOne(target);
      assert.equal(dead.MessageId, sent.MessageId);
      assert.equal(dead.Body, "x");
      assert.equal(dead.Attributes?.["DeadLetterQueueSourceArn"], await bench().arn(source));
      assert.equal(dead.Attributes?.["ApproximateReceiveCount"], "3", "across all queues");
      assert.equal(dead.Attributes?.["ApproximateFirstReceiveTimestamp"], String(firstMs));
      await checkedState(bench().server.store, source);
      await checkedState(bench().server.store, target);
    });
  }

  test("a receive passes over dead letters to what it can answer", async () => {
    const { source, deadLetters: target } = await bench().queueWithDeadLetters(1);
    for (let index = 0; index < 15; index += 1) await bench().send(source, `bad${index}`);
    await bench().receive(source);
    await bench().receive(source);
    await bench().advance(30);
    await bench().send(source, "good");
    assert.deepEqual(await bench().bodies(source), ["good"]);
    assert.equal(await bench().counts(target), "15 ready, 0 delayed, 0 in flight");
  });

  for (const kind of ["queue", "fifo"] as const) {
    test(`a long poll passes over any number of dead letters to what it can answer (${kind})`, async () => {
      const made = await bench().queueWithDeadLetters(1, (given) => bench()[kind](given));
      const { source, deadLetters: target } = made;
      const send = (body: string): Promise<unknown> =>
        kind === "fifo" ? bench().sendTo(source, body, body) : bench().send(source, body);
      for (let index = 0; index < 45; index += 1) await send(`bad${index}`);
      for (let index = 0; index < 5; index += 1) await bench().receive(source);
      await bench().advance(30);
      const one = { MaxNumberOfMessages: 1 };
      assert.deepEqual(await bench().receive(source, one), []);
      await send("good");
      const received = await bench().receive(source, { ...one, WaitTimeSeconds: 20 });
      assert.deepEqual(
        received.map(({ Body }) => Body),
        ["good"],
      );
      assert.equal(await bench().counts(target), "45 ready, 0 delayed, 0 in flight");
    });
  }

  test("a long poll on the dead-letter queue is woken", async () => {
    const { source, deadLetters: target } = await bench().queueWithDeadLetters(1);
    await bench().send(source, "x");
    await bench().receiveOne(source, { VisibilityTimeout: 0 });
    const { received } = await bench().poll(target);
    assert.deepEqual(await bench().bodies(source), []);
    assert.deepEqual(await received, ["x"]);
  });

  test("on a FIFO queue the group goes on when its head is dead-lettered", async () => {
    const made = await bench().queueWithDeadLetters(1, (given) => bench().fifo(given));
    for (const body of ["1", "2", "3"]) await bench().sendTo(made.source, "g", body);
    await bench().receive(made.source, { MaxNumberOfMessages: 2 });
    await bench().advance(30);
    assert.deepEqual(await bench().bodies(made.source), ["3"], "one receive passes over both");
    assert.deepEqual(await bench().bodies(made.deadLetters), ["1", "2"], "in their order");
    await checkedState(bench().server.store, made.source);
  });

  test("two FIFO messages that share a deduplication id are two dead letters", async () => {
    const made = await bench().queueWithDeadLetters(1, (given) => bench().fifo(given));
    const { MessageId } = await bench().send(made.source, "x", { MessageGroupId: "g" });
    await bench().receiveOne(made.source);
    await bench().advance(300);
    await bench().send(made.source, "x", { MessageGroupId: "g" });
    await bench().receive(made.source);
    await bench().advance(30);
    await bench().receive(made.source);
    const dead = await bench().receive(made.deadLetters);
    assert.equal(dead.length, 2);
    assert.equal(dead[0]?.Attributes?.["MessageDeduplicationId"], MessageId);
  });

  test("without its dead-letter queue a message is received on and on", async () => {
    const { source, deadLetters: target } = await bench().queueWithDeadLetters(1);
    await bench().client.deleteQueue({ QueueUrl: target });
    await bench().send(source, "x");
    for (let index = 0; index < 3; index += 1) {
      assert.deepEqual(await bench().bodies(source), ["x"]);
      await bench().advance(30);
    }
  });

  test("retention goes on from the first send on a standard queue, and anew on a FIFO queue", async () => {
    for (const kind of ["queue", "fifo"] as const) {
      const made = await bench().queueWithDeadLetters(1, (given) => bench()[kind](given));
      const { source, deadLetters: target } = made;
      await bench().set(target, { MessageRetentionPeriod: "1000" });
      await bench().send(source, "x", kind === "fifo" ? { MessageGroupId: "g" } : {});
      await bench().receiveOne(source);
      await bench().advance(600);
      await bench().receive(source);
      await bench().advance(399);
      assert.equal(await bench().counts(target), "1 ready, 0 delayed, 0 in flight");
      await bench().advance(1);
      const left = kind === "queue" ? 0 : 1;
      assert.equal(await bench().counts(target), `${left} ready, 0 delayed, 0 in flight`);
      await bench().advance(600);
      assert.equal(await bench().counts(target), "0 ready, 0 delayed, 0 in flight");
    }
  });

  test("the sources of a dead-letter queue are listed in pages [ListDeadLetterSourceQueues]", async () => {
    const { client } = bench();
    const QueueUrl = await bench().queue({}, "dead");
    const deadLetterTargetArn = await bench().arn(QueueUrl);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
    const urls: string[] = [];
    for (const name of ["s1", "s2", "s3"]) urls.push(await bench().queue({ RedrivePolicy }, name));
    assert.deepEqual((await client.listDeadLetterSourceQueues({ QueueUrl })).queueUrls, urls);
    const page = await client.listDeadLetterSourceQueues({ QueueUrl, MaxResults: 2 });
    assert.deepEqual(page.queueUrls, urls.slice(0, 2));
    const { NextToken } = page;
    const rest = await client.listDeadLetterSourceQueues({ QueueUrl, MaxResults: 2, NextToken });
    assert.deepEqual(rest.queueUrls, urls.slice(2));
    assert.equal(rest.NextToken, undefined);
    await bench().set(urls[0] ?? "", { RedrivePolicy: "" });
    await client.deleteQueue({ QueueUrl: urls[1] ?? "" });
    assert.deepEqual(
      (await client.listDeadLetterSourceQueues({ QueueUrl })).queueUrls,
      urls.slice(2),
    );
  });
};
