import assert from "node:assert/strict";
import { test } from "node:test";
import type { QueueAttributeName } from "@aws-sdk/client-sqs";
import { refused, START_MS } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

const CREATED = String(START_MS / 1_000);

/** Least, most and default of each number, and what lies just outside. */
const NUMBERS: readonly [QueueAttributeName, number, number, string][] = [
  ["DelaySeconds", 0, 900, "0"],
  ["MaximumMessageSize", 1_024, 1_048_576, "1048576"],
  ["MessageRetentionPeriod", 60, 1_209_600, "345600"],
  ["ReceiveMessageWaitTimeSeconds", 0, 20, "0"],
  ["VisibilityTimeout", 0, 43_200, "30"],
];

export const attributes: Topic = (bench) => {
  test("a standard queue shows its attributes with their defaults [GetQueueAttributes]", async () => {
    const url = await bench().queue({}, "plain");
    const { CreatedTimestamp, LastModifiedTimestamp, ...shown } = await bench().attributes(url);
    assert.equal(CreatedTimestamp, LastModifiedTimestamp);
    assert.ok(Number(CreatedTimestamp) >= Number(CREATED));
    assert.deepEqual(shown, {
      DelaySeconds: "0",
      MaximumMessageSize: "1048576",
      MessageRetentionPeriod: "345600",
      ReceiveMessageWaitTimeSeconds: "0",
      VisibilityTimeout: "30",
      SqsManagedSseEnabled: "true",
      QueueArn: "arn:aws:sqs:us-east-1:000000000000:plain",
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesDelayed: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
    });
  });

  test("a FIFO queue shows what only FIFO queues have", async () => {
    const url = await bench().queue({ FifoQueue: "true" }, "plain.fifo");
    const shown = await bench().attributes(url);
    assert.equal(shown["FifoQueue"], "true");
    assert.equal(shown["ContentBasedDeduplication"], "false");
    assert.equal(shown["DeduplicationScope"], "queue");
    assert.equal(shown["FifoThroughputLimit"], "perQueue");
  });

  test("attributes are shown by name, none without names, unknown names refused", async () => {
    const { client } = bench();
    const url = await bench().queue();
    const some = await client.getQueueAttributes({
      QueueUrl: url,
      AttributeNames: ["DelaySeconds", "VisibilityTimeout", "RedrivePolicy"],
    });
    assert.deepEqual(some.Attributes, { DelaySeconds: "0", VisibilityTimeout: "30" });
    assert.equal((await client.getQueueAttributes({ QueueUrl: url })).Attributes, undefined);
    const unknown = ["toString" as QueueAttributeName];
    const asked = client.getQueueAttributes({ QueueUrl: url, AttributeNames: unknown });
    await refused(asked, "InvalidAttributeName", "Unknown Attribute toString.");
  });

  test("a standard queue does not know the names of what only FIFO queues have", async () => {
    const { client } = bench();
    const QueueUrl = await bench().queue();
    for (const name of ["FifoQueue", "ContentBasedDeduplication"] as const) {
      const asked = client.getQueueAttributes({ QueueUrl, AttributeNames: ["QueueArn", name] });
      await refused(asked, "InvalidAttributeName", `Unknown Attribute ${name}.`);
    }
    for (const [name, value] of [
      ["DeduplicationScope", "queue"],
      ["FifoThroughputLimit", "perQueue"],
    ] as const) {
      const words = `You can specify the ${name} only when FifoQueue is set to true.`;
      await refused(bench().set(QueueUrl, { [name]: value }), "InvalidAttributeName", words);
      await refused(bench().queue({ [name]: value }), "InvalidAttributeName", words);
    }
    const fifo = await client.getQueueAttributes({
      QueueUrl: await bench().fifo(),
      AttributeNames: ["FifoQueue"],
    });
    assert.deepEqual(fifo.Attributes, { FifoQueue: "true" });
  });

  for (const [name, least, most] of NUMBERS) {
    test(`${name} is a whole number from ${least} to ${most}`, async () => {
      const url = await bench().queue({ [name]: String(least) });
      assert.equal((await bench().attributes(url))[name], String(least));
      await bench().set(url, { [name]: String(most) });
      assert.equal((await bench().attributes(url))[name], String(most));
      const words = `Invalid value for the parameter ${name}.`;
      for (const bad of [String(least - 1), String(most + 1), "", "x", "1.5", "1e2", " 7", "+5"]) {
        await refused(bench().set(url, { [name]: bad }), "InvalidAttributeValue", words);
        await refused(bench().queue({ [name]: bad }, "refused"), "InvalidAttributeValue", words);
      }
      assert.equal((await bench().attributes(url))[name], String(most));
      await refused(bench().client.getQueueUrl({ QueueName: "refused" }), "QueueDoesNotExist");
    });
  }

  test("one bad attribute among good ones changes nothing [SetQueueAttributes]", async () => {
    const url = await bench().queue();
    const mixed = bench().set(url, { DelaySeconds: "7", VisibilityTimeout: "-1" });
    await refused(mixed, "InvalidAttributeValue");
    assert.equal((await bench().attributes(url))["DelaySeconds"], "0");
  });

  test("a change of no attribute is refused", async () => {
    const { client } = bench();
    const url = await bench().queue();
    const words = "The request must contain the parameter Attribute.Name.";
    await refused(bench().set(url, {}), "MissingParameter", words);
    const absent = client.setQueueAttributes({ QueueUrl: url, Attributes: undefined });
    await refused(absent, "MissingParameter", words);
  });

  test("a queue's type does not change", async () => {
    const url = await bench().fifo();
    await bench().set(url, { FifoQueue: "true" });
    const words =
      "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
    await refused(bench().set(url, { FifoQueue: "false" }), "InvalidAttributeValue", words);
  });

  test("read-only, unknown and FIFO attributes can not be set on a standard queue", async () => {
    const url = await bench().queue();
    for (const name of [
      "QueueArn",
      "ApproximateNumberOfMessages",
      "CreatedTimestamp",
      "All",
      "NoSuch",
      "__proto__",
      "FifoQueue",
      "ContentBasedDeduplication",
    ]) {
      const given = Object.fromEntries([[name, "true"]]);
      await refused(bench().set(url, given), "InvalidAttributeName", `Unknown Attribute ${name}.`);
    }
    const words = "Unknown Attribute FifoQueue.";
    await refused(bench().queue({ FifoQueue: "false" }), "InvalidAttributeName", words);
  });

  test("changing attributes moves LastModifiedTimestamp and leaves CreatedTimestamp", async () => {
    const url = await bench().queue();
    const before = await bench().attributes(url);
    await bench().advance(90);
    await bench().set(url, { DelaySeconds: "1" });
    const after = await bench().attributes(url);
    assert.equal(after["CreatedTimestamp"], before["CreatedTimestamp"]);
    const moved = Number(after["LastModifiedTimestamp"]) - Number(before["LastModifiedTimestamp"]);
    assert.equal(moved, 90);
  });

  test("a policy is kept as it was written, and unset by an empty text", async () => {
    const url = await bench().queue();
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*" }],
    });
    await bench().set(url, { Policy });
    assert.equal((await bench().attributes(url))["Policy"], Policy);
    const words = "Invalid value for the parameter Policy.";
    const none = '{"Version":"2012-10-17","Statement":[]}';
    for (const bad of ["{", "[]", "7", "{}", '{"Statement":[{"Effect":"Maybe"}]}', none]) {
      await refused(bench().set(url, { Policy: bad }), "InvalidAttributeValue", words);
    }
    await bench().set(url, { Policy: "" });
    assert.equal((await bench().attributes(url))["Policy"], undefined);
  });

  test("a redrive policy takes its count as a number or as text, and is unset by an empty text", async () => {
    const target = await bench().queue({}, "dead");
    const deadLetterTargetArn = await bench().arn(target);
    const url = await bench().queue();
    for (const maxReceiveCount of [1, 1_000, "5"]) {
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
      await bench().set(url, { RedrivePolicy });
      const shown: unknown = JSON.parse((await bench().attributes(url))["RedrivePolicy"] ?? "");
      assert.deepEqual(shown, { deadLetterTargetArn, maxReceiveCount: Number(maxReceiveCount) });
    }
    await bench().set(url, { RedrivePolicy: "" });
    assert.equal((await bench().attributes(url))["RedrivePolicy"], undefined);
  });

  test("a redrive policy that does not hold is refused with its value and the reason", async () => {
    const deadLetterTargetArn = await bench().arn(await bench().queue({}, "dead"));
    const fifoArn = await bench().arn(await bench().fifo());
    const nowhere = deadLetterTargetArn.replace(":dead", ":nowhere");
    const far = deadLetterTargetArn.replace("us-east-1", "eu-west-1");
    const foreign = deadLetterTargetArn.replace("000000000000", "111122223333");
    const url = await bench().queue();
    const cases: readonly [unknown, RegExp][] = [
      [{}, /Value \{\} .*does not contain mandatory attribute: maxReceiveCount\./],
      [{ deadLetterTargetArn }, /does not contain mandatory attribute: maxReceiveCount/],
      [{ maxReceiveCount: 3 }, /does not contain mandatory attribute: deadLetterTargetArn/],
      [{ deadLetterTargetArn: nowhere, maxReceiveCount: 3 }, /Dead letter target does not exist/],
      [
        { maxReceiveCount: "3", deadLetterTargetArn: far },
        // With the policy as it was given.
        /^Value \{"maxReceiveCount":"3","dead.* Dead-letter target must be in same region as the source\.$/,
      ],
      [
        { deadLetterTargetArn: foreign, maxReceiveCount: 3 },
        / Dead letter target owner should be same as the source\.$/,
      ],
      [
        { deadLetterTargetArn: "arn", maxReceiveCount: 3 },
        /Only SQS queues are valid resources for deadLetterTargetArn$/,
      ],
      [{ deadLetterTargetArn: `${nowhere}${"x".repeat(3_000)}`, maxReceiveCount: 3 }, /not exist/],
      [
        { deadLetterTargetArn: fifoArn, maxReceiveCount: 3 },
        /must be same type of queue as the source/,
      ],
      [[], /JSON/],
      ["text", /JSON/],
    ];
    for (const [policy, words] of cases) {
      const RedrivePolicy = JSON.stringify(policy);
      await refused(bench().set(url, { RedrivePolicy }), "InvalidParameterValue", words);
      await refused(bench().queue({ RedrivePolicy }), "InvalidParameterValue", words);
    }
    for (const maxReceiveCount of [0, 1_001, -1, 2.5, true, [5], "", "x", " 5", {}]) {
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
      const words = /maxReceiveCount.*1 to 1000/;
      await refused(bench().set(url, { RedrivePolicy }), "InvalidParameterValue", words);
    }
    await refused(bench().set(url, { RedrivePolicy: "{" }), "InvalidParameterValue", /JSON/);
  });

  test("a queue whose dead-letter queue is gone can still be changed otherwise", async () => {
    const target = await bench().queue({}, "dead");
    const deadLetterTargetArn = await bench().arn(target);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 3 });
    const url = await bench().queue({ RedrivePolicy });
    await bench().client.deleteQueue({ QueueUrl: target });
    await bench().set(url, { DelaySeconds: "7" });
    const shown = await bench().attributes(url);
    assert.deepEqual([shown["DelaySeconds"], shown["RedrivePolicy"]], ["7", RedrivePolicy]);
    await refused(bench().set(url, { RedrivePolicy }), "InvalidParameterValue", /does not exist/);
  });

  test("a redrive allow policy says who may use a queue for dead letters", async () => {
    const target = await bench().queue({}, "guarded");
    const deadLetterTargetArn = await bench().arn(target);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
    const friend = await bench().queue({}, "friend");
    const stranger = await bench().queue({}, "stranger");
    const sourceQueueArns = [await bench().arn(friend)];
    const allow = (policy: object): Promise<unknown> =>
      bench().set(target, { RedriveAllowPolicy: JSON.stringify(policy) });
    await allow({ redrivePermission: "byQueue", sourceQueueArns });
    await bench().set(friend, { RedrivePolicy });
    await refused(bench().set(stranger, { RedrivePolicy }), "InvalidParameterValue");
    await allow({ redrivePermission: "denyAll" });
    await refused(bench().set(stranger, { RedrivePolicy }), "InvalidParameterValue");
    await allow({ redrivePermission: "allowAll" });
    await bench().set(stranger, { RedrivePolicy });
    assert.equal(
      (await bench().attributes(target))["RedriveAllowPolicy"],
      '{"redrivePermission":"allowAll"}',
    );
    await bench().set(target, { RedriveAllowPolicy: "" });
    assert.equal((await bench().attributes(target))["RedriveAllowPolicy"], undefined);
  });

  test("a redrive allow policy that does not hold is refused", async () => {
    const url = await bench().queue();
    const arn = await bench().arn(url);
    const eleven = Array.from({ length: 11 }, (_, index) => `${arn}${index}`);
    const set = (policy: object): Promise<unknown> =>
      bench().set(url, { RedriveAllowPolicy: JSON.stringify(policy) });
    const start = "Amazon SQS can't create the redrive allow policy";
    for (const policy of [
      {},
      { redrivePermission: "maybe" },
      { redrivePermission: "byQueue", sourceQueueArns: "x" },
      { redrivePermission: "byQueue", sourceQueueArns: ["arn:aws:sns:us-east-1:1:x"] },
    ]) {
      const words = `Invalid value for the parameter RedriveAllowPolicy. Reason: ${start}, as it’s in an unsupported format.`;
      await refused(set(policy), "InvalidAttributeValue", words);
    }
    const byQueue = "When you specify the byQueue permission type, you must also specify";
    const cases: readonly [object, string][] = [
      [{ redrivePermission: "byQueue" }, `${byQueue} one or more sourceQueueArns values.`],
      [
        { redrivePermission: "byQueue", sourceQueueArns: [] },
        `${byQueue} one or more sourceQueueArns values.`,
      ],
      [
        { redrivePermission: "byQueue", sourceQueueArns: eleven },
        `${byQueue} between 1 and 10 source queue ARNs.`,
      ],
      [
        { redrivePermission: "denyAll", sourceQueueArns: [arn] },
        "To specify one or more source queue ARNs, you must set redrivePermission to byQueue.",
      ],
      [
        {
          redrivePermission: "byQueue",
          sourceQueueArns: [arn, arn.replace("us-east-1", "eu-west-1")],
        },
        "All source queue ARNs must be in the same region as the current SQS queue.",
      ],
    ];
    for (const [policy, reason] of cases) {
      const words = `Value ${JSON.stringify(policy)} for parameter RedriveAllowPolicy is invalid. Reason: ${start}. ${reason}`;
      await refused(set(policy), "InvalidParameterValue", words);
    }
  });

  test("a queue has one kind of encryption; keys are stored only", async () => {
    const url = await bench().queue({ KmsMasterKeyId: "alias/aws/sqs" });
    const shown = await bench().attributes(url);
    assert.equal(shown["KmsMasterKeyId"], "alias/aws/sqs");
    assert.equal(shown["KmsDataKeyReusePeriodSeconds"], "300");
    assert.equal(shown["SqsManagedSseEnabled"], "false");
    await bench().set(url, { SqsManagedSseEnabled: "true" });
    assert.equal((await bench().attributes(url))["KmsMasterKeyId"], undefined);
    await bench().set(url, { KmsMasterKeyId: "alias/mine", KmsDataKeyReusePeriodSeconds: "60" });
    await bench().set(url, { KmsMasterKeyId: "" });
    const without = await bench().attributes(url);
    assert.equal(without["KmsMasterKeyId"], undefined);
    assert.equal(without["SqsManagedSseEnabled"], "false");
    const both = { KmsMasterKeyId: "alias/mine", SqsManagedSseEnabled: "true" };
    const words =
      "You can use one type of server-side encryption (SSE) at one time." +
      " You can either enable KMS SSE or SQS SSE.";
    await refused(bench().set(url, both), "InvalidAttributeName", words);
    await refused(
      bench().set(url, { KmsDataKeyReusePeriodSeconds: "59" }),
      "InvalidAttributeValue",
    );
    await refused(bench().set(url, { SqsManagedSseEnabled: "yes" }), "InvalidAttributeValue");
  });

  test("high throughput needs deduplication per message group", async () => {
    const url = await bench().fifo();
    const alone = bench().set(url, { FifoThroughputLimit: "perMessageGroupId" });
    const words =
      "Invalid value for the parameter FifoThroughputLimit. Reason: To set FifoThroughputLimit to" +
      " perMessageGroupId, the DeduplicationScope must be messageGroup.";
    await refused(alone, "InvalidAttributeValue", words);
    await bench().set(url, {
      DeduplicationScope: "messageGroup",
      FifoThroughputLimit: "perMessageGroupId",
    });
    const back = bench().set(url, { DeduplicationScope: "queue" });
    await refused(back, "InvalidAttributeValue");
    const other = bench().set(url, { DeduplicationScope: "x" });
    await refused(other, "InvalidAttributeValue", /DeduplicationScope\. Reason: not a supported/);
    await refused(bench().set(url, { ContentBasedDeduplication: "1" }), "InvalidAttributeValue");
    await refused(bench().set(url, { FifoQueue: "false" }), "InvalidAttributeValue");
  });
};
