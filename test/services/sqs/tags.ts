import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

export const tags: Topic = (bench) => {
  const tagsOf = async (QueueUrl: string): Promise<unknown> =>
    (await bench().client.listQueueTags({ QueueUrl })).Tags;

  test("tags come with a queue, are added, replaced and removed [TagQueue, UntagQueue]", async () => {
    const { client } = bench();
    const { QueueUrl = "" } = await client.createQueue({ QueueName: "tagged", tags: { a: "1" } });
    assert.deepEqual(await tagsOf(QueueUrl), { a: "1" });
    await client.tagQueue({ QueueUrl, Tags: { a: "2", Ключ: "", __proto__x: "é" } });
    assert.deepEqual(await tagsOf(QueueUrl), { a: "2", Ключ: "", __proto__x: "é" });
    await client.untagQueue({ QueueUrl, TagKeys: ["a", "unknown", "__proto__x"] });
    assert.deepEqual(await tagsOf(QueueUrl), { Ключ: "" });
    await client.untagQueue({ QueueUrl, TagKeys: ["Ключ"] });
    assert.equal(await tagsOf(QueueUrl), undefined);
  });

  test("a queue has up to 50 tags, with keys of 1 to 128 and values of up to 256 characters", async () => {
    const { client } = bench();
    const QueueUrl = await bench().queue({}, "many");
    const many = Array.from({ length: 50 }, (_, index) => [`k${index}`, "v"]);
    await client.tagQueue({ QueueUrl, Tags: Object.fromEntries(many) });
    await refused(
      client.tagQueue({ QueueUrl, Tags: { one: "more" } }),
      "InvalidParameterValue",
      "Too many tags added for queue many.",
    );
    await client.tagQueue({ QueueUrl, Tags: { k0: "replaced" } });
    const other = await bench().queue();
    await client.tagQueue({ QueueUrl: other, Tags: { "_ . : / = + - @": "ä 9_.:/=+-@" } });
    await client.tagQueue({ QueueUrl: other, Tags: { ["k".repeat(128)]: "v".repeat(256) } });
    for (const Tags of [
      { "": "x" },
      { ["k".repeat(129)]: "x" },
      { k: "v".repeat(257) },
      { "aws:x": "y" },
      { x: "aws:y" },
      { "a<b": "x" },
      { x: "a;b" },
    ]) {
      await refused(client.tagQueue({ QueueUrl: other, Tags }), "InvalidParameterValue");
    }
  });

  test("tags are no part of what makes a queue the same, and missing ones are told", async () => {
    const { client } = bench();
    const QueueUrl = await bench().queue({}, "same");
    await client.createQueue({ QueueName: "same", tags: { a: "1" } });
    await refused(client.tagQueue({ QueueUrl, Tags: undefined }), "MissingParameter", /Tags/);
    const none = "The request must contain the parameter Tags.";
    await refused(client.tagQueue({ QueueUrl, Tags: {} }), "MissingParameter", none);
    const noKeys = "Tag keys must be between 1 and 128 characters in length.";
    await refused(client.untagQueue({ QueueUrl, TagKeys: [] }), "InvalidParameterValue", noKeys);
    await refused(
      client.untagQueue({ QueueUrl, TagKeys: undefined }),
      "MissingParameter",
      /TagKeys/,
    );
  });
};
