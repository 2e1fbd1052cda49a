import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

/** Delivery to queues, inside the publish. */
export const queues: Topic = (bench) => {
  test("a published message is in every subscribed queue when the publish is answered", async () => {
    const topic = await bench().topic();
    const [first, second] = [
      await bench().subscribedQueue(topic),
      await bench().subscribedQueue(topic),
    ];
    const { MessageId } = await bench().sns.publish({
      TopicArn: topic,
      Message: "hello",
      Subject: "greeting",
    });
    for (const queue of [first, second]) {
      const envelope = JSON.parse((await bench().takeOne(queue)).Body);
      assert.equal(envelope.MessageId, MessageId);
      assert.equal(envelope.UnsubscribeURL.includes(queue.subscription), true);
      const { Signature, SigningCertURL, UnsubscribeURL, ...rest } = envelope;
      assert.deepEqual(rest, {
        Type: "Notification",
        MessageId,
        TopicArn: topic,
        Subject: "greeting",
        Message: "hello",
        Timestamp: "2026-01-01T00:00:00.000Z",
        SignatureVersion: "1",
      });
      assert.match(Signature, /^[A-Za-z0-9+/]{342}==$/);
    }
  });

  test("the envelope is laid out as AWS lays it out", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic);
    await bench().sns.publish({
      TopicArn: topic,
      Message: 'say "hi"\n',
      MessageAttributes: {
        kind: { DataType: "String", StringValue: "a" },
        bytes: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2]) },
      },
    });
    const { Body } = await bench().takeOne(queue);
    const lines = Body.split("\n");
    assert.equal(lines[0], "{");
    assert.equal(lines[1], '  "Type" : "Notification",');
    assert.equal(lines[4], String.raw`  "Message" : "say \"hi\"\n",`);
    assert.deepEqual(lines.slice(-5), [
      '  "MessageAttributes" : {',
      '    "kind" : {"Type":"String","Value":"a"},',
      '    "bytes" : {"Type":"Binary","Value":"AQI="}',
      "  }",
      "}",
    ]);
  });

  test("raw delivery is the message itself, its attributes and its group", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic, { RawMessageDelivery: "true" });
    await bench().sns.publish({
      TopicArn: topic,
      Message: "bare",
      MessageGroupId: "tenant",
      MessageAttributes: {
        n: { DataType: "Number", StringValue: "5" },
        b: { DataType: "Binary", BinaryValue: new Uint8Array([9]) },
      },
    });
    const message = await bench().takeOne(queue);
    assert.equal(message.Body, "bare");
    assert.equal(message.Attributes?.["MessageGroupId"], "tenant");
    assert.equal(message.MessageAttributes?.["n"]?.StringValue, "5");
    assert.deepEqual([...(message.MessageAttributes?.["b"]?.BinaryValue ?? [])], [9]);
  });

  test("MessageStructure json gives each protocol its own body", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic, { RawMessageDelivery: "true" });
    const publish = (body: object): Promise<unknown> =>
      bench().sns.publish({
        TopicArn: topic,
        MessageStructure: "json",
        Message: JSON.stringify(body),
      });
    await publish({ default: "all", sqs: "for queues", number: 5 });
    await publish({ default: "all" });
    assert.deepEqual((await bench().bodies(queue)).toSorted(), ["all", "for queues"]);
    await refused(
      publish({ sqs: "x" }),
      "InvalidParameterException",
      /No default entry in JSON message body/,
    );
    await refused(
      bench().sns.publish({ TopicArn: topic, MessageStructure: "json", Message: "{" }),
      "InvalidParameterException",
      /JSON message body failed to parse/,
    );
  });

  test("a message with a structure comes without its attributes, which filters see [Note]", async () => {
    const topic = await bench().topic();
    const FilterPolicy = JSON.stringify({ kind: ["a"] });
    const whole = await bench().subscribedQueue(topic, { FilterPolicy });
    const raw = await bench().subscribedQueue(topic, { FilterPolicy, RawMessageDelivery: "true" });
    for (const kind of ["a", "b"]) {
      await bench().sns.publish({
        TopicArn: topic,
        MessageStructure: "json",
        Message: JSON.stringify({ default: kind }),
        MessageAttributes: { kind: { DataType: "String", StringValue: kind } },
      });
    }
    const envelope = JSON.parse((await bench().takeOne(whole)).Body);
    assert.deepEqual([envelope.Message, envelope.MessageAttributes], ["a", undefined]);
    const bare = await bench().takeOne(raw);
    assert.deepEqual([bare.Body, bare.MessageAttributes], ["a", undefined]);
  });

  test("a queue gets the trace header of the publish, if there is one", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic);
    for (const header of ["Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", ""]) {
      const sent = await fetch(bench().server.url, {
        method: "POST",
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "x-amzn-trace-id": header,
        },
        body: `Action=Publish&Version=2010-03-31&Message=m&TopicArn=${topic}`,
      });
      assert.equal(sent.status, 200);
      const { Attributes } = await bench().takeOne(queue);
      assert.equal(Attributes?.["AWSTraceHeader"], header || undefined);
    }
  });

  test("what a queue can not take is in the dead-letter queue, with the reason", async () => {
    const topic = await bench().topic();
    const dead = await bench().queue();
    const gone = "arn:aws:sqs:us-east-1:000000000000:gone";
    await bench().subscribe(topic, "sqs", gone, {
      Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }) },
    });
    const alive = await bench().subscribedQueue(topic, { RawMessageDelivery: "true" });
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    const message = await bench().takeOne(dead);
    assert.equal(JSON.parse(message.Body).Message, "m");
    const { RequestID, ...why } = message.MessageAttributes ?? {};
    assert.equal(RequestID?.DataType, "String");
    assert.deepEqual(
      Object.entries(why)
        .map(([name, { StringValue }]) => [name, StringValue])
        .toSorted(),
      [
        ["ErrorCode", "AWS.SimpleQueueService.NonExistentQueue"],
        ["ErrorMessage", "The specified queue does not exist or you do not have access to it."],
      ],
    );
    assert.deepEqual(await bench().bodies(alive), ["m"]);
  });

  test("a raw message with more than 10 attributes is undeliverable to a queue", async () => {
    const topic = await bench().topic();
    const dead = await bench().queue();
    const queue = await bench().subscribedQueue(topic, {
      RawMessageDelivery: "true",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn }),
    });
    const attributes = Array.from({ length: 11 }, (_, index) => [
      `a${index}`,
      { DataType: "String", StringValue: "x" },
    ]);
    await bench().sns.publish({
      TopicArn: topic,
      Message: "m",
      MessageAttributes: Object.fromEntries(attributes),
    });
    assert.deepEqual(await bench().bodies(queue), []);
    const message = await bench().takeOne(dead);
    assert.match(message.MessageAttributes?.["ErrorMessage"]?.StringValue ?? "", /\[11\] exceeds/);
  });

  test("PublishBatch publishes what is right and says what is wrong", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic, { RawMessageDelivery: "true" });
    const answer = await bench().sns.publishBatch({
      TopicArn: topic,
      PublishBatchRequestEntries: [
        { Id: "1", Message: "one" },
        { Id: "2", Message: "" },
        { Id: "3", Message: "three", Subject: "" },
        {
          Id: "4",
          Message: "four",
          MessageAttributes: { a: { DataType: "Number", StringValue: "NaN" } },
        },
        { Id: "5", Message: "five" },
      ],
    });
    assert.deepEqual(
      answer.Successful?.map(({ Id }) => Id),
      ["1", "5"],
    );
    assert.deepEqual(
      answer.Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]),
      [
        ["2", "InvalidParameter", true],
        ["3", "InvalidParameter", true],
        ["4", "ParameterValueInvalid", true],
      ],
    );
    assert.deepEqual((await bench().bodies(queue)).toSorted(), ["five", "one"]);
  });

  test("PublishBatch refuses batches that are none", async () => {
    const TopicArn = await bench().topic();
    const batch = (entries: { Id: string; Message: string }[]): Promise<unknown> =>
      bench().sns.publishBatch({ TopicArn, PublishBatchRequestEntries: entries });
    await refused(batch([]), "EmptyBatchRequestException");
    const eleven = Array.from({ length: 11 }, (_, index) => ({ Id: `${index}`, Message: "m" }));
    await refused(batch(eleven), "TooManyEntriesInBatchRequestException");
    await refused(
      batch([
        { Id: "a", Message: "m" },
        { Id: "a", Message: "m" },
      ]),
      "BatchEntryIdsNotDistinctException",
    );
    await refused(batch([{ Id: "a b", Message: "m" }]), "InvalidBatchEntryIdException");
    const half = "x".repeat(140_000);
    await refused(
      batch([
        { Id: "a", Message: half },
        { Id: "b", Message: half },
      ]),
      "BatchRequestTooLongException",
    );
    const publish = (entry: object): Promise<unknown> =>
      bench().sns.publishBatch({
        TopicArn,
        PublishBatchRequestEntries: [
          { Id: "a", Message: "good" },
          { Id: "b", Message: "{}", ...entry },
        ],
      });
    const invalid = "InvalidParameterException";
    await refused(publish({ MessageStructure: "json" }), invalid, /No default entry/);
    await refused(publish({ MessageDeduplicationId: "x" }), invalid, /not valid for this topic/);
  });

  test("a message and its attributes are at most 256 KiB, or what the topic says", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic, { RawMessageDelivery: "true" });
    const publish = (bytes: number): Promise<unknown> =>
      bench().sns.publish({ TopicArn: topic, Message: "x".repeat(bytes) });
    await publish(262_144);
    await refused(
      publish(262_145),
      "InvalidParameterException",
      "Invalid parameter: Message too long",
    );
    await bench().sns.setTopicAttributes({
      TopicArn: topic,
      AttributeName: "MaximumMessageSize",
      AttributeValue: "1048576",
    });
    await publish(1_048_576);
    await refused(
      publish(1_048_577),
      "InvalidParameterException",
      "Invalid parameter: Message too long",
    );
    assert.equal((await bench().bodies(queue)).length, 2);
    await refused(
      bench().subscribe(topic, "http", "http://localhost/"),
      "InvalidParameterException",
      /MaximumMessageSize/,
    );
  });

  test("a topic with more subscriptions than a transaction serves reaches all of them", async () => {
    const topic = await bench().topic();
    const queue = await bench().queue();
    const dead = await bench().queue();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queue.arn });
    const count = 602;
    for (let done = 0; done < count; done += 100) {
      const part = Math.min(100, count - done);
      await Promise.all(
        Array.from({ length: part }, (_, index) =>
          bench().subscribe(topic, "sqs", `${dead.arn}-absent-${done + index}`, {
            Attributes: { RedrivePolicy, RawMessageDelivery: "true" },
          }),
        ),
      );
    }
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    await bench().settle();
    const { Attributes } = await bench().sqs.getQueueAttributes({
      QueueUrl: queue.url,
      AttributeNames: ["ApproximateNumberOfMessages"],
    });
    assert.equal(Attributes?.["ApproximateNumberOfMessages"], String(count));
  });

  test("topics, attributes and messages that SNS refuses", async () => {
    const TopicArn = await bench().topic();
    const publish = (input: object): Promise<unknown> =>
      bench().sns.publish({ TopicArn, Message: "m", ...input });
    const invalid = "InvalidParameterException";
    await refused(
      publish({ TopicArn: `${TopicArn}x` }),
      "NotFoundException",
      "Topic does not exist",
    );
    await refused(
      publish({ TopicArn: "topic" }),
      invalid,
      /An ARN must have at least 6 elements, not 1/,
    );
    const none = "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter";
    await refused(publish({ TopicArn: undefined }), invalid, none);
    await refused(publish({ TopicArn: "", TargetArn: "", PhoneNumber: "" }), invalid, none);
    await publish({ TopicArn: "", TargetArn: TopicArn, PhoneNumber: "" });
    await refused(
      publish({ TopicArn: undefined, TargetArn: "junk" }),
      invalid,
      "Invalid parameter: TargetArn Reason: An ARN must have at least 6 elements, not 1",
    );
    await refused(publish({ Message: "" }), invalid, "Invalid parameter: Empty message");
    await refused(publish({ Subject: "a\nb" }), invalid, "Invalid parameter: Subject");
    await refused(publish({ Subject: "x".repeat(101) }), invalid, "Invalid parameter: Subject");
    await refused(
      publish({ MessageDeduplicationId: "a" }),
      invalid,
      /not valid for this topic type/,
    );
    const attribute = (value: object): Promise<unknown> =>
      publish({ MessageAttributes: { a: value } });
    const bad = "InvalidParameterValueException";
    await refused(
      attribute({ DataType: "Text", StringValue: "x" }),
      bad,
      /invalid message attribute type/,
    );
    await refused(
      attribute({ DataType: "String" }),
      bad,
      /must contain non-empty message attribute value/,
    );
    const bytes = new Uint8Array([1]);
    const fields: [object, string][] = [
      [{ DataType: "String", BinaryValue: bytes }, "with type 'String' must use field 'String'."],
      [{ DataType: "Binary", StringValue: "x" }, "with type 'Binary' must use field 'Binary'."],
    ];
    for (const [value, words] of fields) {
      await refused(attribute(value), bad, `The message attribute 'a' ${words}`);
    }
    for (const StringValue of ["x", "NaN", "Infinity", "0x10", "0b1", " 1 ", "1e", "."]) {
      await refused(
        attribute({ DataType: "Number", StringValue }),
        bad,
        "Could not cast message attribute 'a' value to number.",
      );
    }
    for (const StringValue of ["-1", "+1.5", ".5", "5.", "1e-3"]) {
      await attribute({ DataType: "Number", StringValue });
    }
    const names: [string, string | RegExp][] = [
      [
        "a[b",
        "Invalid non-alphanumeric character '#x5B' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
      ],
      [".a", "Invalid message attribute name starting with character '.' was found."],
      ["a.", "Invalid message attribute name ending with character '.' was found."],
      ["a..b", "Message attribute name can not have successive '.' character."],
      ["x".repeat(257), "Length of message attribute name must be less than 256 bytes."],
      ["", /empty/],
    ];
    for (const [name, words] of names) {
      const MessageAttributes = { [name]: { DataType: "String", StringValue: "x" } };
      await refused(publish({ MessageAttributes }), bad, words);
    }
  });
};
