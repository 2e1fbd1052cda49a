import assert from "node:assert/strict";
import { test } from "node:test";
import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";
import { addInFlight } from "./queue-state.ts";

export const longPolling: Topic = (bench) => {
  test("a long poll is woken by a message that arrives", async () => {
    const url = await bench().queue();
    const { received } = await bench().poll(url);
    await bench().send(url, "x");
    assert.deepEqual(await received, ["x"]);
  });

  test("a long poll ends empty when its time is over", async () => {
    const url = await bench().queue();
    const { received } = await bench().poll(url);
    await bench().advance(20);
    assert.deepEqual(await received, []);
    await bench().send(url, "x");
    assert.deepEqual(await bench().bodies(url), ["x"], "nobody took it after the end");
  });

  test("the queue's waiting time holds where a call names none", async () => {
    const url = await bench().queue({ ReceiveMessageWaitTimeSeconds: "20" });
    const { received } = await bench().poll(url, { WaitTimeSeconds: undefined });
    await bench().send(url, "x");
    assert.deepEqual(await received, ["x"]);
    assert.deepEqual(await bench().bodies(url, { WaitTimeSeconds: 0 }), [], "0 does not wait");
  });

  for (const kind of ["queue", "fifo"] as const) {
    const group = kind === "fifo" ? { MessageGroupId: "g" } : {};

    test(`a long poll of a full queue is woken by each delete (${kind})`, async () => {
      const url = await bench()[kind]();
      const other = (name: string): object => (kind === "fifo" ? { MessageGroupId: name } : {});
      for (const body of ["a", "b"]) await bench().send(url, body, other(body));
      const held = [await bench().receiveOne(url), await bench().receiveOne(url)];
      await addInFlight(bench().server.store, url, 119_998);
      for (const body of ["c", "d"]) await bench().send(url, body, other(body));
      const polls = [await bench().poll(url), await bench().poll(url)];
      await bench().delete(url, held[0] ?? {});
      assert.deepEqual(await polls[0]?.received, ["c"]);
      const { client } = bench();
      const entries = [{ Id: "1", ReceiptHandle: held[1]?.ReceiptHandle }];
      await client.deleteMessageBatch({ QueueUrl: url, Entries: entries });
      assert.deepEqual(await polls[1]?.received, ["d"]);
    });

    test(`a long poll is woken by a visibility timeout that ends (${kind})`, async () => {
      const url = await bench()[kind]();
      await bench().send(url, "x", group);
      await bench().receiveOne(url, { VisibilityTimeout: 5 });
      const { received } = await bench().poll(url);
      await bench().advance(5);
      assert.deepEqual(await received, ["x"]);
    });

    test(`a poll that came too late for a message gets it when it returns (${kind})`, async () => {
      const url = await bench()[kind]();
      const first = await bench().poll(url, { VisibilityTimeout: 5 });
      const second = await bench().poll(url);
      await bench().send(url, "x", group);
      assert.deepEqual(await first.received, ["x"]);
      await bench().advance(5);
      assert.deepEqual(await second.received, ["x"]);
    });

    test(`a long poll is woken by a change of visibility to 0 and to later (${kind})`, async () => {
      const url = await bench()[kind]();
      const { client } = bench();
      await bench().send(url, "x", group);
      const held = { QueueUrl: url, ReceiptHandle: (await bench().receiveOne(url)).ReceiptHandle };
      const first = await bench().poll(url);
      await client.changeMessageVisibility({ ...held, VisibilityTimeout: 0 });
      assert.deepEqual(await first.received, ["x"]);
      await bench().advance(30);
      const again = { QueueUrl: url, ReceiptHandle: (await bench().receiveOne(url)).ReceiptHandle };
      const second = await bench().poll(url);
      await client.changeMessageVisibility({ ...again, VisibilityTimeout: 3 });
      await bench().advance(3);
      assert.deepEqual(await second.received, ["x"]);
    });

    test(`a long poll is woken by the end of the queue's delay (${kind})`, async () => {
      const url = await bench()[kind]({ DelaySeconds: "5" });
      const { received } = await bench().poll(url);
      await bench().send(url, "x", group);
      await bench().advance(5);
      assert.deepEqual(await received, ["x"]);
    });
  }

  test("each of several polls gets its own of several delayed messages, each at its time", async () => {
    const url = await bench().queue();
    await bench().send(url, "a", { DelaySeconds: 2 });
    await bench().send(url, "b", { DelaySeconds: 4 });
    const polls = [await bench().poll(url), await bench().poll(url)];
    const got: string[] = [];
    for (const { received } of polls) void received.then((bodies) => got.push(...bodies));
    await bench().advance(2);
    await Promise.race(polls.map(({ received }) => received));
    assert.deepEqual(got, ["a"]);
    await bench().advance(2);
    await Promise.all(polls.map(({ received }) => received));
    assert.deepEqual(got, ["a", "b"]);
  });

  test("as many polls are woken as messages arrive in a batch", async () => {
    const url = await bench().queue();
    const polls = [];
    for (let index = 0; index < 5; index += 1) {
      polls.push(await bench().poll(url, { MaxNumberOfMessages: 1 }));
    }
    const Entries = ["a", "b", "c", "d", "e"].map((Id) => ({ Id, MessageBody: Id }));
    await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
    const got = await Promise.all(polls.map(({ received }) => received));
    assert.deepEqual(got.flat().toSorted(), ["a", "b", "c", "d", "e"]);
  });

  test("a locked message group that is free again wakes a poll", async () => {
    const url = await bench().fifo();
    await bench().sendTo(url, "g", "1");
    await bench().sendTo(url, "g", "2");
    const first = await bench().receiveOne(url);
    const { received } = await bench().poll(url);
    await bench().delete(url, first);
    assert.deepEqual(await received, ["2"]);
  });

  test("a poll that waits when its queue is deleted ends with QueueDoesNotExist", async () => {
    const url = await bench().queue();
    const polls = [await bench().poll(url), await bench().poll(url)];
    await bench().client.deleteQueue({ QueueUrl: url });
    for (const { received } of polls) await refused(received, "QueueDoesNotExist");
  });

  test("a poll goes on through a purge, and gets what is sent afterwards", async () => {
    const url = await bench().queue();
    await bench().send(url, "old", { DelaySeconds: 5 });
    const { received } = await bench().poll(url);
    await bench().client.purgeQueue({ QueueUrl: url });
    await bench().advance(5);
    await bench().send(url, "new");
    assert.deepEqual(await received, ["new"]);
  });

  test("a client that goes away does not take a message", async () => {
    const url = await bench().queue();
    const leaving = new AbortController();
    const endMs = bench().clock.now() + 20_000;
    const { client } = bench();
    const left = client.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }), {
      abortSignal: leaving.signal,
    });
    await bench().clock.untilAwaited(endMs);
    leaving.abort();
    await assert.rejects(left);
    await bench().clock.untilFree(endMs);
    await bench().send(url, "x");
    assert.deepEqual(await bench().bodies(url), ["x"]);
  });
};
