import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { DEDUPLICATION, FORGET } from "../../../src/services/sqs/keys.ts";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

export const deduplication: Topic = (bench) => {
  const sendAs = (
    url: string,
    MessageDeduplicationId: string,
    body: string,
    MessageGroupId = "g",
  ) => bench().send(url, body, { MessageGroupId, MessageDeduplicationId });

  test("the same id within 5 minutes is the same message, also after it was deleted", async () => {
    const url = await bench().fifo();
    const first = await sendAs(url, "d", "first");
    const again = await sendAs(url, "d", "other body", "other");
    assert.equal(again.MessageId, first.MessageId);
    assert.equal(again.SequenceNumber, first.SequenceNumber);
    assert.equal(again.MD5OfMessageBody, createHash("md5").update("other body").digest("hex"));
    const message = await bench().receiveOne(url);
    assert.equal(message.Body, "first");
    await bench().delete(url, message);
    await bench().advance(299.999);
    assert.equal((await sendAs(url, "d", "x")).MessageId, first.MessageId);
    assert.deepEqual(await bench().bodies(url), []);
    await bench().advance(0.001);
    assert.notEqual((await sendAs(url, "d", "x")).MessageId, first.MessageId);
    assert.deepEqual(await bench().bodies(url), ["x"]);
  });

  test("ids of a queue that falls idle are removed, though nobody sends any more", async () => {
    const url = await bench().fifo();
    for (let index = 0; index < 30; index += 1) {
      const Entries = Array.from({ length: 10 }, (_, at) => ({
        Id: `${at}`,
        MessageBody: `${index}.${at}`,
        MessageGroupId: "g",
      }));
      await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
    }
    const kept = () =>
      bench().server.store.read(async (reader) => {
        const limit = { limit: 1_000 };
        const ids = await reader.range(DEDUPLICATION.below(), limit);
        return ids.length + (await reader.range(FORGET.below(), limit)).length;
      });
    assert.equal(await kept(), 600);
    await bench().advance(600);
    assert.equal(await kept(), 0);
  });

  test("without an id the content is the id, where the queue says so: SHA-256 of the body", async () => {
    const url = await bench().fifo();
    const MessageAttributes = { a: { DataType: "String", StringValue: "1" } };
    await bench().send(url, "x", { MessageGroupId: "g" });
    await bench().send(url, "x", { MessageGroupId: "g", MessageAttributes });
    await sendAs(url, createHash("sha256").update("x").digest("hex"), "z");
    await sendAs(url, "own", "x");
    const got = await bench().receive(url);
    assert.deepEqual(
      got.map(({ Body }) => Body),
      ["x", "x"],
    );
    const id = createHash("sha256").update("x").digest("hex");
    assert.equal(got[0]?.Attributes?.["MessageDeduplicationId"], id);
    assert.equal(got[1]?.Attributes?.["MessageDeduplicationId"], "own");
  });

  test("a queue without content-based deduplication needs an id", async () => {
    const url = await bench().fifo({ ContentBasedDeduplication: "false" });
    const sent = bench().send(url, "x", { MessageGroupId: "g" });
    const words = /ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly/;
    await refused(sent, "InvalidParameterValue", words);
    await sendAs(url, "d", "x");
  });

  test("with the scope messageGroup each group has ids of its own", async () => {
    const url = await bench().fifo({ DeduplicationScope: "messageGroup" });
    await sendAs(url, "d", "a", "one");
    await sendAs(url, "d", "b", "two");
    await sendAs(url, "d", "c", "two");
    assert.deepEqual(await bench().bodies(url), ["a", "b"]);
  });

  test("a purge forgets ids", async () => {
    const url = await bench().fifo();
    await sendAs(url, "d", "old");
    await bench().client.purgeQueue({ QueueUrl: url });
    await sendAs(url, "d", "new");
    assert.deepEqual(await bench().bodies(url), ["new"]);
  });

  test("the same id sent many times at once is one message", async () => {
    const url = await bench().fifo();
    const sent = await Promise.all(
      Array.from({ length: 20 }, (_, index) => sendAs(url, "d", `${index}`)),
    );
    assert.equal(new Set(sent.map(({ MessageId }) => MessageId)).size, 1);
    assert.equal((await bench().bodies(url)).length, 1);
  });

  test("ids are remembered over a restart", async (t) => {
    if (!bench().keepsData) return t.skip("this store keeps nothing");
    const url = await bench().fifo();
    const first = await sendAs(url, "d", "x");
    const moved = await bench().restart();
    assert.equal((await sendAs(moved(url), "d", "y")).MessageId, first.MessageId);
  });
};
