import assert from "node:assert/strict";
import { test } from "node:test";
import type { Topic } from "./fixture.ts";
import { checkedState } from "./queue-state.ts";

export const fairQueues: Topic = (bench) => {
  const burst = async (url: string, tenant: string, count: number): Promise<void> => {
    for (let from = 0; from < count; from += 10) {
      const Entries = Array.from({ length: Math.min(10, count - from) }, (_, index) => ({
        Id: String(index),
        MessageBody: `${tenant}${from + index}`,
        MessageGroupId: tenant,
      }));
      await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
    }
  };

  test("a noisy tenant does not make quiet ones wait", async () => {
    const url = await bench().queue();
    await burst(url, "noisy", 100);
    await burst(url, "quiet", 2);
    await burst(url, "calm", 1);
    const got = await bench().bodies(url);
    for (const body of ["quiet0", "quiet1", "calm0"])
      assert.ok(got.includes(body), `${body} in ${got.join()}`);
  });

  test("a tenant with much in flight waits behind one with nothing", async () => {
    const url = await bench().queue();
    await burst(url, "noisy", 30);
    for (let index = 0; index < 3; index += 1)
      await bench().receive(url, { VisibilityTimeout: 600 });
    await burst(url, "noisy", 5);
    await burst(url, "quiet", 1);
    const got = await bench().bodies(url, { MaxNumberOfMessages: 2 });
    assert.ok(got.includes("quiet0"), "it waits for one message of the other at most");
  });

  test("a tenant's group is not locked: its messages are received side by side", async () => {
    const url = await bench().queue();
    await burst(url, "t", 3);
    for (let index = 0; index < 3; index += 1) {
      assert.equal((await bench().bodies(url, { MaxNumberOfMessages: 1 })).length, 1);
    }
  });

  test("messages without a tenant flow among those with one, and everything comes once", async () => {
    const url = await bench().queue();
    await bench().send(url, "before");
    await burst(url, "noisy", 25);
    await bench().send(url, "plain");
    await burst(url, "quiet", 1);
    const first = await bench().bodies(url);
    assert.ok(first.includes("before") && first.includes("plain") && first.includes("quiet0"));
    const rest = [...(await bench().bodies(url)), ...(await bench().bodies(url))];
    assert.equal(new Set([...first, ...rest]).size, 28);
    await bench().advance(30);
    for (let index = 0; index < 3; index += 1) {
      for (const message of await bench().receive(url)) await bench().delete(url, message);
    }
    assert.deepEqual(await checkedState(bench().server.store, url), {
      messages: 0,
      ready: 0,
      delayed: 0,
      inFlight: 0,
    });
  });

  test("delays, changes of visibility and purges hold for tenants as for others", async () => {
    const url = await bench().queue();
    await bench().send(url, "late", { MessageGroupId: "t", DelaySeconds: 5 });
    await burst(url, "t", 2);
    const [message] = await bench().receive(url);
    await bench().client.changeMessageVisibility({
      QueueUrl: url,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 0,
    });
    assert.deepEqual(await bench().bodies(url), ["t0"]);
    await bench().advance(5);
    assert.deepEqual(await bench().bodies(url), ["late"]);
    await checkedState(bench().server.store, url);
    await bench().client.purgeQueue({ QueueUrl: url });
    await burst(url, "t", 1);
    assert.deepEqual(await bench().bodies(url), ["t0"]);
  });
};
