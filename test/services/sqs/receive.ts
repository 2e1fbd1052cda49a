import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";
import { addInFlight } from "./queue-state.ts";
import type { MessageSystemAttributeName } from "@aws-sdk/client-sqs";

export const receive: Topic = (bench) => {
  test("a receive answers 1 message by default and 10 at most [ReceiveMessage]", async () => {
    const { client } = bench();
    const url = await bench().queue();
    for (let index = 0; index < 12; index += 1) await bench().send(url, String(index));
    const { Messages = [] } = await client.receiveMessage({ QueueUrl: url });
    assert.equal(Messages.length, 1);
    assert.equal((await bench().bodies(url)).length, 10);
    assert.equal((await bench().bodies(url)).length, 1);
    assert.deepEqual(await bench().bodies(url), []);
  });

  test("an empty answer has no Messages", async () => {
    const { client } = bench();
    const answer = await client.receiveMessage({ QueueUrl: await bench().queue() });
    assert.equal(answer.Messages, undefined);
  });

  test("numbers are whole and in their ranges", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    for (const input of [
      { MaxNumberOfMessages: 0 },
      { MaxNumberOfMessages: 11 },
      { MaxNumberOfMessages: 1.5 },
      { WaitTimeSeconds: -1 },
      { WaitTimeSeconds: 21 },
      { VisibilityTimeout: -1 },
      { VisibilityTimeout: 43_201 },
    ]) {
      const [name = ""] = Object.keys(input);
      await refused(bench().receive(url, input), "InvalidParameterValue", new RegExp(name));
    }
    assert.deepEqual(await bench().bodies(url), ["x"], "refused receives hide nothing");
  });

  test("without names a message has no attributes", async () => {
    const { client } = bench();
    const url = await bench().queue();
    const MessageAttributes = { a: { DataType: "String", StringValue: "1" } };
    await bench().send(url, "x", { MessageAttributes });
    const { Messages = [] } = await client.receiveMessage({ QueueUrl: url });
    const [message] = Messages;
    assert.ok(message);
    assert.deepEqual(Object.keys(message).toSorted(), [
      "Body",
      "MD5OfBody",
      "MessageId",
      "ReceiptHandle",
    ]);
  });

  test("All system attributes of a message of a standard queue", async () => {
    const url = await bench().queue();
    const sentMs = bench().clock.now();
    await bench().send(url, "x");
    await bench().advance(5);
    const [message] = await bench().receive(url);
    assert.deepEqual(message?.Attributes, {
      SenderId: "key",
      SentTimestamp: String(sentMs),
      ApproximateReceiveCount: "1",
      ApproximateFirstReceiveTimestamp: String(sentMs + 5_000),
    });
  });

  test("All system attributes of a message of a FIFO queue", async () => {
    const url = await bench().fifo();
    const sentMs = bench().clock.now();
    const sent = await bench().send(url, "x", { MessageGroupId: "g", MessageDeduplicationId: "d" });
    const [message] = await bench().receive(url);
    assert.deepEqual(message?.Attributes, {
      SenderId: "key",
      SentTimestamp: String(sentMs),
      ApproximateReceiveCount: "1",
      ApproximateFirstReceiveTimestamp: String(sentMs),
      SequenceNumber: sent.SequenceNumber,
      MessageDeduplicationId: "d",
      MessageGroupId: "g",
    });
  });

  test("system attributes by name, in both members that ask for them", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    const one = await bench().receiveOne(url, {
      MessageSystemAttributeNames: ["SenderId"],
      AttributeNames: ["All"].slice(1) as never,
    });
    assert.deepEqual(Object.keys(one.Attributes ?? {}), ["SenderId"]);
    await bench().advance(30);
    const old = await bench().receiveOne(url, {
      MessageSystemAttributeNames: [],
      AttributeNames: ["ApproximateReceiveCount" as never],
    });
    assert.deepEqual(old.Attributes, { ApproximateReceiveCount: "2" });
    await bench().advance(30);
    const typed = await bench().receiveOne(url, {
      MessageSystemAttributeNames: ["SqsManagedSseEnabled" as MessageSystemAttributeName],
      AttributeNames: ["Policy", "FifoQueue"],
    });
    assert.equal(typed.Attributes, undefined, "names of queue attributes show nothing");
    const unknown = ["Nope" as MessageSystemAttributeName];
    const asked = bench().receive(url, { MessageSystemAttributeNames: unknown });
    await refused(asked, "InvalidParameterValue", /Nope/);
  });

  test("message attributes by name, by prefix, by All and .*", async () => {
    const url = await bench().queue({ VisibilityTimeout: "0" });
    const value = { DataType: "String", StringValue: "1" };
    const MessageAttributes = { "foo.a": value, "foo.b": value, food: value, bar: value };
    await bench().send(url, "x", { MessageAttributes });
    const names = async (...wanted: string[]): Promise<string[]> => {
      const [message] = await bench().receive(url, { MessageAttributeNames: wanted });
      return Object.keys(message?.MessageAttributes ?? {}).toSorted();
    };
    const every = ["bar", "foo.a", "foo.b", "food"];
    assert.deepEqual(await names("All"), every);
    assert.deepEqual(await names(".*"), every);
    assert.deepEqual(await names("bar", "nope"), ["bar"]);
    assert.deepEqual(await names("foo.*"), ["foo.a", "foo.b", "food"]);
    assert.deepEqual(await names("foo.a", "bar"), ["bar", "foo.a"]);
    assert.deepEqual(await names("Bar"), []);
    assert.deepEqual(await names(), []);
  });

  test("the MD5 of attributes is of those that were asked for", async () => {
    const url = await bench().queue();
    const a = { DataType: "String", StringValue: "1" };
    const onlyA = await bench().send(url, "x", { MessageAttributes: { a } });
    const [, both] = [
      await bench().receiveOne(url),
      await bench().send(url, "y", { MessageAttributes: { a, b: a } }),
    ];
    const got = await bench().receiveOne(url, { MessageAttributeNames: ["a"] });
    assert.equal(got.MD5OfMessageAttributes, onlyA.MD5OfMessageAttributes);
    assert.notEqual(got.MD5OfMessageAttributes, both.MD5OfMessageAttributes);
  });

  test("a receive counts, and keeps the time of the first one", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    const firstMs = bench().clock.now();
    for (const count of ["1", "2", "3"]) {
      const { Attributes } = await bench().receiveOne(url);
      assert.equal(Attributes?.["ApproximateReceiveCount"], count);
      assert.equal(Attributes?.["ApproximateFirstReceiveTimestamp"], String(firstMs));
      await bench().advance(30);
    }
  });

  test("every receive of a message has another receipt handle", async () => {
    const url = await bench().queue({ VisibilityTimeout: "0" });
    await bench().send(url, "x");
    const handles = new Set<string>();
    for (let index = 0; index < 5; index += 1)
      handles.add((await bench().receiveOne(url)).ReceiptHandle);
    assert.equal(handles.size, 5);
  });

  test("messages of a standard queue come in the order of sends as long as nothing intervenes", async () => {
    const url = await bench().queue();
    const sent = Array.from({ length: 25 }, (_, index) => `m${index}`);
    for (const body of sent) await bench().send(url, body);
    const got = [await bench().bodies(url), await bench().bodies(url), await bench().bodies(url)];
    assert.deepEqual(got.flat(), sent);
  });

  test("many receivers at once get each message once", async () => {
    const url = await bench().queue();
    const sent = Array.from({ length: 40 }, (_, index) => `m${index}`);
    await Promise.all(sent.map((body) => bench().send(url, body)));
    const got = await Promise.all(
      Array.from({ length: 20 }, () => bench().bodies(url, { MaxNumberOfMessages: 2 })),
    );
    assert.deepEqual(got.flat().toSorted(), sent.toSorted());
  });

  test("120,000 in flight are the most: a short poll is refused, a long one waits [OverLimit]", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    await addInFlight(bench().server.store, url, 120_000);
    await refused(bench().bodies(url), "OverLimit");
    const { received } = await bench().poll(url);
    await addInFlight(bench().server.store, url, -1);
    await bench().send(url, "wakes");
    assert.deepEqual(await received, ["x"], "one place is free");
    await refused(bench().bodies(url), "OverLimit");
  });

  test("a FIFO queue with 120,000 in flight answers nothing, and no error", async () => {
    const url = await bench().fifo();
    await bench().sendTo(url, "g", "x");
    await addInFlight(bench().server.store, url, 120_000);
    assert.deepEqual(await bench().bodies(url), []);
    await addInFlight(bench().server.store, url, -1);
    assert.deepEqual(await bench().bodies(url), ["x"]);
  });

  for (const kind of ["queue", "fifo"] as const) {
    test(`a timeout that ends frees a place for the receive that finds it (${kind})`, async () => {
      const url = await bench()[kind]();
      await bench().send(url, "x", kind === "fifo" ? { MessageGroupId: "g" } : {});
      await bench().receiveOne(url);
      await addInFlight(bench().server.store, url, 119_999);
      await bench().clock.advance(30_000);
      assert.deepEqual(await bench().bodies(url), ["x"]);
    });
  }
};
