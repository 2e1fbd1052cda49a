import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

const INVALID = "InvalidParameterException";

/** Topics and what belongs to them. */
export const topics: Topic = (bench) => {
  const attributesOf = async (TopicArn: string): Promise<Record<string, string>> =>
    (await bench().sns.getTopicAttributes({ TopicArn })).Attributes ?? {};

  const set = (TopicArn: string, AttributeName: string, AttributeValue: string): Promise<unknown> =>
    bench().sns.setTopicAttributes({ TopicArn, AttributeName, AttributeValue });

  test("a missing member is refused by name", async () => {
    const sent = await fetch(bench().server.url, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "Action=Subscribe&Version=2010-03-31&Protocol=sqs",
    });
    assert.equal(sent.status, 400);
    const text = await sent.text();
    assert.match(text, /<Code>ValidationError<\/Code>/);
    assert.match(
      text,
      /1 validation error detected: Value null at (?:'|&apos;)topicArn(?:'|&apos;) failed to satisfy constraint: Member must not be null</,
    );
  });

  test("what is longer than any name is not there", async () => {
    const { sns } = bench();
    const TopicArn = await bench().topic();
    const long = "x".repeat(3_000);
    const arns = "arn:aws:sns:us-east-1:000000000000";
    const TopicOfNone = `${arns}:${long}`;
    await refused(sns.getTopicAttributes({ TopicArn: TopicOfNone }), "NotFoundException");
    await refused(sns.publish({ TopicArn: TopicOfNone, Message: "m" }), "NotFoundException");
    await sns.deleteTopic({ TopicArn: TopicOfNone });
    const SubscriptionArn = `${TopicArn}:${long}`;
    await refused(sns.getSubscriptionAttributes({ SubscriptionArn }), "NotFoundException");
    await refused(sns.confirmSubscription({ TopicArn, Token: long }), INVALID);
    const EndpointArn = `${arns}:endpoint/GCM/app/${long}`;
    await refused(sns.getEndpointAttributes({ EndpointArn }), "NotFoundException");
    const PlatformApplicationArn = `${arns}:app/GCM/${long}`;
    await refused(
      sns.getPlatformApplicationAttributes({ PlatformApplicationArn }),
      "NotFoundException",
    );
    await sns.deletePlatformApplication({ PlatformApplicationArn });
  });

  test("all missing members are refused together, by the places where they are missing", async () => {
    const TopicArn = await bench().topic();
    const why = "failed to satisfy constraint: Member must not be null";
    const several = bench().sns.publish({
      TopicArn,
      Message: undefined,
      MessageAttributes: { a: { DataType: undefined, StringValue: "x" } },
    });
    await refused(
      several,
      "ValidationError",
      `2 validation errors detected: Value null at 'message' ${why}; Value null at 'messageAttributes.a.member.dataType' ${why}`,
    );
    const batch = bench().sns.publishBatch({
      TopicArn,
      PublishBatchRequestEntries: [{ Id: "a", Message: undefined }],
    });
    await refused(
      batch,
      "ValidationError",
      `1 validation error detected: Value null at 'publishBatchRequestEntries.1.member.message' ${why}`,
    );
  });

  test("a new standard topic has the defaults", async () => {
    const TopicArn = await bench().topic();
    const { Policy, EffectiveDeliveryPolicy, ...others } = await attributesOf(TopicArn);
    assert.deepEqual(others, {
      TopicArn,
      Owner: "000000000000",
      DisplayName: "",
      SubscriptionsConfirmed: "0",
      SubscriptionsPending: "0",
      SubscriptionsDeleted: "0",
    });
    assert.equal(JSON.parse(Policy ?? "").Statement[0].Resource, TopicArn);
    assert.deepEqual(JSON.parse(EffectiveDeliveryPolicy ?? ""), {
      http: {
        defaultHealthyRetryPolicy: {
          minDelayTarget: 20,
          maxDelayTarget: 20,
          numRetries: 3,
          numMaxDelayRetries: 0,
          numNoDelayRetries: 0,
          numMinDelayRetries: 0,
          backoffFunction: "linear",
        },
        disableSubscriptionOverrides: false,
        defaultRequestPolicy: { headerContentType: "text/plain; charset=UTF-8" },
      },
    });
  });

  test("a new FIFO topic has the defaults", async () => {
    const { TopicArn = "" } = await bench().sns.createTopic({
      Name: "a.fifo",
      Attributes: { FifoTopic: "true" },
    });
    const attributes = await attributesOf(TopicArn);
    assert.equal(attributes["FifoTopic"], "true");
    assert.equal(attributes["ContentBasedDeduplication"], "false");
    assert.equal(attributes["FifoThroughputScope"], "Topic");
  });

  test("CreateTopic answers the same topic again, and refuses a different one", async () => {
    const create = (Attributes: Record<string, string>, Tags?: { Key: string; Value: string }[]) =>
      bench().sns.createTopic({ Name: "same", Attributes, ...(Tags ? { Tags } : {}) });
    const tags = [{ Key: "a", Value: "b" }];
    const first = await create({ DisplayName: "x" }, tags);
    assert.equal((await create({})).TopicArn, first.TopicArn);
    assert.equal((await create({ DisplayName: "x" }, tags)).TopicArn, first.TopicArn);
    const byDefault = { TracingConfig: "PassThrough", MaximumMessageSize: "262144" };
    assert.equal((await create(byDefault)).TopicArn, first.TopicArn);
    const statement = { Effect: "Allow", Principal: "*", Action: "sns:Publish", Resource: "*" };
    const policy = { Version: "2012-10-17", Statement: [statement] };
    await set(first.TopicArn ?? "", "Policy", JSON.stringify(policy));
    const again = { Statement: [statement], Version: "2012-10-17" };
    await create({ Policy: JSON.stringify(again, null, 2) });
    await refused(
      create({ Policy: JSON.stringify({ ...policy, Id: "other" }) }),
      INVALID,
      /Topic already exists with different attributes/,
    );
    await refused(
      create({ DisplayName: "y" }),
      INVALID,
      /Topic already exists with different attributes/,
    );
    await refused(
      create({}, [{ Key: "a", Value: "c" }]),
      INVALID,
      /Topic already exists with different tags/,
    );
  });

  test("names and attributes that CreateTopic refuses", async () => {
    const create = (Name: string, Attributes: Record<string, string> = {}): Promise<unknown> =>
      bench().sns.createTopic({ Name, Attributes });
    const topic = await bench().topic();
    await refused(create(""), INVALID, "Invalid parameter: Topic Name");
    await refused(create("a b"), INVALID, "Invalid parameter: Topic Name");
    await refused(create("a.fifo"), INVALID, "Invalid parameter: Topic Name");
    await refused(create("x".repeat(257)), INVALID, "Invalid parameter: Topic Name");
    await create("x".repeat(256));
    await refused(
      create("a", { FifoTopic: "true" }),
      INVALID,
      /Fifo Topic names must end with \.fifo/,
    );
    await refused(
      create("a", { Colour: "red" }),
      INVALID,
      "Invalid parameter: Attributes Reason: Unknown attribute Colour",
    );
    await refused(create("a", { ArchivePolicy: "{}" }), INVALID, /Unknown attribute/);
    const values: readonly [string, string, string][] = [
      ["SignatureVersion", "3", "SignatureVersion: Invalid value. Must be 1 or 2."],
      ["TracingConfig", "On", "Invalid tracing config value: On"],
      ["DisplayName", "x".repeat(101), "DisplayName"],
      ["Policy", "", "Policy is empty"],
      [
        "ContentBasedDeduplication",
        "true",
        "Content-based deduplication can only be set for FIFO topics",
      ],
    ];
    for (const [name, value, reason] of values) {
      const words = `Invalid parameter: Attributes Reason: ${reason}`;
      await refused(create("a", { [name]: value }), INVALID, words);
      await refused(set(topic, name, value), INVALID, `Invalid parameter: ${reason}`);
    }
  });

  test("attributes are set, shown and removed", async () => {
    const topic = await bench().topic();
    await set(topic, "DisplayName", "shown");
    await set(topic, "SignatureVersion", "2");
    await set(topic, "HTTPSuccessFeedbackSampleRate", "50");
    await set(topic, "MaximumMessageSize", "262144");
    const attributes = await attributesOf(topic);
    assert.equal(attributes["DisplayName"], "shown");
    assert.equal(attributes["HTTPSuccessFeedbackSampleRate"], "50");
    assert.equal(attributes["MaximumMessageSize"], "262144", "shown once it was set");
    await set(topic, "HTTPSuccessFeedbackSampleRate", "");
    assert.equal((await attributesOf(topic))["HTTPSuccessFeedbackSampleRate"], undefined);
  });

  test("attribute names and values that SetTopicAttributes refuses", async () => {
    const topic = await bench().topic();
    await refused(set(topic, "Owner", "x"), INVALID, "Invalid parameter: AttributeName");
    await refused(set(topic, "toString", "x"), INVALID, "Invalid parameter: AttributeName");
    await refused(
      set(topic, "FifoThroughputScope", "Topic"),
      INVALID,
      "Invalid parameter: AttributeName",
    );
    await refused(set(topic, "Policy", "no json"), INVALID, /Policy/);
    await refused(set(topic, "DisplayName", "x".repeat(101)), INVALID, /DisplayName/);
    await refused(set(topic, "MaximumMessageSize", "1023"), INVALID, /MaximumMessageSize/);
    await refused(set(topic, "SQSSuccessFeedbackSampleRate", "101"), INVALID, /SampleRate/);
    await refused(set(topic, "LambdaFailureFeedbackRoleArn", "role"), INVALID, /IAM role/);
    await refused(
      set(`${topic}x`, "DisplayName", "x"),
      "NotFoundException",
      "Topic does not exist",
    );
  });

  test("a topic with a subscription that takes no large messages is not made one for them", async () => {
    const topic = await bench().topic();
    await bench().sns.subscribe({ TopicArn: topic, Protocol: "email", Endpoint: "a@example.com" });
    await refused(
      set(topic, "MaximumMessageSize", "262145"),
      INVALID,
      /email is not supported for topics with MaximumMessageSize above 262144/,
    );
    await set(topic, "MaximumMessageSize", "262144");
  });

  test("delivery policies that are refused say where they are wrong", async () => {
    const topic = await bench().topic();
    const policy = (retry: object): Promise<unknown> =>
      set(topic, "DeliveryPolicy", JSON.stringify({ http: { defaultHealthyRetryPolicy: retry } }));
    const refusals: [object, RegExp][] = [
      [{ numRetries: 101 }, /numRetries must be less than or equal to 100/],
      [{ numRetries: -1 }, /numRetries must be greater than or equal to 0/],
      [{ numRetries: "3" }, /numRetries must be an integer/],
      [{ minDelayTarget: 30 }, /maxDelayTarget must be greater than or equal to minDelayTarget/],
      [{ numRetries: 1, numNoDelayRetries: 2 }, /must be greater than or equal to total/],
      [{ backoffFunction: "cubic" }, /backoffFunction must be one of/],
      [{ numRetries: 100, minDelayTarget: 40, maxDelayTarget: 40 }, /3600 seconds in total/],
      [{ retries: 1 }, /Unexpected JSON member: http\.defaultHealthyRetryPolicy\.retries/],
    ];
    for (const [retry, why] of refusals) await refused(policy(retry), INVALID, why);
    const throttled = { http: { defaultThrottlePolicy: { maxReceivesPerSecond: 0 } } };
    await refused(
      set(topic, "DeliveryPolicy", JSON.stringify(throttled)),
      INVALID,
      /defaultThrottlePolicy\.maxReceivesPerSecond must be >= 1$/,
    );
    await refused(
      set(topic, "DeliveryPolicy", "{"),
      INVALID,
      /DeliveryPolicy: failed to parse JSON/,
    );
    await refused(
      set(
        topic,
        "DeliveryPolicy",
        JSON.stringify({ http: { defaultRequestPolicy: { headerContentType: "a\r\nb" } } }),
      ),
      INVALID,
      /headerContentType/,
    );
  });

  test("ListTopics gives pages of 100", async () => {
    const names = Array.from({ length: 150 }, (_, index) => `t-${String(index).padStart(3, "0")}`);
    await Promise.all(names.map((Name) => bench().sns.createTopic({ Name })));
    const first = await bench().sns.listTopics({});
    assert.equal(first.Topics?.length, 100);
    const second = await bench().sns.listTopics({ NextToken: first.NextToken });
    assert.equal(second.NextToken, undefined);
    const seen = [...(first.Topics ?? []), ...(second.Topics ?? [])];
    assert.deepEqual(
      seen.map(({ TopicArn = "" }) => TopicArn.split(":").at(-1)),
      names,
    );
    await refused(
      bench().sns.listTopics({ NextToken: "nonsense" }),
      INVALID,
      "Invalid parameter: NextToken",
    );
  });

  test("DeleteTopic takes all subscriptions with it and is no error twice", async () => {
    const TopicArn = await bench().topic();
    const { subscription } = await bench().subscribedQueue(TopicArn);
    await bench().sns.deleteTopic({ TopicArn });
    await bench().sns.deleteTopic({ TopicArn });
    await refused(attributesOf(TopicArn), "NotFoundException", "Topic does not exist");
    await refused(
      bench().sns.getSubscriptionAttributes({ SubscriptionArn: subscription }),
      "NotFoundException",
      "Subscription does not exist",
    );
    await bench().settle();
    assert.deepEqual((await bench().sns.listSubscriptions({})).Subscriptions ?? [], []);
    await bench().sns.createTopic({ Name: TopicArn.split(":").at(-1) ?? "" });
    assert.equal((await attributesOf(TopicArn))["SubscriptionsConfirmed"], "0");
  });

  test("tags are added, replaced, removed and limited", async () => {
    const ResourceArn = await bench().topic();
    const tags = async (): Promise<unknown> =>
      (await bench().sns.listTagsForResource({ ResourceArn })).Tags;
    await bench().sns.tagResource({
      ResourceArn,
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "b", Value: "" },
      ],
    });
    await bench().sns.tagResource({ ResourceArn, Tags: [{ Key: "a", Value: "2" }] });
    assert.deepEqual(await tags(), [
      { Key: "a", Value: "2" },
      { Key: "b", Value: "" },
    ]);
    await bench().sns.untagResource({ ResourceArn, TagKeys: ["b", "c"] });
    assert.deepEqual(await tags(), [{ Key: "a", Value: "2" }]);
    for (const tag of [
      { Key: "a#b", Value: "" },
      { Key: "a", Value: "<>" },
    ]) {
      await refused(bench().sns.tagResource({ ResourceArn, Tags: [tag] }), INVALID, /letters/);
    }
    await bench().sns.tagResource({ ResourceArn, Tags: [{ Key: "b", Value: "é _.:/=+-@1" }] });
    await bench().sns.untagResource({ ResourceArn, TagKeys: ["b"] });
    const many = Array.from({ length: 50 }, (_, index) => ({ Key: `k${index}`, Value: "v" }));
    await refused(
      bench().sns.tagResource({ ResourceArn, Tags: many }),
      "TagLimitExceededException",
    );
    await refused(
      bench().sns.listTagsForResource({ ResourceArn: `${ResourceArn}x` }),
      "ResourceNotFoundException",
      "Resource does not exist",
    );
  });

  test("a policy needs whole statements on actions that are done to topics [Policy]", async () => {
    const topic = await bench().topic();
    const policy = (statement: object): string =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: "*", Resource: topic, ...statement }],
      });
    const good = policy({ Action: ["sns:Publish", "SNS:receive", "sns:Get*"] });
    await set(topic, "Policy", good);
    assert.equal((await attributesOf(topic))["Policy"], good);
    await refused(set(topic, "Policy", ""), INVALID, "Invalid parameter: Policy is empty");
    const broken = [
      "{",
      "[]",
      "{}",
      policy({}),
      policy({ Action: "sns:Publish", Principal: undefined }),
      policy({ Action: "sns:Publish", Effect: "Maybe" }),
    ];
    for (const text of broken) {
      await refused(set(topic, "Policy", text), INVALID, "Invalid parameter: Policy Error: null");
    }
    const outOfScope = "Invalid parameter: Policy statement action out of service scope!";
    for (const Action of ["sns:*", "*", "sns:CreateTopic", ["sns:Publish", "sqs:SendMessage"]]) {
      await refused(set(topic, "Policy", policy({ Action })), INVALID, outOfScope);
    }
  });

  test("what belongs to a topic is known in its own region only", async (t) => {
    const ResourceArn = await bench().topic();
    const { subscription: SubscriptionArn } = await bench().subscribedQueue(ResourceArn);
    const elsewhere = bench().snsOf(t, { region: "eu-west-1" });
    for (const call of [
      elsewhere.listTagsForResource({ ResourceArn }),
      elsewhere.tagResource({ ResourceArn, Tags: [] }),
      elsewhere.untagResource({ ResourceArn, TagKeys: [] }),
    ]) {
      await refused(call, "ResourceNotFoundException", "Resource does not exist");
    }
    for (const call of [
      elsewhere.getDataProtectionPolicy({ ResourceArn }),
      elsewhere.putDataProtectionPolicy({ ResourceArn, DataProtectionPolicy: "" }),
    ]) {
      await refused(call, "NotFoundException", "Topic does not exist");
    }
    const AttributeName = "FilterPolicy";
    for (const call of [
      elsewhere.getSubscriptionAttributes({ SubscriptionArn }),
      elsewhere.setSubscriptionAttributes({ SubscriptionArn, AttributeName }),
      elsewhere.unsubscribe({ SubscriptionArn }),
    ]) {
      await refused(call, "NotFoundException", "Subscription does not exist");
    }
  });

  test("a topic is known in its own region only", async (t) => {
    const TopicArn = await bench().topic();
    const elsewhere = bench().snsOf(t, { region: "eu-west-1" });
    const words = "Invalid parameter: TopicArn";
    await refused(elsewhere.publish({ TopicArn, Message: "m" }), INVALID, words);
    await refused(elsewhere.getTopicAttributes({ TopicArn }), INVALID, words);
    const entries = { TopicArn, PublishBatchRequestEntries: [{ Id: "a", Message: "m" }] };
    await refused(elsewhere.publishBatch(entries), INVALID, words);
    const subscription = { TopicArn, Protocol: "email", Endpoint: "a@b.example" };
    await refused(elsewhere.subscribe(subscription), INVALID, words);
    await refused(elsewhere.listSubscriptionsByTopic({ TopicArn }), INVALID, words);
    await refused(elsewhere.deleteTopic({ TopicArn }), INVALID, words);
  });

  test("permissions are statements of the policy", async () => {
    const TopicArn = await bench().topic();
    const grant = (Label: string, action = "Publish"): Promise<unknown> =>
      bench().sns.addPermission({
        TopicArn,
        Label,
        AWSAccountId: ["111111111111"],
        ActionName: [action],
      });
    await grant("zero", "Receive");
    await bench().sns.removePermission({ TopicArn, Label: "zero" });
    await grant("one");
    await refused(grant("one"), INVALID, /Statement already exists/);
    await refused(grant("two", "DeleteEverything"), INVALID, /action out of service scope/);
    const nobody = { TopicArn, Label: "two", AWSAccountId: ["12"], ActionName: ["Publish"] };
    await refused(
      bench().sns.addPermission(nobody),
      INVALID,
      "Invalid parameter: A provided account ID is not valid",
    );
    const statements = async (): Promise<{ Sid: string }[]> =>
      JSON.parse((await attributesOf(TopicArn))["Policy"] ?? "").Statement;
    assert.deepEqual((await statements()).at(-1), {
      Sid: "one",
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::111111111111:root" },
      Action: "SNS:Publish",
      Resource: TopicArn,
    });
    await bench().sns.removePermission({ TopicArn, Label: "one" });
    assert.deepEqual(
      (await statements()).map(({ Sid }) => Sid),
      ["__default_statement_ID"],
    );
  });

  test("a data protection policy is checked and kept", async () => {
    const ResourceArn = await bench().topic();
    const policy = JSON.stringify({
      Name: "p",
      Version: "2021-06-01",
      Statement: [
        {
          DataDirection: "Inbound",
          Principal: ["*"],
          DataIdentifier: ["x"],
          Operation: { Deny: {} },
        },
      ],
    });
    const put = (DataProtectionPolicy: string): Promise<unknown> =>
      bench().sns.putDataProtectionPolicy({ ResourceArn, DataProtectionPolicy });
    await put(policy);
    const shown = await bench().sns.getDataProtectionPolicy({ ResourceArn });
    assert.equal(shown.DataProtectionPolicy, policy);
    await refused(put("{}"), INVALID, /Name is required/);
    await refused(put(policy.replace("Deny", "Allow")), INVALID, /Audit, Deidentify or Deny/);
  });
};
