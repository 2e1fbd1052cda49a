import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ROLE } from "./workshop.ts";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

const PASS = JSON.stringify({ StartAt: "P", States: { P: { Type: "Pass", End: true } } });
const SCOPE = "arn:aws:states:us-east-1:000000000000";

/** Error texts, event chains and shapes as AWS is known to answer them. */
export function observed(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  test("an ARN of the wrong kind is told by its kind [InvalidArn]", async () => {
    const refusal = (kind: string): object => ({
      name: "InvalidArn",
      message: `Invalid Arn: 'Resource type not valid in this context: ${kind}'`,
    });
    const { sfn } = workshop;
    const executionArn = `${SCOPE}:stateMachine:m`;
    await assert.rejects(sfn.describeExecution({ executionArn }), refusal("stateMachine"));
    const stateMachineArn = `${SCOPE}:execution:m:e`;
    await assert.rejects(sfn.describeStateMachine({ stateMachineArn }), refusal("execution"));
    const express = { executionArn: `${SCOPE}:express:m:e:1` };
    await assert.rejects(sfn.describeExecution(express), refusal("express"));
    await assert.rejects(sfn.getExecutionHistory(express), refusal("express"));
    await assert.rejects(sfn.stopExecution(express), refusal("express"));
  });

  test("an ARN of a Distributed Map has no alias [ValidationException]", async () => {
    const stateMachineArn = `${SCOPE}:stateMachine:m/label:prod`;
    const refusal = { name: "ValidationException" };
    await assert.rejects(workshop.sfn.describeStateMachine({ stateMachineArn }), refusal);
    await assert.rejects(workshop.sfn.startExecution({ stateMachineArn }), refusal);
  });

  test("a role must be one [InvalidArn]", async () => {
    const { sfn } = workshop;
    const machine = { name: "role", definition: PASS };
    const refusal = { name: "InvalidArn", message: "Invalid Role Arn: 'somebody'" };
    await assert.rejects(sfn.createStateMachine({ ...machine, roleArn: "somebody" }), refusal);
    const { stateMachineArn } = await sfn.createStateMachine({ ...machine, roleArn: ROLE });
    await assert.rejects(sfn.updateStateMachine({ stateMachineArn, roleArn: "somebody" }), refusal);
  });

  test("making a machine again looks at its version's description too [CreateStateMachine]", async () => {
    const machine = { name: "published", definition: PASS, roleArn: ROLE, publish: true };
    const make = (
      versionDescription: string,
    ): Promise<{ stateMachineVersionArn?: string | undefined }> =>
      workshop.sfn.createStateMachine({ ...machine, versionDescription });
    const { stateMachineVersionArn } = await make("one");
    assert.equal((await make("one")).stateMachineVersionArn, stateMachineVersionArn);
    await assert.rejects(make("two"), { name: "StateMachineAlreadyExists" });
  });

  test("a name has no surrogates and no non-characters [InvalidName]", async () => {
    for (const name of ["a\u{1f600}", "a\ufffe", "a\uffff"]) {
      await assert.rejects(
        workshop.sfn.createStateMachine({ name, definition: PASS, roleArn: ROLE }),
        { name: "InvalidName" },
      );
    }
  });

  test("an execution that ran out of time names its error in the history alone [TIMED_OUT]", async () => {
    const ran = await workshop.run({
      StartAt: "W",
      TimeoutSeconds: 3,
      States: { W: { Type: "Wait", Seconds: 25, End: true } },
    });
    await workshop.advance(3);
    const described = await workshop.sfn.describeExecution({ executionArn: ran.arn });
    assert.equal(described.status, "TIMED_OUT");
    assert.deepEqual([described.error, described.cause], [undefined, undefined]);
    assert.equal(described.stopDate?.getTime(), (described.startDate?.getTime() ?? 0) + 3000);
    const last = (await workshop.history(ran.arn)).at(-1);
    assert.deepEqual(last?.executionTimedOutEventDetails, { error: "States.Timeout" });
    assert.equal(last?.previousEventId, 0);
  });

  test("an expression in a rule or a handler is named with its place [EvaluationFailed]", async () => {
    const ran = await workshop.run({
      QueryLanguage: "JSONata",
      StartAt: "C",
      States: {
        C: {
          Type: "Choice",
          Choices: [{ Condition: true, Next: "S", Output: { v: "{% $states.input.no %}" } }],
        },
        S: { Type: "Succeed" },
      },
    });
    const failed = (await workshop.history(ran.arn)).find(
      ({ type }) => type === "EvaluationFailed",
    );
    assert.equal(failed?.evaluationFailedEventDetails?.location, "Choices[0]/Output/v");
    const caught = await workshop.run({
      QueryLanguage: "JSONata",
      StartAt: "P",
      States: {
        P: {
          Type: "Parallel",
          Branches: [{ StartAt: "F", States: { F: { Type: "Fail", Error: "E" } } }],
          Catch: [{ ErrorEquals: ["E"], Assign: { x: "{% $states.input.no %}" }, Next: "S" }],
          End: true,
        },
        S: { Type: "Succeed" },
      },
    });
    assert.match(
      caught.cause ?? "",
      /specified for the field 'Catch\[0\]\/Assign\/x' returned nothing/,
    );
  });

  test("a runtime error in a branch ends the execution where it arises [States.Runtime]", async () => {
    const branch = (state: object): object => ({ StartAt: "A", States: { A: state } });
    const machine = (errors: readonly string[]): object => ({
      StartAt: "P",
      States: {
        P: {
          Type: "Parallel",
          Branches: [branch({ Type: "Pass", InputPath: "$.nope", End: true })],
          Retry: [{ ErrorEquals: errors }],
          Catch: [{ ErrorEquals: errors, Next: "S" }],
          End: true,
        },
        S: { Type: "Succeed" },
      },
    });
    const ran = await workshop.run(machine(["States.ALL"]));
    assert.deepEqual([ran.status, ran.error], ["FAILED", "States.Runtime"]);
    assert.match(ran.cause ?? "", /executing the state 'A' \(entered at the event id #4\)/);
    const chain = (await workshop.history(ran.arn)).map((event) => [
      event.type,
      event.previousEventId,
    ]);
    assert.deepEqual(chain.slice(2), [
      ["ParallelStateStarted", 2],
      ["PassStateEntered", 3],
      ["ExecutionFailed", 4],
    ]);
    // So does one of a Catcher itself.
    const failing = {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Parameters: {},
      Catch: [{ ErrorEquals: ["States.ALL"], Assign: { "x.$": "$.nope" }, Next: "B" }],
      End: true,
    };
    const uncaught = await workshop.run({
      StartAt: "P",
      States: {
        P: {
          Type: "Parallel",
          Branches: [{ StartAt: "A", States: { A: failing, B: { Type: "Succeed" } } }],
          End: true,
        },
      },
    });
    assert.equal(uncaught.error, "States.Runtime");
    const types = await workshop.types(uncaught.arn);
    assert.deepEqual(types.slice(-2), ["TaskFailed", "ExecutionFailed"]);
    // Named, it is caught, but never tried again.
    const named = await workshop.run(machine(["States.Runtime"]));
    assert.equal(named.status, "SUCCEEDED", named.cause);
  });

  test("what tells of an end is no link of the chain of events [previousEventId]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "M",
        States: {
          M: {
            Type: "Map",
            ItemProcessor: { StartAt: "A", States: { A: { Type: "Pass", End: true } } },
            End: true,
          },
        },
      },
      [1],
    );
    const events = await workshop.history(ran.arn);
    const before = (type: string): number | undefined =>
      events.find((event) => event.type === type)?.previousEventId;
    const succeeded = events.find(({ type }) => type === "MapIterationSucceeded");
    assert.equal(before("MapStateSucceeded"), succeeded?.id);
    assert.equal(before("MapStateExited"), succeeded?.id);
  });

  test("a path that gives no time is told with what it gives [SecondsPath, TimestampPath]", async () => {
    const wait = (until: object): object => ({
      StartAt: "W",
      States: { W: { Type: "Wait", ...until, End: true } },
    });
    const seconds = await workshop.run(wait({ SecondsPath: "$.x" }), { x: "abc" });
    assert.match(
      seconds.cause ?? "",
      /The SecondsPath parameter cannot be parsed as a long value: \$\.x == abc$/,
    );
    const timestamp = await workshop.run(wait({ TimestampPath: "$.x" }), { x: "2020" });
    assert.match(
      timestamp.cause ?? "",
      /The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: \$\.x == 2020$/,
    );
    const nothing = await workshop.run(wait({ SecondsPath: "$.x" }), null);
    assert.match(
      nothing.cause ?? "",
      /Unable to apply Path transformation to null or empty input\.$/,
    );
  });

  test("an optimized integration answers with its request's metadata, an SDK one without [SdkHttpMetadata]", async () => {
    const { QueueUrl } = await workshop.sqs.createQueue({ QueueName: "metadata" });
    const send = (Resource: string): object => ({
      StartAt: "T",
      States: {
        T: { Type: "Task", Resource, Parameters: { QueueUrl, MessageBody: "x" }, End: true },
      },
    });
    const ran = await workshop.run(send("arn:aws:states:::sqs:sendMessage"));
    const { SdkHttpMetadata: http, SdkResponseMetadata: response } = record(ran.output);
    assert.equal(record(http)["HttpStatusCode"], 200);
    const { RequestId } = record(response);
    assert.equal(record(record(http)["HttpHeaders"])["x-amzn-RequestId"], RequestId);
    assert.deepEqual(record(record(http)["AllHttpHeaders"])["x-amzn-RequestId"], [RequestId]);
    const plain = await workshop.run(send("arn:aws:states:::aws-sdk:sqs:sendMessage"));
    assert.deepEqual(Object.keys(record(plain.output)).sort(), ["MD5OfMessageBody", "MessageId"]);
  });

  test("a task of no activity is not scheduled [ActivityScheduleFailed]", async () => {
    const Resource = `${SCOPE}:activity:absent`;
    const ran = await workshop.run({
      StartAt: "T",
      States: { T: { Type: "Task", Resource, End: true } },
    });
    assert.equal(ran.error, "States.Runtime");
    const failed = (await workshop.history(ran.arn)).at(-2);
    assert.equal(failed?.type, "ActivityScheduleFailed");
    assert.deepEqual(failed.activityScheduleFailedEventDetails, {
      error: "States.Runtime",
      cause: `Activity Does Not Exist: '${Resource}'`,
    });
  });

  test("a refusal is told in the words of the SDK that was used [error causes]", async () => {
    const call = (Resource: string, Parameters: object): object => ({
      StartAt: "T",
      States: { T: { Type: "Task", Resource, Parameters, End: true } },
    });
    const StateMachineArn = `${SCOPE}:stateMachine:absent`;
    const started = { StateMachineArn };
    for (const pattern of ["", ".sync", ".sync:2"]) {
      const ran = await workshop.run(
        call(`arn:aws:states:::states:startExecution${pattern}`, started),
      );
      assert.equal(ran.error, "StepFunctions.StateMachineDoesNotExistException");
      assert.match(
        ran.cause ?? "",
        /^State Machine Does Not Exist: '[^']+' \(Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: [0-9a-f-]{36}; Proxy: null\)$/,
      );
    }
    const topic = { TopicArn: "arn:aws:sns:us-east-1:000000000000:absent", Message: "x" };
    const sdk = await workshop.run(call("arn:aws:states:::aws-sdk:sns:publish", topic));
    assert.equal(sdk.error, "Sns.NotFoundException");
    assert.match(sdk.cause ?? "", /\(Service: Sns, Status Code: 404, Request ID: [0-9a-f-]{36}\)$/);
  });

  test("an element past an array's end is null in a template, and absent in a Choice [JSONPath]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "C",
        States: {
          C: {
            Type: "Choice",
            Choices: [{ Variable: "$.list[5]", IsPresent: true, Next: "S" }],
            Default: "P",
          },
          P: { Type: "Pass", Parameters: { "x.$": "$.list[5]" }, Next: "Q" },
          Q: { Type: "Pass", InputPath: "$.x", Next: "S" },
          S: { Type: "Succeed" },
        },
      },
      { list: [1] },
    );
    assert.equal(ran.output, null, ran.cause);
    const deeper = await workshop.run(
      {
        StartAt: "P",
        States: { P: { Type: "Pass", Parameters: { "x.$": "$.list[5].y" }, End: true } },
      },
      { list: [1] },
    );
    assert.equal(deeper.error, "States.Runtime");
  });

  test("an integration that AWS does not have is refused at once [Resource]", async () => {
    const task = (Resource: string): string =>
      JSON.stringify({ StartAt: "T", States: { T: { Type: "Task", Resource, End: true } } });
    const refused = [
      "arn:aws:states:::nowhere:run",
      "arn:aws:states:::sqs:receiveMessage",
      "arn:aws:states:::sqs:sendMessage.sync",
      "arn:aws:states:::dynamodb:getItem.waitForTaskToken",
      "arn:aws:states:::lambda:invoke.sync:2",
      "arn:aws:states:::sqs:sendMessage.later",
      "arn:aws:states:::aws-sdk:sqs:SendMessage",
      "arn:aws:states:::aws-sdk:batch:submitJob.sync",
    ];
    for (const resource of refused) {
      const { result, diagnostics } = await workshop.sfn.validateStateMachineDefinition({
        definition: task(resource),
      });
      assert.equal(result, "FAIL", resource);
      assert.deepEqual(diagnostics, [
        {
          severity: "ERROR",
          code: "SCHEMA_VALIDATION_FAILED",
          message: `The resource provided ${resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`,
          location: "/States/T/Resource",
        },
      ]);
    }
    const known = [
      "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "arn:aws:states:::ecs:runTask.sync",
      "arn:aws:states:::aws-sdk:s3:getObject",
      "arn:aws:states:::http:invoke",
      "arn:aws:lambda:us-east-1:000000000000:function:f",
      "arn:aws:states:us-east-1:000000000000:activity:a",
    ];
    for (const resource of known) {
      const { result } = await workshop.sfn.validateStateMachineDefinition({
        definition: task(resource),
      });
      assert.equal(result, "OK", resource);
    }
  });

  test("a definition's arguments that an API does not take are refused at once [Parameters, Arguments]", async () => {
    const problems = async (fields: object): Promise<unknown> => {
      const state = { Type: "Task", End: true, ...fields };
      const definition = JSON.stringify({ StartAt: "A", States: { A: state } });
      const { diagnostics = [] } = await workshop.sfn.validateStateMachineDefinition({
        definition,
      });
      return diagnostics.map(({ code, message, location }) => [code, message, location].join(" "));
    };
    const Resource = "arn:aws:states:::sqs:sendMessage";
    const missing =
      "SCHEMA_VALIDATION_FAILED The field 'QueueUrl' is required but was missing /States/A/";
    const body = { "MessageBody.$": "$" };
    assert.deepEqual(await problems({ Resource, Parameters: body }), [`${missing}Parameters`]);
    const jsonata = { QueryLanguage: "JSONata", Arguments: { MessageBody: "{% 1 %}" } };
    assert.deepEqual(await problems({ Resource, ...jsonata }), [`${missing}Arguments`]);
    const MessageAttributes = { a: { DataType: "String", Value: "x" } };
    const unknown = { "QueueUrl.$": "$.q", ...body, Foo: 1, MessageAttributes };
    assert.deepEqual(await problems({ Resource, Parameters: unknown }), [
      'SCHEMA_VALIDATION_FAILED The field "Foo" is not supported by Step Functions /States/A/Parameters',
      'SCHEMA_VALIDATION_FAILED The field "Value" is not supported by Step Functions /States/A/Parameters/MessageAttributes/a',
    ]);
    const open = [
      { Resource },
      { Resource, Parameters: { "QueueUrl.$": "$.q", "Foo.$": "$", ...body } },
      { Resource, QueryLanguage: "JSONata", Arguments: "{% $states.input %}" },
      { Resource: "arn:aws:states:::dynamodb:putItem", Parameters: { Foo: 1 } },
      { Resource: "arn:aws:states:::aws-sdk:sqs:doNothing", Parameters: { Foo: 1 } },
    ];
    for (const fields of open) assert.deepEqual(await problems(fields), [], JSON.stringify(fields));
    const state = { Type: "Task", Resource, Parameters: {}, End: true };
    await assert.rejects(workshop.machine({ StartAt: "A", States: { A: state } }), {
      name: "InvalidDefinition",
      message:
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The field 'QueueUrl' is required but was missing at /States/A/Parameters, SCHEMA_VALIDATION_FAILED: The field 'MessageBody' is required but was missing at /States/A/Parameters'",
    });
  });

  test("TestState refuses a mock that is two, or one with secrets, and tells places in the state [TestState]", async () => {
    const test = (definition: object, more: object): Promise<unknown> =>
      workshop.sfn.testState({ definition: JSON.stringify(definition), ...more });
    const map = {
      Type: "Map",
      ItemProcessor: { StartAt: "P", States: { P: { Type: "Pass", End: true } } },
      End: true,
    };
    await assert.rejects(test(map, { mock: { result: "[]", errorOutput: {} } }), {
      name: "ValidationException",
      message: "A test mock should have only one of the following fields: [result, errorOutput].",
    });
    await assert.rejects(test(map, { mock: { result: "[]" }, revealSecrets: true }), {
      name: "ValidationException",
      message: "TestState does not support RevealSecrets when a mock is specified.",
    });
    await assert.rejects(test({ Type: "Pass", Foo: 1, Comment: 1, End: true }, {}), {
      name: "InvalidDefinition",
      message:
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Expected value of type String at /Comment, SCHEMA_VALIDATION_FAILED: Field 'Foo' is not supported at /'",
    });
  });

  test("a nested workflow is described with its redrive [startExecution.sync]", async () => {
    const child = async (state: object): Promise<string> =>
      workshop.machine({ StartAt: "C", States: { C: state } });
    const nest = (StateMachineArn: string): object => ({
      StartAt: "T",
      States: {
        T: {
          Type: "Task",
          Resource: "arn:aws:states:::states:startExecution.sync:2",
          Parameters: { StateMachineArn },
          End: true,
        },
      },
    });
    const good = await workshop.run(nest(await child({ Type: "Succeed" })));
    const { RedriveCount, RedriveStatus, RedriveStatusReason } = record(good.output);
    assert.deepEqual(
      [RedriveCount, RedriveStatus, RedriveStatusReason],
      [0, "NOT_REDRIVABLE", "Execution is SUCCEEDED and cannot be redriven"],
    );
    const bad = await workshop.run(nest(await child({ Type: "Fail", Error: "E", Cause: "C" })));
    const told = record(JSON.parse(bad.cause ?? ""));
    assert.deepEqual(
      [told["Error"], told["Cause"], told["Status"], told["RedriveStatus"]],
      ["E", "C", "FAILED", "REDRIVABLE"],
    );
  });
}

function record(value: unknown): Record<string, unknown> {
  assert.ok(typeof value === "object" && value !== null, "an object is expected");
  return { ...value };
}
