import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

const GONE = /Message does not exist or is not available for visibility timeout change/;

export const visibility: Topic = (bench) => {
  const change = (
    QueueUrl: string,
    ReceiptHandle: string,
    VisibilityTimeout: number,
  ): Promise<unknown> =>
    bench().client.changeMessageVisibility({ QueueUrl, ReceiptHandle, VisibilityTimeout });

  test("a received message is hidden for the queue's visibility timeout", async () => {
    const url = await bench().queue({ VisibilityTimeout: "7" });
    await bench().send(url, "x");
    await bench().receiveOne(url);
    await bench().advance(6.999);
    assert.deepEqual(await bench().bodies(url), []);
    await bench().advance(0.001);
    assert.deepEqual(await bench().bodies(url), ["x"]);
  });

  test("a receive may hide for a time of its own, also not at all", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    assert.deepEqual(await bench().bodies(url, { VisibilityTimeout: 0 }), ["x"]);
    assert.deepEqual(await bench().bodies(url, { VisibilityTimeout: 43_200 }), ["x"]);
    await bench().advance(43_199);
    assert.deepEqual(await bench().bodies(url), []);
    await bench().advance(1);
    assert.deepEqual(await bench().bodies(url), ["x"]);
  });

  test("a change counts from now, shorter or longer [ChangeMessageVisibility]", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    const { ReceiptHandle } = await bench().receiveOne(url);
    await bench().advance(20);
    await change(url, ReceiptHandle, 30);
    await bench().advance(29);
    assert.deepEqual(await bench().bodies(url), []);
    await change(url, ReceiptHandle, 2);
    await bench().advance(2);
    assert.deepEqual(await bench().bodies(url), ["x"]);
  });

  test("a change to 0 shows the message at once, and the next receive has the queue's timeout", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    const { ReceiptHandle } = await bench().receiveOne(url);
    await change(url, ReceiptHandle, 0);
    assert.equal(await bench().counts(url), "1 ready, 0 delayed, 0 in flight");
    await bench().receiveOne(url);
    await bench().advance(29.999);
    assert.deepEqual(await bench().bodies(url), []);
  });

  test("a change that would hide for more than 12 hours in all is refused", async () => {
    for (const url of [await bench().queue(), await bench().fifo()]) {
      await bench().send(url, "x", url.endsWith(".fifo") ? { MessageGroupId: "g" } : {});
      const { ReceiptHandle } = await bench().receiveOne(url, { VisibilityTimeout: 43_200 });
      await bench().advance(60);
      const words =
        /Total VisibilityTimeout for the message is beyond the limit \[43200 seconds\]$/;
      await refused(change(url, ReceiptHandle, 43_141), "InvalidParameterValue", words);
      await change(url, ReceiptHandle, 43_140);
      await bench().advance(43_139);
      assert.deepEqual(await bench().bodies(url), []);
      await bench().advance(1);
      const again = await bench().receiveOne(url);
      await change(url, again.ReceiptHandle, 43_200);
    }
  });

  test("the timeout is a whole number from 0 to 43,200", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    const { ReceiptHandle } = await bench().receiveOne(url);
    for (const bad of [-1, 43_201, 0.5]) {
      await refused(change(url, ReceiptHandle, bad), "InvalidParameterValue", /VisibilityTimeout/);
    }
    const { client } = bench();
    const input = { QueueUrl: url, ReceiptHandle, VisibilityTimeout: undefined };
    await refused(client.changeMessageVisibility(input), "MissingParameter", /VisibilityTimeout/);
  });

  test("a message that is not in flight is refused: visible again, received again, deleted", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    const first = await bench().receiveOne(url);
    await bench().advance(30);
    await refused(change(url, first.ReceiptHandle, 5), "MessageNotInflight");
    const second = await bench().receiveOne(url);
    await refused(change(url, first.ReceiptHandle, 5), "MessageNotInflight");
    await bench().delete(url, second);
    await refused(change(url, second.ReceiptHandle, 5), "InvalidParameterValue", GONE);
  });

  test("on a FIFO queue an expired receipt changes nothing", async () => {
    const url = await bench().fifo();
    await bench().sendTo(url, "g", "x");
    const first = await bench().receiveOne(url);
    await bench().advance(30);
    const words = /The receipt handle has expired/;
    await refused(change(url, first.ReceiptHandle, 5), "InvalidParameterValue", words);
    const second = await bench().receiveOne(url);
    await refused(change(url, first.ReceiptHandle, 5), "InvalidParameterValue", words);
    await bench().delete(url, second);
    await refused(change(url, second.ReceiptHandle, 5), "InvalidParameterValue", GONE);
  });

  test("a delete removes the message for good [DeleteMessage]", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    const message = await bench().receiveOne(url);
    await bench().delete(url, message);
    await bench().delete(url, message);
    await bench().advance(3_600);
    assert.deepEqual(await bench().bodies(url), []);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("the latest receipt deletes even after its timeout; an older one does nothing", async () => {
    const url = await bench().queue();
    await bench().send(url, "x");
    const first = await bench().receiveOne(url);
    await bench().advance(30);
    const second = await bench().receiveOne(url);
    await bench().delete(url, first);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 1 in flight");
    await bench().advance(30);
    await bench().delete(url, second);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("receipts of other queues and garbage are refused", async () => {
    const { client } = bench();
    const [url, other] = [await bench().queue(), await bench().queue()];
    await bench().send(url, "x");
    const { ReceiptHandle } = await bench().receiveOne(url);
    const handles = [
      ReceiptHandle,
      "x",
      "====",
      "AAAA",
      "\u0000",
      "y".repeat(20_000),
      `${ReceiptHandle}A`,
    ];
    for (const handle of handles) {
      const input = { QueueUrl: other, ReceiptHandle: handle };
      await refused(client.deleteMessage(input), "ReceiptHandleIsInvalid");
      await refused(change(other, handle, 1), "ReceiptHandleIsInvalid");
    }
    const foreign = client.deleteMessage({ QueueUrl: other, ReceiptHandle });
    const words = `The receipt handle "${ReceiptHandle}" is not valid for this queue.`;
    await refused(foreign, "ReceiptHandleIsInvalid", words);
    const missing = client.deleteMessage({ QueueUrl: url, ReceiptHandle: undefined });
    await refused(missing, "MissingParameter", /parameter MessageHandle\./);
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 1 in flight");
  });
};
