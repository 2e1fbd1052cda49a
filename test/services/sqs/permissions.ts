import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

const ACCOUNT = "111122223333";

export const permissions: Topic = (bench) => {
  const policyOf = async (url: string): Promise<unknown> =>
    JSON.parse((await bench().attributes(url))["Policy"] ?? "null");

  test("a permission is a statement of the policy, and goes by its label [AddPermission, RemovePermission]", async () => {
    const { client } = bench();
    const QueueUrl = await bench().queue({}, "shared");
    const arn = "arn:aws:sqs:us-east-1:000000000000:shared";
    await client.addPermission({
      QueueUrl,
      Label: "one",
      AWSAccountIds: [ACCOUNT],
      Actions: ["SendMessage"],
    });
    const one = {
      Sid: "one",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: "SQS:SendMessage",
      Resource: arn,
    };
    assert.deepEqual(await policyOf(QueueUrl), {
      Version: "2008-10-17",
      Id: `${arn}/SQSDefaultPolicy`,
      Statement: [one],
    });
    const AWSAccountIds = [ACCOUNT, "444455556666"];
    await client.addPermission({
      QueueUrl,
      Label: "two",
      AWSAccountIds,
      Actions: ["*", "DeleteMessage"],
    });
    await client.removePermission({ QueueUrl, Label: "one" });
    const left = (await policyOf(QueueUrl)) as {
      Statement: { Action: unknown; Principal: unknown }[];
    };
    assert.deepEqual(left.Statement[0]?.Action, ["SQS:*", "SQS:DeleteMessage"]);
    await client.removePermission({ QueueUrl, Label: "two" });
    assert.equal(await policyOf(QueueUrl), null);
  });

  test("a permission that does not hold is refused", async () => {
    const { client } = bench();
    const QueueUrl = await bench().queue();
    const good = { QueueUrl, Label: "l", AWSAccountIds: [ACCOUNT], Actions: ["SendMessage"] };
    await client.addPermission(good);
    const bad = [
      { ...good, Label: "l" },
      { ...good, Label: "a b" },
      { ...good, Label: "x".repeat(81) },
      { ...good, Label: "m", AWSAccountIds: ["someone"] },
    ];
    for (const input of bad) await refused(client.addPermission(input), "InvalidParameterValue");
    const actions: readonly [string, string][] = [
      ["DeleteQueue", "Only the queue owner is allowed to invoke this action."],
      ["Nothing", "Please refer to the appropriate WSDL for a list of valid actions."],
      ["SendMessageBatch", "Please refer to the appropriate WSDL for a list of valid actions."],
    ];
    for (const [action, reason] of actions) {
      const words = `Value SQS:${action} for parameter ActionName is invalid. Reason: ${reason}`;
      const given = client.addPermission({ ...good, Label: "m", Actions: [action] });
      await refused(given, "InvalidParameterValue", words);
    }
    await refused(
      client.addPermission({ ...good, Label: "m", Actions: [] }),
      "MissingParameter",
      "The request must contain the parameter Actions.",
    );
    for (const AWSAccountIds of [[], ["someone"], [ACCOUNT, "another"]]) {
      const given = client.addPermission({ ...good, Label: "m", AWSAccountIds });
      const words = `Value [${AWSAccountIds.join(", ")}] for parameter PrincipalId is invalid. Reason: Unable to verify.`;
      await refused(given, "InvalidParameterValue", words);
    }
    const unknown = client.removePermission({ QueueUrl, Label: "unknown" });
    await refused(unknown, "InvalidParameterValue", /can't find label on existing policy/);
  });

  test("a statement has up to 7 actions, a policy up to 20 statements [OverLimit]", async () => {
    const { client } = bench();
    const QueueUrl = await bench().queue();
    const seven = [
      "ChangeMessageVisibility",
      "DeleteMessage",
      "GetQueueAttributes",
      "GetQueueUrl",
      "PurgeQueue",
      "ReceiveMessage",
      "SendMessage",
    ];
    const grant = { QueueUrl, AWSAccountIds: [ACCOUNT] };
    await client.addPermission({ ...grant, Label: "l0", Actions: seven });
    const eight = [...seven, "ListDeadLetterSourceQueues"];
    const tooMany = client.addPermission({ ...grant, Label: "m", Actions: eight });
    await refused(tooMany, "OverLimit", /8 Actions were found, maximum allowed is 7/);
    for (let index = 1; index < 20; index += 1) {
      await client.addPermission({ ...grant, Label: `l${index}`, Actions: ["SendMessage"] });
    }
    const more = client.addPermission({ ...grant, Label: "m", Actions: ["SendMessage"] });
    await refused(more, "OverLimit", /21 statements were found, maximum allowed is 20/);
  });

  test("a policy has up to 8,192 bytes, and so many of each thing [Amazon SQS policy quotas]", async () => {
    const url = await bench().queue();
    const allow = { Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*" };
    const names = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `n${index}`);
    const policy = (...statements: object[]): string => JSON.stringify({ Statement: statements });
    const conditions = (count: number): object => ({
      Condition: { StringLike: Object.fromEntries(names(count).map((name) => [name, "x"])) },
    });
    const shell = policy({ ...allow, Sid: "" }).length;
    const statements = (count: number): object[] =>
      names(count).map((Sid) => ({ ...allow, Sid, ...conditions(1) }));
    const fits = [
      policy({ ...allow, Sid: "x".repeat(8_192 - shell) }),
      policy(...statements(20)),
      policy({ ...allow, Principal: { AWS: names(25), Service: names(25) } }),
      policy({ ...allow, Action: names(7), ...conditions(10) }),
    ];
    for (const Policy of fits) await bench().set(url, { Policy });
    const of = "were found in the submitted policy, max allowed is";
    const ofOne = "were found in a statement from the submitted policy, max allowed is";
    const exceeds: readonly [string, string][] = [
      [
        policy({ ...allow, Sid: "x".repeat(8_193 - shell) }),
        "Submitted policy is over max allowed size.",
      ],
      [policy(...statements(21)), `21 statements ${of} 20`],
      [
        policy({ ...allow, Principal: { AWS: names(26), Service: names(25) } }),
        `51 principals ${of} 50`,
      ],
      [policy({ ...allow, Action: names(8) }), `8 actions ${ofOne} 7`],
      [policy({ ...allow, ...conditions(11) }), `11 conditions ${ofOne} 10`],
    ];
    for (const [Policy, words] of exceeds) {
      await refused(bench().set(url, { Policy }), "OverLimit", words);
      await refused(bench().queue({ Policy }), "OverLimit", words);
    }
  });
};
