import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

const INVALID = "InvalidParameterException";

/** Subscriptions, their attributes and filter policies. */
export const subscriptions: Topic = (bench) => {
  const attributesOf = async (SubscriptionArn: string): Promise<Record<string, string>> =>
    (await bench().sns.getSubscriptionAttributes({ SubscriptionArn })).Attributes ?? {};

  const set = (
    SubscriptionArn: string,
    AttributeName: string,
    AttributeValue: string,
  ): Promise<unknown> =>
    bench().sns.setSubscriptionAttributes({ SubscriptionArn, AttributeName, AttributeValue });

  test("a subscription shows what it is", async () => {
    const TopicArn = await bench().topic();
    const { arn, subscription } = await bench().subscribedQueue(TopicArn, {
      FilterPolicy: '{"a":["b"]}',
    });
    assert.deepEqual(await attributesOf(subscription), {
      SubscriptionArn: subscription,
      TopicArn,
      Protocol: "sqs",
      Endpoint: arn,
      Owner: "000000000000",
      SubscriptionPrincipal: "arn:aws:iam::000000000000:root",
      PendingConfirmation: "false",
      ConfirmationWasAuthenticated: "true",
      RawMessageDelivery: "false",
      FilterPolicy: '{"a":["b"]}',
      FilterPolicyScope: "MessageAttributes",
    });
  });

  test("protocols and endpoints that Subscribe refuses", async () => {
    const topic = await bench().topic();
    const subscribe = (protocol: string, endpoint: string): Promise<unknown> =>
      bench().subscribe(topic, protocol, endpoint);
    await refused(
      subscribe("pigeon", "x"),
      INVALID,
      "Invalid parameter: Amazon SNS does not support this protocol string: pigeon",
    );
    await refused(
      subscribe("http", "https://a"),
      INVALID,
      "Invalid parameter: Endpoint must match the specified protocol",
    );
    await refused(subscribe("http", "http://"), INVALID, /not a URL/);
    await refused(subscribe("email", "nobody"), INVALID, "Invalid parameter: Email address");
    await refused(
      subscribe("email", "a@b\r\nBcc: c@d"),
      INVALID,
      "Invalid parameter: Email address",
    );
    await refused(subscribe("sms", "five"), INVALID, "Invalid SMS endpoint: five");
    await refused(subscribe("sqs", "queue"), INVALID, "Invalid parameter: SQS endpoint ARN");
    await refused(subscribe("lambda", "f"), INVALID, "Invalid parameter: Lambda endpoint ARN");
    await refused(
      subscribe("lambda", "arn:aws:lambda:us-east-1:000000000000:function:f"),
      INVALID,
      /Nothing here can be delivered to/,
    );
    await refused(
      subscribe("sqs", "arn:aws:sqs:us-east-1:000000000000:q.fifo"),
      INVALID,
      /FIFO SQS Queues can not be subscribed/,
    );
    const device = "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/device";
    await refused(
      subscribe("application", device),
      INVALID,
      `Invalid parameter: Endpoint Reason: Endpoint does not exist for endpoint ${device}`,
    );
    await refused(
      bench().subscribe(`${topic}x`, "email", "a@b.c"),
      "NotFoundException",
      "Topic does not exist",
    );
  });

  test("attributes that Subscribe refuses are named", async () => {
    const topic = await bench().topic();
    const { arn } = await bench().queue();
    const subscribe = (Attributes: Record<string, string>): Promise<unknown> =>
      bench().subscribe(topic, "sqs", arn, { Attributes });
    const prefix = "Invalid parameter: Attributes Reason: ";
    const refusals: [Record<string, string>, string | RegExp][] = [
      [{ Colour: "red" }, `${prefix}Unknown attribute Colour`],
      [
        { RawMessageDelivery: "yes" },
        /RawMessageDelivery: Invalid value \[yes\]\. Must be true or false\./,
      ],
      [{ RedrivePolicy: "{" }, `${prefix}RedrivePolicy: failed to parse JSON.`],
      [
        {
          RedrivePolicy:
            '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:q","maxReceiveCount":5}',
        },
        `${prefix}RedrivePolicy: invalid JSON. Attribute maxReceiveCount is unknown.`,
      ],
      [
        { RedrivePolicy: '{"deadLetterTargetArn":"q"}' },
        `${prefix}RedrivePolicy: deadLetterTargetArn is an invalid arn`,
      ],
      [
        { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sns:us-east-1:000000000000:t"}' },
        `${prefix}RedrivePolicy: deadLetterTargetArn must be a SQS queue`,
      ],
      [
        { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:q"}' },
        `${prefix}RedrivePolicy: deadLetterTargetArn must be in the same region as the subscription`,
      ],
      [
        { FilterPolicyScope: "Both" },
        /FilterPolicyScope: Invalid value \[Both\]\. Please use either MessageBody or MessageAttributes/,
      ],
      [{ FilterPolicy: "{" }, `${prefix}FilterPolicy: failed to parse JSON.`],
      [{ FilterPolicy: '{"a":"b"}' }, `${prefix}FilterPolicy: "a" must be an object or an array`],
      [
        { FilterPolicy: '{"a":{"b":["c"]}}' },
        `${prefix}Filter policy scope MessageAttributes does not support nested filter policy`,
      ],
      [
        {
          FilterPolicy: JSON.stringify(
            Object.fromEntries([..."abcdef"].map((key) => [key, ["x"]])),
          ),
        },
        `${prefix}FilterPolicy: Filter policy can not have more than 5 keys`,
      ],
      [
        { FilterPolicy: JSON.stringify({ a: list(13), b: list(12) }) },
        `${prefix}FilterPolicy: Filter policy is too complex`,
      ],
      [
        // 4 values at depth 2 times 10 at depth 2: 8 * 20 = 160.
        {
          FilterPolicyScope: "MessageBody",
          FilterPolicy: JSON.stringify({ a: { b: list(4) }, c: { d: list(10) } }),
        },
        `${prefix}FilterPolicy: Filter policy is too complex`,
      ],
    ];
    for (const [attributes, words] of refusals)
      await refused(subscribe(attributes), INVALID, words);
    await subscribe({ FilterPolicy: JSON.stringify({ a: list(10), b: list(15) }) });
  });

  test("raw delivery is refused where there is none, even when it is not wanted", async () => {
    const topic = await bench().topic();
    const words = "Delivery protocol [email] does not support raw message delivery.";
    const subscribe = (attributes: Record<string, string>): Promise<string> =>
      bench().subscribe(topic, "email", "a@b.example", { Attributes: attributes });
    for (const RawMessageDelivery of ["true", "false"]) {
      const asked = subscribe({ RawMessageDelivery });
      await refused(asked, INVALID, `Invalid parameter: Attributes Reason: ${words}`);
    }
    const SubscriptionArn = await subscribe({});
    const set = bench().sns.setSubscriptionAttributes({
      SubscriptionArn,
      AttributeName: "RawMessageDelivery",
      AttributeValue: "true",
    });
    await refused(set, INVALID, `Invalid parameter: ${words}`);
  });

  test("a delivery policy is kept by any subscription", async () => {
    const topic = await bench().topic();
    const DeliveryPolicy = JSON.stringify({ healthyRetryPolicy: { numRetries: 1 } });
    const { subscription } = await bench().subscribedQueue(topic, { DeliveryPolicy });
    const { DeliveryPolicy: kept, EffectiveDeliveryPolicy } = await attributesOf(subscription);
    assert.deepEqual([kept, EffectiveDeliveryPolicy], [DeliveryPolicy, undefined]);
    await refused(set(subscription, "DeliveryPolicy", "{"), INVALID, /failed to parse JSON/);
  });

  test("a subscription that is pending confirmation can not be unsubscribed", async () => {
    const topic = await bench().topic();
    const SubscriptionArn = await bench().subscribe(topic, "email", "a@b.example");
    const words =
      "Invalid parameter: SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation";
    await refused(bench().sns.unsubscribe({ SubscriptionArn }), INVALID, words);
    assert.equal((await attributesOf(SubscriptionArn))["PendingConfirmation"], "true");
  });

  test("another account's queue gets nothing before it has confirmed", async (t) => {
    const TopicArn = await bench().topic();
    const other = { accessKeyId: "111111111111" };
    const [sns, sqs] = [bench().snsOf(t, other), bench().sqsOf(t, other)];
    const { QueueUrl = "" } = await sqs.createQueue({ QueueName: "theirs" });
    const Endpoint = "arn:aws:sqs:us-east-1:111111111111:theirs";
    const subscription = { TopicArn, Protocol: "sqs", Endpoint };
    const asked = await bench().sns.subscribe(subscription);
    assert.equal(asked.SubscriptionArn, "pending confirmation");
    await bench().sns.publish({ TopicArn, Message: "too early" });
    const take = async (): Promise<Record<string, string>[]> => {
      const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
      return Messages.map(({ Body = "" }) => JSON.parse(Body));
    };
    const [question, ...others] = await take();
    assert.deepEqual([question?.["Type"], others], ["SubscriptionConfirmation", []]);
    await sns.confirmSubscription({ TopicArn, Token: question?.["Token"] });
    await bench().sns.publish({ TopicArn, Message: "in time" });
    assert.deepEqual(
      (await take()).map(({ Message }) => Message),
      ["in time"],
    );
  });

  test("a queue's owner subscribes it to another account's topic at once", async (t) => {
    const TopicArn = await bench().topic();
    const Endpoint = "arn:aws:sqs:us-east-1:111111111111:theirs";
    const subscription = { TopicArn, Protocol: "sqs", Endpoint };
    assert.equal(
      (await bench().sns.subscribe(subscription)).SubscriptionArn,
      "pending confirmation",
    );
    const { SubscriptionArn = "" } = await bench()
      .snsOf(t, { accessKeyId: "111111111111" })
      .subscribe(subscription);
    assert.equal((await attributesOf(SubscriptionArn))["PendingConfirmation"], "false");
  });

  test("a topic's ARN is no subscription's", async () => {
    const SubscriptionArn = await bench().topic();
    const words = "Invalid parameter: SubscriptionId";
    await refused(bench().sns.unsubscribe({ SubscriptionArn }), INVALID, words);
    await refused(attributesOf(SubscriptionArn), "NotFoundException");
  });

  test("the password of an endpoint is shown nowhere", async () => {
    const TopicArn = await bench().topic();
    const hidden = "http://user:p%40ss@127.0.0.1:1/hook?a=b:c@d";
    const shown = "http://user:****@127.0.0.1:1/hook?a=b:c@d";
    const subscription = await bench().subscribe(TopicArn, "http", hidden);
    const plain = "http://user@127.0.0.1:1/a:b@c";
    await bench().subscribe(TopicArn, "http", plain);
    assert.equal((await attributesOf(subscription))["Endpoint"], shown);
    const lists = [
      await bench().sns.listSubscriptions({ NextToken: "" }),
      await bench().sns.listSubscriptionsByTopic({ TopicArn, NextToken: "" }),
    ];
    for (const { Subscriptions = [] } of lists) {
      assert.deepEqual(
        Subscriptions.map(({ Endpoint }) => Endpoint).toSorted(),
        [shown, plain].toSorted(),
      );
    }
  });

  test("subscribing again answers the same subscription, unless its attributes differ", async () => {
    const topic = await bench().topic();
    const { arn } = await bench().queue();
    const first = await bench().subscribe(topic, "sqs", arn, {
      Attributes: { RawMessageDelivery: "true" },
    });
    assert.equal(await bench().subscribe(topic, "sqs", arn), first);
    await set(first, "FilterPolicy", '{"a":["b"],"c":["d"]}');
    const spaced = { Attributes: { FilterPolicy: '{ "c": ["d"], "a": ["b"] }' } };
    assert.equal(await bench().subscribe(topic, "sqs", arn, spaced), first);
    const byDefault = { Attributes: { FilterPolicyScope: "MessageAttributes" } };
    assert.equal(await bench().subscribe(topic, "sqs", arn, byDefault), first);
    await refused(
      bench().subscribe(topic, "sqs", arn, { Attributes: { RawMessageDelivery: "false" } }),
      INVALID,
      /Subscription already exists with different attributes/,
    );
    assert.equal(
      (await bench().sns.getTopicAttributes({ TopicArn: topic })).Attributes?.[
        "SubscriptionsConfirmed"
      ],
      "1",
    );
  });

  test("counts follow confirmation and removal", async () => {
    const TopicArn = await bench().topic();
    const { subscription } = await bench().subscribedQueue(TopicArn);
    const hook = await bench().openHook();
    await bench().subscribe(TopicArn, "http", hook.url);
    const counts = async (): Promise<(string | undefined)[]> => {
      const { Attributes = {} } = await bench().sns.getTopicAttributes({ TopicArn });
      return ["SubscriptionsConfirmed", "SubscriptionsPending", "SubscriptionsDeleted"].map(
        (name) => Attributes[name],
      );
    };
    assert.deepEqual(await counts(), ["1", "1", "0"]);
    const Token = await bench().tokenFor(hook);
    await bench().sns.confirmSubscription({ TopicArn, Token });
    await bench().sns.confirmSubscription({ TopicArn, Token });
    assert.deepEqual(await counts(), ["2", "0", "0"]);
    await bench().sns.unsubscribe({ SubscriptionArn: subscription });
    await bench().sns.unsubscribe({ SubscriptionArn: subscription });
    assert.deepEqual(await counts(), ["1", "0", "1"]);
  });

  test("lists give pages of 100, pending ones without their ARN", async () => {
    const TopicArn = await bench().topic();
    await Promise.all(
      Array.from({ length: 120 }, (_, index) =>
        bench().subscribe(TopicArn, "sms", `+4912345${100 + index}`),
      ),
    );
    await bench().subscribe(TopicArn, "email", "a@b.example");
    const first = await bench().sns.listSubscriptionsByTopic({ TopicArn });
    const second = await bench().sns.listSubscriptionsByTopic({
      TopicArn,
      NextToken: first.NextToken,
    });
    assert.equal(first.Subscriptions?.length, 100);
    assert.equal(second.Subscriptions?.length, 21);
    const all = [...(first.Subscriptions ?? []), ...(second.Subscriptions ?? [])];
    assert.equal(
      all.find(({ Protocol }) => Protocol === "email")?.SubscriptionArn,
      "PendingConfirmation",
    );
    const mine = await bench().sns.listSubscriptions({});
    assert.equal(mine.Subscriptions?.length, 100);
    assert.equal(
      (await bench().sns.listSubscriptions({ NextToken: mine.NextToken })).Subscriptions?.length,
      21,
    );
  });

  test("a filter policy on attributes decides who gets a message", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic, {
      RawMessageDelivery: "true",
      FilterPolicy: JSON.stringify({
        store: ["main"],
        price: [{ numeric: [">=", 100] }],
        tags: ["new", { prefix: "ex-" }],
      }),
    });
    const publish = (
      Message: string,
      price: string,
      tags: string,
      store = "main",
    ): Promise<unknown> =>
      bench().sns.publish({
        TopicArn: topic,
        Message,
        MessageAttributes: {
          store: { DataType: "String", StringValue: store },
          price: { DataType: "Number", StringValue: price },
          tags: { DataType: "String.Array", StringValue: tags },
        },
      });
    await publish("fits", "100.5", '["old","new"]');
    await publish("prefix", "100", '["ex-x"]');
    await publish("cheap", "99", '["new"]');
    await publish("old", "100", '["old"]');
    await publish("elsewhere", "100", '["new"]', "branch");
    await bench().sns.publish({ TopicArn: topic, Message: "without" });
    const everything = await bench().subscribedQueue(topic, { RawMessageDelivery: "true" });
    await publish("no array", "100", "new");
    await publish("no plain array", "100", '["new",{}]');
    assert.deepEqual(await bench().bodies(everything), ["no array", "no plain array"]);
    assert.deepEqual((await bench().bodies(queue)).toSorted(), ["fits", "prefix"]);
  });

  test("what must not exist is matched only by a message with other attributes [exists]", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic, {
      RawMessageDelivery: "true",
      FilterPolicy: JSON.stringify({ store: [{ exists: false }] }),
    });
    const publish = (Message: string, ...names: string[]): Promise<unknown> =>
      bench().sns.publish({
        TopicArn: topic,
        Message,
        MessageAttributes: Object.fromEntries(
          names.map((name) => [name, { DataType: "String", StringValue: "x" }]),
        ),
      });
    await publish("none");
    await publish("the one", "store");
    await publish("another", "colour");
    assert.deepEqual(await bench().bodies(queue), ["another"]);
  });

  test("a filter policy on the body looks into it, changes at once, and can be removed", async () => {
    const topic = await bench().topic();
    const queue = await bench().subscribedQueue(topic, {
      RawMessageDelivery: "true",
      FilterPolicyScope: "MessageBody",
      FilterPolicy: JSON.stringify({ user: { kind: [{ "anything-but": ["bot"] }] } }),
    });
    const publish = (message: string): Promise<unknown> =>
      bench().sns.publish({ TopicArn: topic, Message: message });
    await publish('{"user":{"kind":"human"}}');
    await publish('{"user":{"kind":"bot"}}');
    await publish("no json");
    assert.deepEqual(await bench().bodies(queue), ['{"user":{"kind":"human"}}']);
    await set(queue.subscription, "FilterPolicy", '{"user":{"kind":["bot"]}}');
    await publish('{"user":{"kind":"bot"}}');
    assert.deepEqual(await bench().bodies(queue), ['{"user":{"kind":"bot"}}']);
    await set(queue.subscription, "FilterPolicy", "{}");
    await publish("no json");
    assert.deepEqual(await bench().bodies(queue), ["no json"]);
    await refused(
      set(queue.subscription, "FilterPolicy", "[]"),
      INVALID,
      /Filter is not an object/,
    );
    await refused(
      set(queue.subscription, "Endpoint", "x"),
      INVALID,
      "Invalid parameter: AttributeName",
    );
  });

  test("a redrive policy goes by being set to nothing, not to an empty text", async () => {
    const topic = await bench().topic();
    const dead = await bench().queue();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn });
    const { subscription } = await bench().subscribedQueue(topic, { RedrivePolicy });
    await refused(
      set(subscription, "RedrivePolicy", ""),
      INVALID,
      "Invalid parameter: RedrivePolicy: failed to parse JSON.",
    );
    assert.equal((await attributesOf(subscription))["RedrivePolicy"], RedrivePolicy);
    await bench().sns.setSubscriptionAttributes({
      SubscriptionArn: subscription,
      AttributeName: "RedrivePolicy",
    });
    assert.equal((await attributesOf(subscription))["RedrivePolicy"], undefined);
  });

  test("firehose and devices are dead-lettered with the reason, since nothing here takes them", async () => {
    const topic = await bench().topic();
    const dead = await bench().queue();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn });
    const stream = "arn:aws:firehose:us-east-1:000000000000:deliverystream/s";
    await refused(
      bench().subscribe(topic, "firehose", stream),
      INVALID,
      "Invalid parameter: Delivery protocol firehose can only be subscribed with subscription role arn",
    );
    await bench().subscribe(topic, "firehose", stream, {
      Attributes: { RedrivePolicy, SubscriptionRoleArn: "arn:aws:iam::000000000000:role/r" },
    });
    const { PlatformApplicationArn } = await bench().sns.createPlatformApplication({
      Name: "app",
      Platform: "GCM",
      Attributes: { PlatformCredential: "key" },
    });
    const { EndpointArn = "" } = await bench().sns.createPlatformEndpoint({
      PlatformApplicationArn,
      Token: "t",
    });
    await bench().subscribe(topic, "application", EndpointArn, { Attributes: { RedrivePolicy } });
    await bench().sns.publish({ TopicArn: topic, Message: "m" });
    const codes = (await bench().take(dead)).map(
      ({ MessageAttributes }) => MessageAttributes?.["ErrorCode"]?.StringValue,
    );
    assert.deepEqual(codes.toSorted(), ["InvalidTarget", "PlatformServiceUnavailable"]);
  });
};

function list(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `v${index}`);
}
