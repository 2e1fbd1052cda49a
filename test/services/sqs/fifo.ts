import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";
import { checkedState } from "./queue-state.ts";

const NOT_RETRYABLE =
  "Value a for parameter ReceiveRequestAttemptId is invalid. Reason: The receiveRequestAttemptId" +
  " is not valid anymore since the receive call is not retryable.";

export const fifo: Topic = (bench) => {
  const sendAll = async (url: string, group: string, bodies: readonly string[]): Promise<void> => {
    for (const body of bodies) await bench().sendTo(url, group, body);
  };

  test("a FIFO queue needs a message group id, and takes no delay of one message", async () => {
    const url = await bench().fifo();
    await refused(bench().send(url, "x"), "MissingParameter", /MessageGroupId/);
    const delayed = bench().send(url, "x", { MessageGroupId: "g", DelaySeconds: 1 });
    await refused(delayed, "InvalidParameterValue", /not valid for this queue type/);
    await bench().send(url, "x", { MessageGroupId: "g", DelaySeconds: 0 });
  });

  test("group, deduplication and attempt ids have 1 to 128 letters, digits and punctuation", async () => {
    const url = await bench().fifo();
    const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    await bench().send(url, "x", {
      MessageGroupId: punctuation,
      MessageDeduplicationId: punctuation,
    });
    await bench().receiveOne(url, { ReceiveRequestAttemptId: punctuation });
    for (const bad of ["", "a b", "ä", "x".repeat(129), "\u0000"]) {
      const group = bench().send(url, "x", { MessageGroupId: bad });
      await refused(group, "InvalidParameterValue", /MessageGroupId/);
      const id = bench().send(url, "x", { MessageGroupId: "g", MessageDeduplicationId: bad });
      await refused(id, "InvalidParameterValue", /MessageDeduplicationId/);
      const attempt = bench().receive(url, { ReceiveRequestAttemptId: bad });
      await refused(attempt, "InvalidParameterValue", /ReceiveRequestAttemptId/);
    }
  });

  test("sequence numbers have 20 digits and increase within a group", async () => {
    const url = await bench().fifo();
    let last = "";
    for (let index = 0; index < 12; index += 1) {
      const { SequenceNumber = "" } = await bench().sendTo(url, "g", String(index));
      assert.match(SequenceNumber, /^\d{20}$/);
      assert.ok(SequenceNumber > last);
      last = SequenceNumber;
      if (index === 5) await bench().clock.set(bench().clock.now() - 60_000);
    }
    assert.deepEqual(
      (await bench().bodies(url)).map(Number),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
      "in order although the clock went back",
    );
  });

  test("sequence numbers of an emptied group increase over a clock set back and a restart", async () => {
    let url = await bench().fifo();
    let last = "";
    for (const step of ["none", "set back", "restart", "none"]) {
      const { SequenceNumber = "" } = await bench().sendTo(url, "g", step + last);
      assert.ok(SequenceNumber > last, step);
      last = SequenceNumber;
      const [message] = await bench().receive(url);
      await bench().client.deleteMessage({ QueueUrl: url, ReceiptHandle: message?.ReceiptHandle });
      if (step === "set back") await bench().clock.set(bench().clock.now() - 3_600_000);
      if (step === "restart" && bench().keepsData) url = (await bench().restart())(url);
    }
  });

  test("a receive gets as many of one group as it can, in order", async () => {
    const url = await bench().fifo();
    await sendAll(url, "a", ["a1", "a2", "a3"]);
    await sendAll(url, "b", ["b1", "b2"]);
    assert.deepEqual(await bench().bodies(url, { MaxNumberOfMessages: 2 }), ["a1", "a2"]);
    assert.deepEqual(await bench().bodies(url), ["b1", "b2"], "a is locked");
    assert.deepEqual(await bench().bodies(url), []);
  });

  test("a group is locked until all that are in flight are deleted or back", async () => {
    const url = await bench().fifo();
    await sendAll(url, "g", ["1", "2", "3"]);
    const [one, two] = await bench().receive(url, { MaxNumberOfMessages: 2 });
    assert.ok(one && two);
    await bench().delete(url, one);
    assert.deepEqual(await bench().bodies(url), []);
    await bench().delete(url, two);
    assert.deepEqual(await bench().bodies(url), ["3"]);
  });

  test("a timeout brings messages back to their place, whatever order they come back in", async () => {
    const url = await bench().fifo();
    await sendAll(url, "g", ["1", "2", "3", "4"]);
    const held = await bench().receive(url, { MaxNumberOfMessages: 3 });
    const [, two] = held;
    await bench().client.changeMessageVisibility({
      QueueUrl: url,
      ReceiptHandle: two?.ReceiptHandle,
      VisibilityTimeout: 0,
    });
    assert.deepEqual(await bench().bodies(url), [], "1 and 3 still hold the group");
    await bench().advance(30);
    assert.deepEqual(await bench().bodies(url), ["1", "2", "3", "4"]);
    await checkedState(bench().server.store, url);
  });

  test("messages of one receive with different timeouts keep the group locked until the last", async () => {
    const url = await bench().fifo();
    await sendAll(url, "g", ["1", "2"]);
    const [one] = await bench().receive(url);
    await bench().client.changeMessageVisibility({
      QueueUrl: url,
      ReceiptHandle: one?.ReceiptHandle,
      VisibilityTimeout: 5,
    });
    await bench().advance(5);
    assert.deepEqual(await bench().bodies(url), []);
    await bench().advance(25);
    assert.deepEqual(await bench().bodies(url), ["1", "2"]);
  });

  test("other groups flow while one is locked, and groups take turns", async () => {
    const url = await bench().fifo();
    await sendAll(
      url,
      "noisy",
      Array.from({ length: 30 }, (_, index) => `n${index}`),
    );
    await bench().sendTo(url, "quiet", "q");
    assert.equal((await bench().bodies(url)).length, 10);
    assert.deepEqual(await bench().bodies(url), ["q"]);
  });

  test("a delete after the visibility timeout fails and deletes nothing [DeleteMessage]", async () => {
    const url = await bench().fifo();
    await bench().sendTo(url, "g", "x");
    const message = await bench().receiveOne(url);
    await bench().advance(30);
    const words = /Reason: The receipt handle has expired/;
    await refused(bench().delete(url, message), "InvalidParameterValue", words);
    const batch = await bench().client.deleteMessageBatch({
      QueueUrl: url,
      Entries: [{ Id: "a", ReceiptHandle: message.ReceiptHandle }],
    });
    const failed = { Code: "ReceiptHandleIsInvalid", Message: "The receipt handle has expired" };
    assert.deepEqual(batch.Failed, [{ Id: "a", SenderFault: true, ...failed }]);
    const again = await bench().receiveOne(url);
    await refused(bench().delete(url, message), "InvalidParameterValue", words);
    await bench().delete(url, again);
    await bench().delete(url, again);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("a retried attempt gets the same messages and handles, hidden anew", async () => {
    const url = await bench().fifo();
    await sendAll(url, "g", ["1", "2", "3"]);
    const attempt = { ReceiveRequestAttemptId: "a", MaxNumberOfMessages: 2 };
    const first = await bench().receive(url, attempt);
    await bench().advance(20);
    const second = await bench().receive(url, attempt);
    assert.deepEqual(second, first);
    await bench().advance(20);
    assert.deepEqual(await bench().bodies(url), [], "the timeout began anew");
    assert.deepEqual(await bench().receive(url, attempt), first);
    await bench().advance(30);
    assert.deepEqual(await bench().bodies(url), ["1", "2", "3"]);
    await checkedState(bench().server.store, url);
  });

  test("an attempt whose messages were changed is refused, one older than 5 minutes forgotten", async () => {
    const url = await bench().fifo({ VisibilityTimeout: "600" });
    await sendAll(url, "g", ["1", "2"]);
    const attempt = { ReceiveRequestAttemptId: "a" };
    const [one, two] = await bench().receive(url, attempt);
    assert.ok(one && two);
    const { client } = bench();
    const held = { QueueUrl: url, ReceiptHandle: two.ReceiptHandle };
    await client.changeMessageVisibility({ ...held, VisibilityTimeout: 100 });
    await refused(bench().receive(url, attempt), "InvalidParameterValue", NOT_RETRYABLE);
    await bench().advance(100);
    await refused(bench().receive(url, attempt), "InvalidParameterValue", NOT_RETRYABLE);
    await bench().advance(500);
    assert.deepEqual(await bench().bodies(url, { ReceiveRequestAttemptId: "b" }), ["1", "2"]);
    await bench().advance(300);
    assert.deepEqual(await bench().bodies(url, { ReceiveRequestAttemptId: "b" }), []);
  });

  test("an attempt whose visibility timeout ended is a new receive", async () => {
    const url = await bench().fifo();
    await bench().sendTo(url, "g", "1");
    const attempt = { ReceiveRequestAttemptId: "a" };
    await bench().receive(url, attempt);
    await bench().advance(30);
    const again = await bench().receiveOne(url, attempt);
    assert.equal(again.Attributes?.ApproximateReceiveCount, "2");
    await bench().advance(30);
    await bench().receiveOne(url);
    assert.deepEqual(await bench().bodies(url, attempt), [], "another receive has it");
  });

  test("an attempt whose message was dead-lettered after its timeout is a new receive", async () => {
    const { source } = await bench().queueWithDeadLetters(1, (given) => bench().fifo(given));
    await bench().sendTo(source, "g", "1");
    const attempt = { ReceiveRequestAttemptId: "a" };
    await bench().receiveOne(source, attempt);
    await bench().advance(30);
    assert.deepEqual(await bench().bodies(source, attempt), []);
    assert.deepEqual(await bench().bodies(source, attempt), []);
  });

  test("an attempt whose message was deleted is refused for 5 minutes", async () => {
    const url = await bench().fifo();
    await bench().sendTo(url, "g", "1");
    const attempt = { ReceiveRequestAttemptId: "a" };
    await bench().delete(url, await bench().receiveOne(url, attempt));
    await bench().advance(299);
    await refused(bench().receive(url, attempt), "InvalidParameterValue", NOT_RETRYABLE);
    await bench().advance(1);
    assert.deepEqual(await bench().bodies(url, attempt), []);
  });

  test("after a delete an attempt is refused, and changes no other message", async () => {
    const url = await bench().fifo();
    await sendAll(url, "g", ["1", "2"]);
    const attempt = { ReceiveRequestAttemptId: "a" };
    const [, two] = await bench().receive(url, attempt);
    assert.ok(two);
    await bench().advance(10);
    await bench().delete(url, two);
    await refused(bench().receive(url, attempt), "InvalidParameterValue", NOT_RETRYABLE);
    await bench().advance(20);
    assert.deepEqual(await bench().bodies(url), ["1"], "its timeout did not begin anew");
  });

  test("a receipt ends when its message is back in its group, also when the clock is set back then", async () => {
    for (const endsBy of ["its timeout", "a changed timeout"] as const) {
      const url = await bench().fifo();
      await sendAll(url, "g", ["1", "2"]);
      const attempt = { ReceiveRequestAttemptId: "a" };
      const [held] = await bench().receive(url, { ...attempt, MaxNumberOfMessages: 1 });
      const handle = { QueueUrl: url, ReceiptHandle: held?.ReceiptHandle };
      if (endsBy === "its timeout") await bench().advance(31);
      else await bench().client.changeMessageVisibility({ ...handle, VisibilityTimeout: 0 });
      assert.equal(await bench().counts(url), "2 ready, 0 delayed, 0 in flight");
      await bench().clock.set(bench().clock.now() - 5_000);
      await refused(bench().client.deleteMessage(handle), "InvalidParameterValue", /expired/);
      const change = bench().client.changeMessageVisibility({ ...handle, VisibilityTimeout: 9 });
      await refused(change, "InvalidParameterValue", /expired/);
      if (endsBy === "its timeout") {
        assert.deepEqual(await bench().bodies(url, attempt), ["1", "2"], "a new receive");
        await bench().advance(31);
      }
      await checkedState(bench().server.store, url);
      assert.deepEqual(await bench().bodies(url), ["1", "2"]);
    }
  });

  test("a delay of the queue holds each message, and a changed one holds for those already sent", async () => {
    const url = await bench().fifo({ DelaySeconds: "60" });
    await bench().sendTo(url, "g", "1");
    await bench().advance(30);
    await bench().sendTo(url, "g", "2");
    assert.equal(await bench().counts(url), "0 ready, 2 delayed, 0 in flight");
    await bench().advance(30);
    assert.deepEqual(await bench().bodies(url), ["1"]);
    await bench().set(url, { DelaySeconds: "40" });
    await bench().advance(30);
    assert.deepEqual(await bench().bodies(url), ["1", "2"]);
    await checkedState(bench().server.store, url);
  });

  test("a shorter delay shows messages at once, and their counts are right ever after", async () => {
    const url = await bench().fifo({ DelaySeconds: "900" });
    await sendAll(url, "g", ["1", "2"]);
    const { received } = await bench().poll(url);
    await bench().set(url, { DelaySeconds: "10" });
    await bench().advance(10);
    assert.deepEqual(await received, ["1", "2"]);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 2 in flight");
    await bench().advance(30);
    for (const message of await bench().receive(url)) await bench().delete(url, message);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
    await bench().advance(900);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("a longer delay holds what was to be had already", async () => {
    const url = await bench().fifo();
    await bench().sendTo(url, "g", "1");
    await bench().set(url, { DelaySeconds: "60" });
    assert.deepEqual(await bench().bodies(url), []);
    await bench().advance(60);
    assert.deepEqual(await bench().bodies(url), ["1"]);
    await checkedState(bench().server.store, url);
  });

  test("order and locks hold over a restart", async (t) => {
    if (!bench().keepsData) return t.skip("this store keeps nothing");
    const url = await bench().fifo();
    await sendAll(url, "g", ["1", "2", "3"]);
    const held = await bench().receiveOne(url);
    const moved = await bench().restart();
    assert.deepEqual(await bench().bodies(moved(url)), []);
    await bench().sendTo(moved(url), "g", "4");
    await bench().delete(moved(url), held);
    assert.deepEqual(await bench().bodies(moved(url)), ["2", "3", "4"]);
    await checkedState(bench().server.store, moved(url));
  });
};
