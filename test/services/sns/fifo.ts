import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Bench, Queue, Topic } from "./fixture.ts";

const INVALID = "InvalidParameterException";
const RAW = { RawMessageDelivery: "true" };

/** FIFO topics: order, deduplication, archive and replay. */
export const fifo: Topic = (bench) => {
  const publish = async (
    TopicArn: string,
    Message: string,
    extra: object = {},
  ): Promise<{ MessageId?: string | undefined; SequenceNumber?: string | undefined }> =>
    bench().sns.publish({ TopicArn, Message, MessageGroupId: "g", ...extra });

  test("order, group, deduplication id and sequence number reach FIFO queues", async () => {
    const topic = await bench().fifoTopic();
    const queue = await bench().subscribedQueue(topic);
    const sent = [];
    for (const body of ["1", "2", "3"]) sent.push(await publish(topic, body));
    const messages = await bench().take(queue);
    const envelopes = messages.map(({ Body = "" }) => JSON.parse(Body));
    assert.deepEqual(
      envelopes.map(({ Message }) => Message),
      ["1", "2", "3"],
    );
    assert.deepEqual(
      envelopes.map(({ SequenceNumber }) => SequenceNumber),
      sent.map(({ SequenceNumber }) => SequenceNumber),
    );
    assert.deepEqual(Object.keys(envelopes[0]), [
      "Type",
      "MessageId",
      "SequenceNumber",
      "TopicArn",
      "Message",
      "Timestamp",
      "UnsubscribeURL",
    ]);
    assert.equal(messages[0]?.Attributes?.["MessageGroupId"], "g");
    assert.match(messages[0]?.Attributes?.["MessageDeduplicationId"] ?? "", /^[0-9a-f]{64}$/);
    assert.match(sent[0]?.SequenceNumber ?? "", /^\d{20}$/);
  });

  test("concurrent publishes keep the order of their sequence numbers in every queue", async () => {
    const topic = await bench().fifoTopic();
    const queues = [await bench().subscribedQueue(topic), await bench().subscribedQueue(topic)];
    await Promise.all(Array.from({ length: 30 }, (_, index) => publish(topic, `m${index}`)));
    for (const queue of queues) {
      const sequence = (await bench().bodies(queue)).map((body) => JSON.parse(body).SequenceNumber);
      assert.equal(sequence.length, 30);
      assert.deepEqual(sequence, sequence.toSorted());
    }
  });

  test("a repeated id within 5 minutes is answered but not delivered", async () => {
    const topic = await bench().fifoTopic();
    const queue = await bench().subscribedQueue(topic, RAW);
    const first = await publish(topic, "same");
    const again = await publish(topic, "same");
    assert.equal(again.MessageId, first.MessageId);
    assert.equal(again.SequenceNumber, first.SequenceNumber);
    await publish(topic, "other", { MessageDeduplicationId: "x" });
    await publish(topic, "another", { MessageDeduplicationId: "x" });
    assert.deepEqual(await bench().bodies(queue), ["same", "other"]);
    await bench().advance(5 * 60);
    await publish(topic, "same");
    assert.deepEqual(await bench().bodies(queue), ["same"]);
  });

  test("the scope of deduplication is the topic or the message group", async () => {
    const topic = await bench().fifoTopic();
    const grouped = await bench().fifoTopic({ FifoThroughputScope: "MessageGroup" });
    for (const TopicArn of [topic, grouped]) {
      const queue = await bench().subscribedQueue(TopicArn, RAW);
      for (const MessageGroupId of ["a", "b"]) {
        await publish(TopicArn, MessageGroupId, { MessageGroupId, MessageDeduplicationId: "x" });
      }
      // The queue has its own scope, which is the queue.
      assert.deepEqual(await bench().bodies(queue), ["a"]);
      const standard = await bench().queue();
      await bench().subscribe(TopicArn, "sqs", standard.arn, { Attributes: RAW });
      for (const MessageGroupId of ["a", "b"]) {
        await publish(TopicArn, MessageGroupId, { MessageGroupId, MessageDeduplicationId: "y" });
      }
      assert.deepEqual(
        (await bench().bodies(standard)).toSorted(),
        TopicArn === topic ? ["a"] : ["a", "b"],
      );
    }
  });

  test("what FIFO topics refuse", async () => {
    const topic = await bench().fifoTopic({ ContentBasedDeduplication: "false" });
    await refused(
      bench().sns.publish({ TopicArn: topic, Message: "m" }),
      INVALID,
      /MessageGroupId parameter is required for FIFO topics/,
    );
    await refused(
      publish(topic, "m"),
      INVALID,
      /ContentBasedDeduplication enabled or MessageDeduplicationId/,
    );
    const batch = (entry: object): Promise<unknown> =>
      bench().sns.publishBatch({
        TopicArn: topic,
        PublishBatchRequestEntries: [
          { Id: "a", Message: "m", MessageGroupId: "g", MessageDeduplicationId: "d" },
          { Id: "b", Message: "m", ...entry },
        ],
      });
    await refused(batch({}), INVALID, /MessageGroupId parameter is required for FIFO topics/);
    await refused(
      batch({ MessageGroupId: "g" }),
      INVALID,
      /ContentBasedDeduplication enabled or MessageDeduplicationId/,
    );
    await refused(publish(topic, "m", { MessageGroupId: "a b" }), INVALID, /MessageGroupId/);
    await refused(
      bench().subscribe(topic, "email", "a@b.example"),
      INVALID,
      "Invalid parameter: Invalid protocol type: email",
    );
    const subscribe = (index: number): Promise<string> =>
      bench().subscribe(topic, "sqs", `arn:aws:sqs:us-east-1:000000000000:q${index}.fifo`);
    for (let index = 0; index < 100; index += 1) await subscribe(index);
    await refused(subscribe(100), "SubscriptionLimitExceededException");
  });

  test("PublishBatch keeps the order of its entries and deduplicates among them", async () => {
    const topic = await bench().fifoTopic();
    const queue = await bench().subscribedQueue(topic, RAW);
    const { Successful = [] } = await bench().sns.publishBatch({
      TopicArn: topic,
      PublishBatchRequestEntries: ["c", "a", "c", "b"].map((Message, index) => ({
        Id: String(index),
        Message,
        MessageGroupId: "g",
      })),
    });
    assert.equal(Successful.length, 4);
    assert.equal(Successful[0]?.MessageId, Successful[2]?.MessageId);
    assert.deepEqual(await bench().bodies(queue), ["c", "a", "b"]);
  });

  test("an archive shows its beginning, keeps its topic and forgets in time", async () => {
    const TopicArn = await bench().fifoTopic({ ArchivePolicy: '{"MessageRetentionPeriod":"1"}' });
    const beginning = async (): Promise<string | undefined> =>
      (await bench().sns.getTopicAttributes({ TopicArn })).Attributes?.["BeginningArchiveTime"];
    const fromMs = bench().clock.now();
    assert.equal(await beginning(), new Date(fromMs).toISOString());
    await refused(bench().sns.deleteTopic({ TopicArn }), "InvalidStateException");
    await bench().advance(2 * 86_400);
    assert.equal(await beginning(), new Date(fromMs + 86_400_000).toISOString());
    const set = (AttributeValue: string): Promise<unknown> =>
      bench().sns.setTopicAttributes({ TopicArn, AttributeName: "ArchivePolicy", AttributeValue });
    for (const days of ["0", "366", "x"]) {
      await refused(
        set(JSON.stringify({ MessageRetentionPeriod: days })),
        INVALID,
        "Invalid parameter: ArchivePolicy: MessageRetentionPeriod value is invalid",
      );
    }
    await refused(set('{"Days":1}'), INVALID, /Attribute Days is unknown/);
    await set("{}");
    assert.equal(await beginning(), undefined);
    await bench().sns.deleteTopic({ TopicArn });
  });

  test("a replay delivers the archive in order, then goes over into live messages", async () => {
    const topic = await bench().fifoTopic({ ArchivePolicy: '{"MessageRetentionPeriod":"7"}' });
    for (let index = 0; index < 250; index += 1) await publish(topic, `old ${index}`);
    const StartingPoint = new Date(bench().clock.now()).toISOString();
    const { queue, subscription } = await replayed(bench(), topic, {
      PointType: "Timestamp",
      StartingPoint,
    });
    const publishing = [publish(topic, "live 0"), publish(topic, "live 1")];
    await Promise.all(publishing);
    await bench().settle();
    const bodies = (await bench().bodies(queue)).map((body) => JSON.parse(body));
    const sequence = bodies.map(({ SequenceNumber }) => SequenceNumber);
    assert.equal(bodies.length, 252);
    assert.deepEqual(sequence, sequence.toSorted());
    assert.equal(bodies[0].Message, "old 0");
    assert.equal(bodies[0].Replayed, true);
    const { Attributes } = await bench().sns.getSubscriptionAttributes({
      SubscriptionArn: subscription,
    });
    assert.equal(Attributes?.["ReplayStatus"], "Completed");
    await publish(topic, "live 2");
    const [live] = (await bench().bodies(queue)).map((body) => JSON.parse(body));
    assert.equal(live?.Message, "live 2");
    assert.equal(live?.Replayed, undefined);
  });

  test("a replay keeps to its window, to the filter, and can be done again", async () => {
    const topic = await bench().fifoTopic({ ArchivePolicy: '{"MessageRetentionPeriod":"7"}' });
    const times: string[] = [];
    for (const kind of ["a", "b", "a", "a"]) {
      times.push(new Date(bench().clock.now()).toISOString());
      await publish(topic, `${kind}${times.length}`, {
        MessageAttributes: { kind: { DataType: "String", StringValue: kind } },
      });
      await bench().advance(60);
    }
    const window = { PointType: "Timestamp", StartingPoint: times[1], EndingPoint: times[2] };
    const { queue, subscription } = await replayed(bench(), topic, window, {
      ...RAW,
      FilterPolicy: '{"kind":["a"]}',
    });
    await bench().settle();
    assert.deepEqual(await bench().bodies(queue), ["a3"]);
    await publish(topic, "live", {
      MessageAttributes: { kind: { DataType: "String", StringValue: "a" } },
    });
    assert.deepEqual(await bench().bodies(queue), []);
    const set = (AttributeValue: string): Promise<unknown> =>
      bench().sns.setSubscriptionAttributes({
        SubscriptionArn: subscription,
        AttributeName: "ReplayPolicy",
        AttributeValue,
      });
    await set(JSON.stringify(window));
    await bench().settle();
    assert.deepEqual(await bench().bodies(queue), ["a3"]);
    await refused(set('{"PointType":"Sequence"}'), INVALID, /PointType must be Timestamp/);
    await refused(
      set('{"PointType":"Timestamp","StartingPoint":"yesterday"}'),
      INVALID,
      /StartingPoint/,
    );
    await set("{}");
    await publish(topic, "live again", {
      MessageAttributes: { kind: { DataType: "String", StringValue: "a" } },
    });
    assert.deepEqual(await bench().bodies(queue), ["live again"]);
  });

  test("a replay needs an archive", async () => {
    const topic = await bench().fifoTopic();
    await refused(
      replayed(bench(), topic, { PointType: "Timestamp", StartingPoint: "2026-01-01T00:00:00Z" }),
      INVALID,
      /no active message archive/,
    );
  });
};

async function replayed(
  bench: Bench,
  topic: string,
  policy: object,
  attributes: Record<string, string> = {},
): Promise<{ readonly queue: Queue; readonly subscription: string }> {
  const queue = await bench.fifoQueue();
  const subscription = await bench.subscribe(topic, "sqs", queue.arn, {
    Attributes: { ...attributes, ReplayPolicy: JSON.stringify(policy) },
  });
  return { queue, subscription };
}
