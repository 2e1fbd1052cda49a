import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

/** Runs on a server that enforces quotas. */
export const quotas: Topic = (bench) => {
  const batch = (url: string, count: number, group = "g"): Promise<unknown> =>
    bench().client.sendMessageBatch({
      QueueUrl: url,
      Entries: Array.from({ length: count }, (_, index) => ({
        Id: String(index),
        MessageBody: "x",
        MessageGroupId: group,
        MessageDeduplicationId: bench().newName(),
      })),
    });

  test("a FIFO queue takes 300 calls of a kind in a second, with up to 10 messages each", async () => {
    const url = await bench().fifo();
    await Promise.all(Array.from({ length: 300 }, (_, index) => batch(url, index < 20 ? 10 : 1)));
    await refused(batch(url, 1), "RequestThrottled");
    await refused(bench().sendTo(url, "other", "x"), "RequestThrottled");
    assert.equal((await bench().receive(url)).length, 10, "receives have a quota of their own");
    await bench().advance(1);
    await bench().sendTo(url, "g", "x");
  });

  test("in high-throughput mode each partition has that much", async () => {
    const url = await bench().fifo({
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
    });
    await bench().advance(1);
    const sends = Array.from({ length: 300 }, () => bench().sendTo(url, "a", "x"));
    await Promise.all(sends);
    await refused(bench().sendTo(url, "a", "x"), "RequestThrottled");
    await bench().sendTo(url, "b", "x");
  });

  test("standard queues have no rate", async () => {
    const url = await bench().queue();
    await Promise.all(Array.from({ length: 310 }, () => bench().send(url, "x")));
    assert.equal(await bench().counts(url), "310 ready, 0 delayed, 0 in flight");
  });
};
