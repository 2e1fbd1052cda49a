import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ROLE } from "./workshop.ts";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** Machines, their versions and aliases, activities and tags. */
export function machines(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  const pass = (result: unknown): string =>
    JSON.stringify({ StartAt: "P", States: { P: { Type: "Pass", Result: result, End: true } } });
  const waiting = JSON.stringify({
    StartAt: "W",
    States: { W: { Type: "Wait", Seconds: 1000, End: true } },
  });

  test("a machine is described as it was made, and making it again answers the same one [CreateStateMachine]", async () => {
    const given = {
      name: "described",
      definition: pass(1),
      roleArn: ROLE,
      loggingConfiguration: {
        level: "ALL" as const,
        includeExecutionData: true,
        destinations: [
          {
            cloudWatchLogsLogGroup: {
              logGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:g:*",
            },
          },
        ],
      },
      tracingConfiguration: { enabled: true },
      tags: [{ key: "k", value: "v" }],
    };
    const made = await workshop.sfn.createStateMachine(given);
    assert.equal(
      made.stateMachineArn,
      "arn:aws:states:us-east-1:000000000000:stateMachine:described",
    );
    const again = await workshop.sfn.createStateMachine({
      ...given,
      roleArn: `${ROLE}2`,
      tags: [],
    });
    assert.equal(again.stateMachineArn, made.stateMachineArn);
    const { $metadata: _, ...described } = await workshop.sfn.describeStateMachine({
      stateMachineArn: made.stateMachineArn,
    });
    assert.deepEqual(described, {
      stateMachineArn: made.stateMachineArn,
      name: "described",
      status: "ACTIVE",
      definition: given.definition,
      roleArn: ROLE,
      type: "STANDARD",
      creationDate: made.creationDate,
      loggingConfiguration: given.loggingConfiguration,
      tracingConfiguration: { enabled: true },
      encryptionConfiguration: { type: "AWS_OWNED_KEY" },
      variableReferences: {},
    });
    await assert.rejects(workshop.sfn.createStateMachine({ ...given, definition: pass(2) }), {
      name: "StateMachineAlreadyExists",
      message: `State Machine Already Exists: '${made.stateMachineArn}'`,
    });
    const { tags } = await workshop.sfn.listTagsForResource({ resourceArn: made.stateMachineArn });
    assert.deepEqual(tags, [{ key: "k", value: "v" }]);
  });

  test("bad names, definitions and configurations are refused in AWS's words", async () => {
    const good = { name: "bad", definition: pass(1), roleArn: ROLE };
    const { sfn } = workshop;
    await assert.rejects(sfn.createStateMachine({ ...good, name: "x y" }), {
      name: "InvalidName",
      message: "Invalid Name: 'x y'",
    });
    await assert.rejects(sfn.createStateMachine({ ...good, name: "x".repeat(81) }), {
      name: "ValidationException",
      message: `1 validation error detected: Value '${"x".repeat(81)}' at 'name' failed to satisfy constraint: Member must have length less than or equal to 80`,
    });
    const nothing = { name: undefined, definition: undefined, roleArn: undefined };
    const missing = ["name", "definition", "roleArn"].map(
      (member) => `Value null at '${member}' failed to satisfy constraint: Member must not be null`,
    );
    await assert.rejects(sfn.createStateMachine(nothing), {
      name: "ValidationException",
      message: `3 validation errors detected: ${missing.join("; ")}`,
    });
    await assert.rejects(sfn.createStateMachine({ ...good, definition: "{" }), {
      name: "InvalidDefinition",
      message: /^Invalid State Machine Definition: 'INVALID_JSON_DESCRIPTION/,
    });
    await assert.rejects(
      sfn.createStateMachine({ ...good, loggingConfiguration: { level: "ALL" } }),
      { name: "InvalidLoggingConfiguration" },
    );
    await assert.rejects(sfn.createStateMachine({ ...good, versionDescription: "x" }), {
      name: "ValidationException",
    });
    await assert.rejects(
      sfn.createStateMachine({
        ...good,
        type: "EXPRESS",
        definition: JSON.stringify({
          StartAt: "T",
          States: {
            T: {
              Type: "Task",
              Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
              End: true,
            },
          },
        }),
      }),
      { name: "InvalidDefinition", message: /Express state machines do not support/ },
    );
    await assert.rejects(
      sfn.describeStateMachine({
        stateMachineArn: "arn:aws:states:us-east-1:000000000000:stateMachine:none",
      }),
      {
        name: "StateMachineDoesNotExist",
        message:
          "State Machine Does Not Exist: 'arn:aws:states:us-east-1:000000000000:stateMachine:none'",
      },
    );
    await assert.rejects(sfn.describeStateMachine({ stateMachineArn: "none" }), {
      name: "InvalidArn",
    });
  });

  test("an update makes a revision that running executions do not see [UpdateStateMachine]", async () => {
    const { stateMachineArn = "" } = await workshop.sfn.createStateMachine({
      name: "updated",
      definition: waiting,
      roleArn: ROLE,
    });
    const arn = await workshop.start(stateMachineArn);
    await workshop.settle();
    await assert.rejects(workshop.sfn.updateStateMachine({ stateMachineArn }), {
      name: "MissingRequiredParameter",
    });
    const { revisionId } = await workshop.sfn.updateStateMachine({
      stateMachineArn,
      definition: pass("new"),
    });
    assert.equal(
      (await workshop.sfn.describeStateMachine({ stateMachineArn })).revisionId,
      revisionId,
    );
    assert.equal(
      (await workshop.sfn.describeStateMachineForExecution({ executionArn: arn })).definition,
      waiting,
    );
    const next = await workshop.start(stateMachineArn);
    await workshop.advance(1000);
    assert.deepEqual((await workshop.look(arn)).output, {});
    assert.equal((await workshop.look(next)).output, "new");
  });

  test("versions and aliases start what they stand for, by weight [versions, aliases]", async () => {
    const { sfn } = workshop;
    const first = await sfn.createStateMachine({
      name: "routed",
      definition: pass(1),
      roleArn: ROLE,
      publish: true,
    });
    const stateMachineArn = first.stateMachineArn ?? "";
    assert.equal(first.stateMachineVersionArn, `${stateMachineArn}:1`);
    assert.equal(
      (await sfn.publishStateMachineVersion({ stateMachineArn })).stateMachineVersionArn,
      `${stateMachineArn}:1`,
    );
    const second = await sfn.updateStateMachine({
      stateMachineArn,
      definition: pass(2),
      publish: true,
      versionDescription: "two",
    });
    assert.equal(second.stateMachineVersionArn, `${stateMachineArn}:2`);
    await assert.rejects(sfn.publishStateMachineVersion({ stateMachineArn, revisionId: "other" }), {
      name: "ConflictException",
    });
    const { stateMachineVersions = [] } = await sfn.listStateMachineVersions({ stateMachineArn });
    assert.deepEqual(
      stateMachineVersions.map((item) => item.stateMachineVersionArn),
      [`${stateMachineArn}:2`, `${stateMachineArn}:1`],
    );
    assert.equal(
      (await sfn.describeStateMachine({ stateMachineArn: `${stateMachineArn}:2` })).description,
      "two",
    );

    const routingConfiguration = [
      { stateMachineVersionArn: `${stateMachineArn}:1`, weight: 50 },
      { stateMachineVersionArn: `${stateMachineArn}:2`, weight: 50 },
    ];
    await assert.rejects(
      sfn.createStateMachineAlias({
        name: "PROD",
        routingConfiguration: [{ stateMachineVersionArn: `${stateMachineArn}:1`, weight: 10 }],
      }),
      { name: "ValidationException" },
    );
    const { stateMachineAliasArn = "" } = await sfn.createStateMachineAlias({
      name: "PROD",
      routingConfiguration,
    });
    assert.equal(stateMachineAliasArn, `${stateMachineArn}:PROD`);
    const arns = await Promise.all(
      Array.from({ length: 40 }, () => workshop.start(stateMachineAliasArn)),
    );
    await workshop.settle();
    const outputs = new Set(
      (await Promise.all(arns.map((arn) => workshop.look(arn)))).map(({ output }) => output),
    );
    assert.deepEqual(outputs, new Set([1, 2]));
    const described = await sfn.describeExecution({ executionArn: arns[0] ?? "" });
    assert.equal(described.stateMachineAliasArn, stateMachineAliasArn);
    assert.equal(
      (await sfn.listExecutions({ stateMachineArn: stateMachineAliasArn })).executions?.length,
      40,
    );
    await assert.rejects(
      sfn.deleteStateMachineVersion({ stateMachineVersionArn: `${stateMachineArn}:1` }),
      { name: "ConflictException" },
    );
    await sfn.updateStateMachineAlias({
      stateMachineAliasArn,
      routingConfiguration: [{ stateMachineVersionArn: `${stateMachineArn}:2`, weight: 100 }],
    });
    await sfn.deleteStateMachineVersion({ stateMachineVersionArn: `${stateMachineArn}:1` });
    await assert.rejects(workshop.start(`${stateMachineArn}:1`), {
      name: "StateMachineDoesNotExist",
    });
    assert.equal(
      (await sfn.listStateMachineAliases({ stateMachineArn })).stateMachineAliases?.length,
      1,
    );
    await sfn.deleteStateMachineAlias({ stateMachineAliasArn });
    await assert.rejects(sfn.describeStateMachineAlias({ stateMachineAliasArn }), {
      name: "ResourceNotFound",
    });
  });

  test("aliases are listed by age, the newest first, also those of one version [ListStateMachineAliases]", async () => {
    const { sfn } = workshop;
    const made = await sfn.createStateMachine({
      name: "aliased",
      definition: pass(1),
      roleArn: ROLE,
      publish: true,
    });
    const { stateMachineArn = "", stateMachineVersionArn } = made;
    await sfn.updateStateMachine({ stateMachineArn, definition: pass(2), publish: true });
    const names = ["mid", "alpha", "zeta", "beta"];
    for (const name of names) {
      const version = name === "alpha" ? `${stateMachineArn}:2` : stateMachineVersionArn;
      await sfn.createStateMachineAlias({
        name,
        routingConfiguration: [{ stateMachineVersionArn: version, weight: 100 }],
      });
      await workshop.advance(1);
    }
    const list = async (arn: string, maxResults: number): Promise<string[][]> => {
      const pages: string[][] = [];
      let nextToken: string | undefined;
      do {
        const page = await sfn.listStateMachineAliases({
          stateMachineArn: arn,
          maxResults,
          ...(nextToken && { nextToken }),
        });
        const arns = page.stateMachineAliases?.map((alias) => alias.stateMachineAliasArn) ?? [];
        pages.push(arns.map((alias) => alias?.split(":").at(-1) ?? ""));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return pages;
    };
    assert.deepEqual(await list(stateMachineArn, 3), [["beta", "zeta", "alpha"], ["mid"]]);
    assert.deepEqual(await list(`${stateMachineArn}:1`, 2), [["beta", "zeta"], ["mid"]]);
    assert.deepEqual(await list(`${stateMachineArn}:2`, 1), [["alpha"]]);
  });

  test("without data a definition is an empty object [includedData]", async () => {
    const { sfn } = workshop;
    const stateMachineArn = await workshop.machine(JSON.parse(pass(1)));
    const executionArn = await workshop.start(stateMachineArn);
    const includedData = "METADATA_ONLY" as const;
    const machine = await sfn.describeStateMachine({ stateMachineArn, includedData });
    assert.equal(machine.definition, "{}");
    const started = await sfn.describeStateMachineForExecution({ executionArn, includedData });
    assert.equal(started.definition, "{}");
  });

  test("making a machine again with another wish to publish is another machine [CreateStateMachine publish]", async () => {
    const { sfn } = workshop;
    const plain = { name: "plain", definition: pass(1), roleArn: ROLE };
    const published = { ...plain, name: "published", publish: true, versionDescription: "one" };
    await sfn.createStateMachine(plain);
    const first = await sfn.createStateMachine(published);
    assert.equal(
      (await sfn.createStateMachine(published)).stateMachineVersionArn,
      first.stateMachineVersionArn,
    );
    for (const other of [
      { ...plain, publish: true },
      { ...plain, name: "published" },
      { ...published, versionDescription: "two" },
    ]) {
      await assert.rejects(sfn.createStateMachine(other), { name: "StateMachineAlreadyExists" });
    }
  });

  test("tracing says whether it is on, and a key of one's own has a period [configuration]", async () => {
    const { sfn } = workshop;
    const given = { name: "keyed", definition: pass(1), roleArn: ROLE };
    await assert.rejects(sfn.createStateMachine({ ...given, tracingConfiguration: {} }), {
      name: "InvalidTracingConfiguration",
    });
    const type = "CUSTOMER_MANAGED_KMS_KEY" as const;
    const { stateMachineArn } = await sfn.createStateMachine({
      ...given,
      encryptionConfiguration: { type, kmsKeyId: "k" },
    });
    const whole = { type, kmsKeyId: "k", kmsDataKeyReusePeriodSeconds: 300 };
    const described = await sfn.describeStateMachine({ stateMachineArn });
    assert.deepEqual(described.encryptionConfiguration, whole);
    await sfn.createStateMachine({ ...given, encryptionConfiguration: whole });
    await assert.rejects(sfn.updateStateMachine({ stateMachineArn, tracingConfiguration: {} }), {
      name: "InvalidTracingConfiguration",
    });
  });

  test("a machine that does not exist has no versions [ListStateMachineVersions]", async () => {
    const stateMachineArn = "arn:aws:states:us-east-1:000000000000:stateMachine:none";
    const { stateMachineVersions } = await workshop.sfn.listStateMachineVersions({
      stateMachineArn,
    });
    assert.deepEqual(stateMachineVersions, []);
  });

  test("deleting a machine ends its executions, then frees its name [DeleteStateMachine]", async () => {
    const { stateMachineArn = "" } = await workshop.sfn.createStateMachine({
      name: "deleted",
      definition: waiting,
      roleArn: ROLE,
    });
    const arn = await workshop.start(stateMachineArn);
    await workshop.settle();
    await workshop.sfn.deleteStateMachine({ stateMachineArn });
    await workshop.settle();
    assert.equal((await workshop.look(arn)).status, "ABORTED");
    await assert.rejects(workshop.sfn.describeStateMachine({ stateMachineArn }), {
      name: "StateMachineDoesNotExist",
    });
    await workshop.sfn.createStateMachine({ name: "deleted", definition: pass(1), roleArn: ROLE });
  });

  test("lists go page by page, and a foreign token is refused [pagination]", async () => {
    const names: string[] = [];
    let nextToken: string | undefined;
    do {
      const page = await workshop.sfn.listStateMachines({
        maxResults: 2,
        ...(nextToken && { nextToken }),
      });
      names.push(...(page.stateMachines ?? []).map(({ name = "" }) => name));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    const { stateMachines = [] } = await workshop.sfn.listStateMachines({});
    assert.deepEqual(
      names,
      stateMachines.map(({ name }) => name),
    );
    assert.ok(names.length > 3);
    await assert.rejects(workshop.sfn.listStateMachines({ nextToken: "foreign" }), {
      name: "InvalidToken",
    });
    const page = await workshop.sfn.listStateMachines({ maxResults: 1 });
    await workshop.advance(86_399);
    await workshop.sfn.listStateMachines({ nextToken: page.nextToken });
    await workshop.advance(1);
    await assert.rejects(workshop.sfn.listStateMachines({ nextToken: page.nextToken }), {
      name: "InvalidToken",
    });
  });

  test("tags are added, replaced and removed [tags]", async () => {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name: "tagged" });
    await workshop.sfn.tagResource({
      resourceArn: activityArn,
      tags: [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ],
    });
    await workshop.sfn.untagResource({ resourceArn: activityArn, tagKeys: ["a"] });
    assert.deepEqual((await workshop.sfn.listTagsForResource({ resourceArn: activityArn })).tags, [
      { key: "b", value: "2" },
    ]);
    const tags = Array.from({ length: 50 }, (_, index) => ({ key: `k${index}`, value: "" }));
    await assert.rejects(workshop.sfn.tagResource({ resourceArn: activityArn, tags }), {
      name: "TooManyTags",
    });
    await assert.rejects(workshop.sfn.listTagsForResource({ resourceArn: `${activityArn}x` }), {
      name: "ResourceNotFound",
    });
  });

  test("activities are made once, described, listed and deleted [activities]", async () => {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name: "act" });
    assert.equal((await workshop.sfn.createActivity({ name: "act" })).activityArn, activityArn);
    assert.equal((await workshop.sfn.describeActivity({ activityArn })).name, "act");
    assert.ok(
      (await workshop.sfn.listActivities({})).activities?.some(({ name }) => name === "act"),
    );
    await workshop.sfn.deleteActivity({ activityArn });
    await assert.rejects(workshop.sfn.describeActivity({ activityArn }), {
      name: "ActivityDoesNotExist",
      message: `Activity Does Not Exist: '${activityArn}'`,
    });
    await assert.rejects(workshop.sfn.getActivityTask({ activityArn }), {
      name: "ActivityDoesNotExist",
    });
  });

  test("a definition is validated without being stored [ValidateStateMachineDefinition]", async () => {
    const good = await workshop.sfn.validateStateMachineDefinition({ definition: pass(1) });
    assert.deepEqual([good.result, good.diagnostics, good.truncated], ["OK", [], false]);
    const bad = await workshop.sfn.validateStateMachineDefinition({
      definition: JSON.stringify({ StartAt: "A", States: {} }),
    });
    assert.equal(bad.result, "FAIL");
    assert.ok((bad.diagnostics?.length ?? 0) > 0);
  });

  test("a machine tells which variables its states refer to [variableReferences]", async () => {
    const definition = {
      StartAt: "A",
      States: {
        A: { Type: "Pass", Assign: { "a.$": "$.n", b: 1 }, Next: "B" },
        B: { Type: "Pass", Parameters: { "x.$": "States.MathAdd($a, $b)", y: "$a" }, Next: "C" },
        C: {
          Type: "Pass",
          QueryLanguage: "JSONata",
          Output: "{% ($local := $sum([$a, 1]); $local) %}",
          Comment: "$b",
          End: true,
        },
      },
    };
    const stateMachineArn = await workshop.machine(definition);
    const described = await workshop.sfn.describeStateMachine({ stateMachineArn });
    assert.deepEqual(described.variableReferences, { B: ["a", "b"], C: ["a"] });
  });
}
