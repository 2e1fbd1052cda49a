import assert from "node:assert/strict";
import { test } from "node:test";
import type { Topic } from "./fixture.ts";
import { checkedState } from "./queue-state.ts";

export const counts: Topic = (bench) => {
  test("counts follow a message through its life", async () => {
    const url = await bench().queue();
    const is = async (words: string): Promise<void> => {
      assert.equal(await bench().counts(url), words);
      await checkedState(bench().server.store, url);
    };
    await is("0 ready, 0 delayed, 0 in flight");
    await bench().send(url, "x", { DelaySeconds: 10 });
    await is("0 ready, 1 delayed, 0 in flight");
    await bench().advance(10);
    await is("1 ready, 0 delayed, 0 in flight");
    await bench().receiveOne(url);
    await is("0 ready, 0 delayed, 1 in flight");
    await bench().advance(30);
    await is("1 ready, 0 delayed, 0 in flight");
    const message = await bench().receiveOne(url);
    await bench().delete(url, message);
    await is("0 ready, 0 delayed, 0 in flight");
  });

  test("more than one transaction's worth becomes visible before it is counted", async () => {
    for (const url of [await bench().queue(), await bench().fifo()]) {
      for (let index = 0; index < 45; index += 1) {
        const Entries = Array.from({ length: 10 }, (_, at) => ({
          Id: String(at),
          MessageBody: `${index}.${at}`,
          ...(url.endsWith(".fifo") && { MessageGroupId: `${index}.${at}` }),
        }));
        await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
        await bench().receive(url);
      }
      assert.equal(await bench().counts(url), "0 ready, 0 delayed, 450 in flight");
      await bench().advance(30);
      assert.equal(await bench().counts(url), "450 ready, 0 delayed, 0 in flight");
      await checkedState(bench().server.store, url);
    }
  });

  test("counts hold under many at once", async () => {
    const url = await bench().queue();
    const worker = async (): Promise<void> => {
      for (let index = 0; index < 5; index += 1) {
        await bench().send(url, "x");
        const [message] = await bench().receive(url, {
          MaxNumberOfMessages: 1,
          VisibilityTimeout: 600,
        });
        if (message !== undefined && index % 2 === 0) await bench().delete(url, message);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    const state = await checkedState(bench().server.store, url);
    assert.equal(state.messages, 16);
  });

  test("counts hold over a restart", async (t) => {
    if (!bench().keepsData) return t.skip("this store keeps nothing");
    const url = await bench().queue();
    await bench().send(url, "a");
    await bench().send(url, "b", { DelaySeconds: 60 });
    await bench().receiveOne(url);
    await bench().send(url, "c");
    const moved = await bench().restart();
    assert.equal(await bench().counts(moved(url)), "1 ready, 1 delayed, 1 in flight");
    await bench().advance(60);
    assert.equal(await bench().counts(moved(url)), "3 ready, 0 delayed, 0 in flight");
  });
};
