import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";
import { checkedState } from "./queue-state.ts";

export const purge: Topic = (bench) => {
  for (const kind of ["queue", "fifo"] as const) {
    const group = kind === "fifo" ? { MessageGroupId: "g" } : {};

    test(`a purge removes everything: ready, delayed and in flight (${kind}) [PurgeQueue]`, async () => {
      const url = await bench()[kind]();
      await bench().send(url, "held", group);
      const held = await bench().receiveOne(url);
      await bench().send(url, "ready", group);
      if (kind === "queue") await bench().send(url, "delayed", { DelaySeconds: 5 });
      await bench().client.purgeQueue({ QueueUrl: url });
      assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
      await bench().delete(url, held);
      const change = { QueueUrl: url, ReceiptHandle: held.ReceiptHandle, VisibilityTimeout: 0 };
      await refused(bench().client.changeMessageVisibility(change), "InvalidParameterValue");
      await bench().send(url, "new", { ...group, MessageBody: "new" });
      await bench().advance(3_600);
      assert.deepEqual(await bench().bodies(url), ["new"]);
      await checkedState(bench().server.store, url);
    });
  }

  test("a queue is purged once in 60 seconds", async () => {
    const url = await bench().queue({}, "often");
    const { client } = bench();
    await client.purgeQueue({ QueueUrl: url });
    await bench().advance(59);
    await refused(
      client.purgeQueue({ QueueUrl: url }),
      "PurgeQueueInProgress",
      "Only one PurgeQueue operation on often is allowed every 60 seconds.",
    );
    await bench().advance(1);
    await client.purgeQueue({ QueueUrl: url });
  });

  test("nothing of what was purged or deleted stays in the store", async () => {
    const { store } = bench().server;
    const keys = (): Promise<number> =>
      store.read(async (reader) => {
        const from = String.fromCharCode(0, 21) as Parameters<typeof reader.get>[0];
        const to = String.fromCharCode(0, 34) as Parameters<typeof reader.get>[0];
        return (await reader.range({ from, to }, { limit: 10_000 })).length;
      });
    const [url, fifo] = [await bench().queue(), await bench().fifo()];
    for (let index = 0; index < 60; index += 1) {
      const Entries = Array.from({ length: 5 }, (_, at) => ({
        Id: String(at),
        MessageBody: `${index}.${at}`,
      }));
      await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
    }
    await bench().send(url, "tenant", { MessageGroupId: "t" });
    await bench().sendTo(fifo, "g", "x");
    await bench().receive(fifo, { ReceiveRequestAttemptId: "a" });
    assert.ok((await keys()) > 600);
    await bench().client.purgeQueue({ QueueUrl: url });
    await bench().client.deleteQueue({ QueueUrl: fifo });
    await bench().clock.settle();
    assert.equal(await keys(), 0);
  });
};
