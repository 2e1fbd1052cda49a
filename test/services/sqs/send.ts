import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

function text(value: string, type = "String"): MessageAttributeValue {
  return { DataType: type, StringValue: value };
}

function md5(value: string): string {
  return createHash("md5").update(value).digest("hex");
}

export const send: Topic = (bench) => {
  test("a message is received as it was sent, with its MD5 [SendMessage]", async () => {
    const url = await bench().queue();
    const body = "Grüße <&> \t\r\n 🚀 \ud7ff\ue000\ufffd";
    const sent = await bench().send(url, body);
    assert.match(sent.MessageId ?? "", /^[0-9a-f-]{36}$/);
    assert.equal(sent.MD5OfMessageBody, md5(body));
    assert.equal(sent.MD5OfMessageAttributes, undefined);
    assert.equal(sent.SequenceNumber, undefined);
    const got = await bench().receiveOne(url);
    assert.equal(got.Body, body);
    assert.equal(got.MessageId, sent.MessageId);
    assert.equal(got.MD5OfBody, md5(body));
    assert.equal(got.MessageAttributes, undefined);
  });

  test("a body is not empty and holds only characters of XML 1.0", async () => {
    const url = await bench().queue();
    await refused(bench().send(url, ""), "MissingParameter", /MessageBody/);
    for (const bad of ["\u0000", "a\u0008", "\u001f", "\ufffe", "\uffff"]) {
      const name = "InvalidMessageContents";
      await refused(bench().send(url, bad), name, /#x9 \| #xA \| #xD \| #x20 to #xD7FF/);
    }
    const { client } = bench();
    await refused(
      client.sendMessage({ QueueUrl: url, MessageBody: undefined }),
      "MissingParameter",
    );
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("a message has up to MaximumMessageSize bytes, attributes counted", async () => {
    const url = await bench().queue({ MaximumMessageSize: "1024" });
    const words = /Message must be shorter than 1024 bytes/;
    await bench().send(url, "x".repeat(1_024));
    await refused(bench().send(url, "x".repeat(1_025)), "InvalidParameterValue", words);
    await refused(bench().send(url, "ü".repeat(513)), "InvalidParameterValue", words);
    // The attribute counts its name, its type and its value: 4 + 6 + 14.
    const MessageAttributes = { name: text("x".repeat(14)) };
    await bench().send(url, "x".repeat(1_000), { MessageAttributes });
    const tooMuch = bench().send(url, "x".repeat(1_001), { MessageAttributes });
    await refused(tooMuch, "InvalidParameterValue", words);
    const binary = { name: { DataType: "Binary", BinaryValue: new Uint8Array(14) } };
    await bench().send(url, "x".repeat(1_000), { MessageAttributes: binary });
    const tooMuchBinary = bench().send(url, "x".repeat(1_001), { MessageAttributes: binary });
    await refused(tooMuchBinary, "InvalidParameterValue", words);
    // System attributes do not count.
    const MessageSystemAttributes = { AWSTraceHeader: text("Root=1") };
    await bench().send(url, "x".repeat(1_024), { MessageSystemAttributes });
  });

  test("a message of 1 MiB goes through", async () => {
    const url = await bench().queue();
    const body = "é".repeat(524_288);
    await bench().send(url, body);
    assert.equal((await bench().receiveOne(url)).Body, body);
    await refused(bench().send(url, `${body}x`), "InvalidParameterValue", /1048576 bytes/);
  });

  test("attributes of each type come back, with the MD5 that the SDK verifies", async () => {
    const url = await bench().queue();
    const MessageAttributes = {
      word: text("Wörter"),
      count: text("-12.5e3", "Number"),
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(0, 255, 7) },
      "own.Label_1-2": text("7", "Number.int"),
      gif: { DataType: "Binary.gif", BinaryValue: Uint8Array.of(1) },
    };
    const sent = await bench().send(url, "x", { MessageAttributes });
    assert.match(sent.MD5OfMessageAttributes ?? "", /^[0-9a-f]{32}$/);
    const got = await bench().receiveOne(url);
    assert.deepEqual(got.MessageAttributes, MessageAttributes);
    assert.equal(got.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
  });

  test("the MD5 of attributes is over names, types and values in order of names", async () => {
    const url = await bench().queue();
    const sent = await bench().send(url, "x", {
      MessageAttributes: { b: text("2"), a: text("1") },
    });
    const part = (value: string): string => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(value));
      return length.toString("latin1") + value;
    };
    const one = (name: string, value: string): string =>
      `${part(name)}${part("String")}\u0001${part(value)}`;
    assert.equal(sent.MD5OfMessageAttributes, md5(one("a", "1") + one("b", "2")));
  });

  test("a message has up to 10 attributes", async () => {
    const url = await bench().queue();
    const many = (count: number): Record<string, MessageAttributeValue> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, text("x")]));
    await bench().send(url, "x", { MessageAttributes: many(10) });
    const eleven = bench().send(url, "x", { MessageAttributes: many(11) });
    await refused(eleven, "InvalidParameterValue", /\[11\].*\[10\]/);
  });

  test("an attribute's name has 1 to 256 letters, digits and _ - . and is not reserved", async () => {
    const url = await bench().queue();
    for (const good of ["a", "A.b-c_9", "x".repeat(256), "awsome", "AmazonX"]) {
      await bench().send(url, "x", { MessageAttributes: { [good]: text("x") } });
    }
    const refusals: readonly [string, readonly string[]][] = [
      ["The request must contain non-empty message attribute name.", [""]],
      ["Message (user) attribute names must be shorter than 256 Bytes", ["x".repeat(257)]],
      [
        "Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. ",
        [".a", "a.", "a..b", "ä", "a b"],
      ],
      [
        "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use.",
        ["AWS.x", "aws.x", "Amazon.x", "amazon.x"],
      ],
    ];
    for (const [words, names] of refusals) {
      for (const name of names) {
        const sent = bench().send(url, "x", { MessageAttributes: { [name]: text("x") } });
        await refused(sent, "InvalidParameterValue", words);
      }
    }
  });

  test("an attribute has a type that fits its value", async () => {
    const url = await bench().queue();
    const cases: readonly [MessageAttributeValue, RegExp][] = [
      [{ DataType: "", StringValue: "x" }, /must contain .*non-empty message attribute type/],
      [{ DataType: undefined, StringValue: "x" }, /contain non-empty message attribute type/],
      [{ ...text("x"), StringListValues: ["x"] }, /list values .* are not supported/],
      [text("x", "string"), /only the following supported type prefixes: Binary, Number, String/],
      [text("x", "Stringy"), /supported type prefixes/],
      [text("x", `String.${"x".repeat(256)}`), /type/],
      [text(""), /must contain a non-empty value of type 'String'/],
      [{ DataType: "Number" }, /must contain a non-empty value of type 'Number'/],
      [{ DataType: "Binary", BinaryValue: new Uint8Array(0) }, /non-empty value of type 'Binary'/],
      [{ DataType: "Binary", StringValue: "x" }, /'BinaryValue'/],
      [{ DataType: "String", BinaryValue: Uint8Array.of(1) }, /'StringValue'/],
      [text("x", "Number"), /number/],
      [text("1,5", "Number"), /number/],
      [text("1".repeat(39), "Number"), /number/],
      [text("1e127", "Number"), /number/],
      [text("\u0001"), /./],
    ];
    for (const [value, words] of cases) {
      const sent = bench().send(url, "x", { MessageAttributes: { name: value } });
      await assert.rejects(sent, (error: Error) => {
        assert.match(error.name, /^InvalidParameterValue$|^InvalidMessageContents$/);
        assert.match(error.message, words, JSON.stringify(value));
        return true;
      });
    }
    for (const number of ["0", "-1", "+1.5", ".5", "1e125", "1E-10", "1".repeat(38)]) {
      await bench().send(url, "x", { MessageAttributes: { name: text(number, "Number") } });
    }
  });

  test("empty values and lists beside an attribute's own are as good as none", async () => {
    const url = await bench().queue();
    const empty = { StringListValues: [], BinaryListValues: [] };
    const MessageAttributes = {
      text: { ...text("x"), ...empty, BinaryValue: new Uint8Array(0) },
      bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(1), StringValue: "", ...empty },
    };
    await bench().send(url, "x", { MessageAttributes });
    const got = await bench().receiveOne(url);
    assert.equal(got.MessageAttributes?.["text"]?.StringValue, "x");
    assert.deepEqual(got.MessageAttributes?.["bytes"]?.BinaryValue, Uint8Array.of(1));
  });

  test("a request's X-Amzn-Trace-Id is the AWSTraceHeader of messages that have none", async () => {
    const url = await bench().queue();
    const own = { AWSTraceHeader: text("Root=1-own") };
    const traced = bench().tracedClient("Root=1-request;Sampled=1");
    const plain = await traced.sendMessage({ QueueUrl: url, MessageBody: "one" });
    assert.equal(plain.MD5OfMessageSystemAttributes, undefined);
    const Entries = [
      { Id: "two", MessageBody: "two" },
      { Id: "three", MessageBody: "three", MessageSystemAttributes: own },
    ];
    const { Successful = [] } = await traced.sendMessageBatch({ QueueUrl: url, Entries });
    assert.deepEqual(
      Successful.map(({ MD5OfMessageSystemAttributes }) => typeof MD5OfMessageSystemAttributes),
      ["undefined", "string"],
    );
    const received = await bench().receive(url);
    assert.deepEqual(
      received.map(({ Attributes }) => Attributes?.["AWSTraceHeader"]),
      ["Root=1-request;Sampled=1", "Root=1-request;Sampled=1", "Root=1-own"],
    );
  });

  test("AWSTraceHeader is the only system attribute; its MD5 is apart", async () => {
    const url = await bench().queue();
    const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    const MessageSystemAttributes = { AWSTraceHeader: text(header) };
    const sent = await bench().send(url, "x", { MessageSystemAttributes });
    assert.match(sent.MD5OfMessageSystemAttributes ?? "", /^[0-9a-f]{32}$/);
    assert.equal(sent.MD5OfMessageAttributes, undefined);
    const got = await bench().receiveOne(url);
    assert.equal(got.Attributes?.["AWSTraceHeader"], header);
    const { client } = bench();
    const other = Object.fromEntries([["Other", text("x")]]);
    await refused(
      client.sendMessage({ QueueUrl: url, MessageBody: "x", MessageSystemAttributes: other }),
      "InvalidParameterValue",
    );
    const empty = { AWSTraceHeader: text("") };
    await refused(
      bench().send(url, "x", { MessageSystemAttributes: empty }),
      "InvalidParameterValue",
    );
    const untyped = { AWSTraceHeader: { DataType: undefined, StringValue: "Root=1" } };
    await refused(
      bench().send(url, "x", { MessageSystemAttributes: untyped }),
      "InvalidParameterValue",
    );
    const number = { AWSTraceHeader: text("1", "Number") };
    await refused(
      bench().send(url, "x", { MessageSystemAttributes: number }),
      "InvalidParameterValue",
    );
  });

  test("a message is delayed by its own DelaySeconds, else by the queue's", async () => {
    const url = await bench().queue({ DelaySeconds: "10" });
    await bench().send(url, "queue's");
    await bench().send(url, "none", { DelaySeconds: 0 });
    await bench().send(url, "own", { DelaySeconds: 900 });
    assert.equal(await bench().counts(url), "1 ready, 2 delayed, 0 in flight");
    assert.deepEqual(await bench().bodies(url), ["none"]);
    await bench().advance(9.999);
    assert.deepEqual(await bench().bodies(url), []);
    await bench().advance(0.001);
    assert.deepEqual(await bench().bodies(url), ["queue's"]);
    await bench().advance(889.999);
    assert.ok(!(await bench().bodies(url)).includes("own"));
    await bench().advance(0.001);
    assert.ok((await bench().bodies(url)).includes("own"));
  });

  test("a later change of the queue's delay does not touch messages of a standard queue", async () => {
    const url = await bench().queue({ DelaySeconds: "10" });
    await bench().send(url, "early");
    await bench().set(url, { DelaySeconds: "0" });
    assert.deepEqual(await bench().bodies(url), []);
    await bench().advance(10);
    assert.deepEqual(await bench().bodies(url), ["early"]);
  });

  test("DelaySeconds is a whole number from 0 to 900", async () => {
    const url = await bench().queue();
    for (const DelaySeconds of [-1, 901, 1.5, 1e12]) {
      const sent = bench().send(url, "x", { DelaySeconds });
      await refused(sent, "InvalidParameterValue", /DelaySeconds/);
    }
    assert.equal(await bench().counts(url), "0 ready, 0 delayed, 0 in flight");
  });

  test("a standard queue takes a message group id, and no deduplication id", async () => {
    const url = await bench().queue();
    await bench().send(url, "x", { MessageGroupId: "tenant" });
    const sent = bench().send(url, "x", { MessageDeduplicationId: "d" });
    await refused(sent, "InvalidParameterValue", /not valid for this queue type/);
    assert.equal((await bench().receiveOne(url)).Attributes?.["MessageGroupId"], "tenant");
  });
};
