import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

function entries(count: number, body = "x"): { Id: string; MessageBody: string }[] {
  return Array.from({ length: count }, (_, index) => ({ Id: `id${index}`, MessageBody: body }));
}

export const batches: Topic = (bench) => {
  test("10 messages go in one call, in their order [SendMessageBatch]", async () => {
    const url = await bench().queue();
    const Entries = entries(10).map((entry, index) => ({ ...entry, MessageBody: String(index) }));
    const answer = await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
    assert.deepEqual(
      answer.Successful?.map(({ Id }) => Id),
      Entries.map(({ Id }) => Id),
    );
    assert.equal(answer.Failed, undefined);
    assert.deepEqual(
      await bench().bodies(url),
      Entries.map(({ MessageBody }) => MessageBody),
    );
  });

  test("a batch has 1 to 10 entries", async () => {
    const { client } = bench();
    const url = await bench().queue();
    const none = client.sendMessageBatch({ QueueUrl: url, Entries: [] });
    await refused(none, "EmptyBatchRequest", /at least one SendMessageBatchRequestEntry/);
    const eleven = client.sendMessageBatch({ QueueUrl: url, Entries: entries(11) });
    await refused(eleven, "TooManyEntriesInBatchRequest", /are 10\. You have sent 11/);
    const missing = client.sendMessageBatch({ QueueUrl: url, Entries: undefined });
    await refused(missing, "MissingParameter", "The request must contain the parameter Entries.");
    const bodiless = [
      { Id: "a", MessageBody: "x" },
      { Id: "b", MessageBody: undefined },
    ];
    const second = client.sendMessageBatch({ QueueUrl: url, Entries: bodiless });
    await refused(second, "MissingParameter", /SendMessageBatchRequestEntry\.2\.MessageBody\./);
    const handle = { ReceiptHandle: "x" };
    const deletes = entries(11).map(({ Id }) => ({ Id, ...handle }));
    await refused(client.deleteMessageBatch({ QueueUrl: url, Entries: [] }), "EmptyBatchRequest");
    await refused(
      client.deleteMessageBatch({ QueueUrl: url, Entries: deletes }),
      "TooManyEntriesInBatchRequest",
    );
    await refused(
      client.changeMessageVisibilityBatch({ QueueUrl: url, Entries: [] }),
      "EmptyBatchRequest",
    );
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("ids have 1 to 80 letters, digits, hyphens and underscores, each once", async () => {
    const { client } = bench();
    const url = await bench().queue();
    for (const Id of ["", "a b", "ä", "a.b", "x".repeat(81)]) {
      const Entries = [{ Id, MessageBody: "x" }];
      await refused(client.sendMessageBatch({ QueueUrl: url, Entries }), "InvalidBatchEntryId");
    }
    const twice = [...entries(2), ...entries(1)];
    const sent = client.sendMessageBatch({ QueueUrl: url, Entries: twice });
    await refused(sent, "BatchEntryIdsNotDistinct", "Id id0 repeated.");
    await client.sendMessageBatch({
      QueueUrl: url,
      Entries: [{ Id: "x".repeat(80), MessageBody: "x" }],
    });
    assert.equal(await bench().counts(url), "1 ready, 0 delayed, 0 in flight");
  });

  test("an entry that is refused does not keep the others from succeeding", async () => {
    const url = await bench().queue({ MaximumMessageSize: "1024" });
    const Entries = [
      { Id: "good", MessageBody: "x" },
      { Id: "empty", MessageBody: "" },
      { Id: "bad", MessageBody: "\u0000" },
      { Id: "late", MessageBody: "x", DelaySeconds: 901 },
      { Id: "big", MessageBody: "x".repeat(1_025) },
      { Id: "fine", MessageBody: "y" },
    ];
    const answer = await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
    assert.deepEqual(
      answer.Successful?.map(({ Id }) => Id),
      ["good", "fine"],
    );
    assert.deepEqual(
      answer.Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]),
      [
        ["empty", "MissingParameter", true],
        ["bad", "InvalidMessageContents", true],
        ["late", "InvalidParameterValue", true],
        ["big", "InvalidParameterValue", true],
      ],
    );
    assert.deepEqual(await bench().bodies(url), ["x", "y"]);
  });

  test("a list of a batch that would be empty is left out", async () => {
    const { client } = bench();
    const QueueUrl = await bench().queue();
    const entry = { Id: "a", ReceiptHandle: "garbage" };
    const answers = [
      await client.sendMessageBatch({ QueueUrl, Entries: [{ Id: "a", MessageBody: "" }] }),
      await client.deleteMessageBatch({ QueueUrl, Entries: [entry] }),
      await client.changeMessageVisibilityBatch({
        QueueUrl,
        Entries: [{ ...entry, VisibilityTimeout: 0 }],
      }),
    ];
    for (const { Successful, Failed } of answers) {
      assert.equal(Successful, undefined);
      assert.equal(Failed?.length, 1);
    }
  });

  test("an attribute without a type fails its entry alone", async () => {
    const url = await bench().queue();
    const untyped = { HTTPStatus: { DataType: undefined, StringValue: "404" } };
    const { Successful, Failed } = await bench().client.sendMessageBatch({
      QueueUrl: url,
      Entries: [
        { Id: "bad", MessageBody: "x", MessageAttributes: untyped },
        { Id: "good", MessageBody: "x" },
      ],
    });
    assert.deepEqual(
      Successful?.map(({ Id }) => Id),
      ["good"],
    );
    assert.deepEqual(Failed, [
      {
        Id: "bad",
        Code: "InvalidParameterValue",
        Message:
          "The message attribute 'HTTPStatus' must contain non-empty message attribute type.",
        SenderFault: true,
      },
    ]);
  });

  test("a batch has up to 1 MiB of messages, attributes counted", async () => {
    const { client } = bench();
    const url = await bench().queue();
    const Entries = entries(4, "x".repeat(262_144));
    await client.sendMessageBatch({ QueueUrl: url, Entries });
    const more = [...Entries.slice(1), { Id: "more", MessageBody: "x".repeat(262_145) }];
    const sent = client.sendMessageBatch({ QueueUrl: url, Entries: more });
    await refused(
      sent,
      "BatchRequestTooLong",
      /longer than 1048576 bytes\. You have sent 1048577 bytes/,
    );
    const MessageAttributes = { a: { DataType: "String", StringValue: "x" } };
    const labelled = Entries.map((entry) => ({ ...entry, MessageAttributes }));
    await refused(
      client.sendMessageBatch({ QueueUrl: url, Entries: labelled }),
      "BatchRequestTooLong",
    );
    assert.equal(await bench().counts(url), "4 ready, 0 delayed, 0 in flight");
  });

  test("deletes of a batch succeed and fail each by itself [DeleteMessageBatch]", async () => {
    const url = await bench().queue();
    await bench().send(url, "a");
    await bench().send(url, "b");
    const [a, b] = await bench().receive(url);
    const answer = await bench().client.deleteMessageBatch({
      QueueUrl: url,
      Entries: [
        { Id: "1", ReceiptHandle: a?.ReceiptHandle },
        { Id: "2", ReceiptHandle: "garbage" },
        { Id: "3", ReceiptHandle: b?.ReceiptHandle },
        { Id: "4", ReceiptHandle: a?.ReceiptHandle },
      ],
    });
    assert.deepEqual(
      answer.Successful?.map(({ Id }) => Id),
      ["1", "3", "4"],
    );
    assert.deepEqual(
      answer.Failed?.map(({ Id, Code }) => [Id, Code]),
      [["2", "ReceiptHandleIsInvalid"]],
    );
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("visibility changes of a batch succeed and fail each by itself [ChangeMessageVisibilityBatch]", async () => {
    const url = await bench().queue();
    await bench().send(url, "a");
    await bench().send(url, "b");
    const [a, b] = await bench().receive(url);
    const answer = await bench().client.changeMessageVisibilityBatch({
      QueueUrl: url,
      Entries: [
        { Id: "1", ReceiptHandle: a?.ReceiptHandle, VisibilityTimeout: 0 },
        { Id: "2", ReceiptHandle: b?.ReceiptHandle, VisibilityTimeout: 43_201 },
        { Id: "3", ReceiptHandle: a?.ReceiptHandle, VisibilityTimeout: 0 },
        { Id: "4", ReceiptHandle: b?.ReceiptHandle },
      ],
    });
    assert.deepEqual(
      answer.Successful?.map(({ Id }) => Id),
      ["1"],
    );
    assert.deepEqual(
      answer.Failed?.map(({ Id, SenderFault }) => [Id, SenderFault]),
      [
        ["2", true],
        ["3", true],
        ["4", true],
      ],
    );
    assert.deepEqual(await bench().bodies(url), ["a"]);
  });

  test("a batch to a FIFO queue keeps its order and deduplicates within itself", async () => {
    const url = await bench().fifo();
    const Entries = ["a", "b", "a", "c"].map((MessageBody, index) => ({
      Id: String(index),
      MessageBody,
      MessageGroupId: "g",
    }));
    const { Successful = [] } = await bench().client.sendMessageBatch({ QueueUrl: url, Entries });
    assert.equal(Successful[2]?.MessageId, Successful[0]?.MessageId);
    assert.equal(Successful[2]?.SequenceNumber, Successful[0]?.SequenceNumber);
    assert.deepEqual(await bench().bodies(url), ["a", "b", "c"]);
  });
};
