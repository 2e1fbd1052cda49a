import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** What Task states call, and how what they wait for comes to an end. */
export function tasks(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  const QUEUE_PREFIX = "arn:aws:states:::";

  /** A machine of one Task state. */
  function task(resource: string, fields: object = {}): object {
    return {
      StartAt: "T",
      States: { T: { Type: "Task", Resource: QUEUE_PREFIX + resource, End: true, ...fields } },
    };
  }

  async function queue(name: string): Promise<string> {
    return (await workshop.sqs.createQueue({ QueueName: name })).QueueUrl ?? "";
  }

  async function receive(url: string): Promise<string[]> {
    const { Messages = [] } = await workshop.sqs.receiveMessage({
      QueueUrl: url,
      MaxNumberOfMessages: 10,
    });
    return Messages.map(({ Body = "" }) => Body);
  }

  test("sqs:sendMessage sends once and gives the service's answer [SQS integration]", async () => {
    const url = await queue("optimized");
    const ran = await workshop.run(
      task("sqs:sendMessage", { Parameters: { QueueUrl: url, "MessageBody.$": "$" } }),
      { hello: 1 },
    );
    assert.equal(ran.status, "SUCCEEDED", ran.cause);
    assert.match(Object(ran.output).MessageId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(await receive(url), ['{"hello":1}']);
    assert.deepEqual(await workshop.types(ran.arn), [
      "ExecutionStarted",
      "TaskStateEntered",
      "TaskScheduled",
      "TaskStarted",
      "TaskSucceeded",
      "TaskStateExited",
      "ExecutionSucceeded",
    ]);
    const [, , scheduled] = await workshop.history(ran.arn);
    assert.equal(scheduled?.taskScheduledEventDetails?.resourceType, "sqs");
    assert.equal(scheduled?.taskScheduledEventDetails?.resource, "sendMessage");
    assert.equal(scheduled?.taskScheduledEventDetails?.region, "us-east-1");
  });

  test("aws-sdk calls any operation, with capitals whatever the service writes [AWS SDK integration]", async () => {
    const url = await queue("sdk");
    const sent = await workshop.run(
      task("aws-sdk:sqs:sendMessage", { Parameters: { QueueUrl: url, MessageBody: "x" } }),
    );
    assert.equal(sent.status, "SUCCEEDED", sent.cause);
    const machine = await workshop.machine(task("aws-sdk:sqs:listQueues", { Parameters: {} }));
    const described = await workshop.run(
      task("aws-sdk:sfn:describeStateMachine", { Parameters: { StateMachineArn: machine } }),
    );
    assert.equal(described.status, "SUCCEEDED", described.cause);
    assert.equal(Object(described.output).StateMachineArn, machine);
  });

  test("JSON where aws-sdk's operation takes a string is its text [AWS SDK integration]", async () => {
    const StateMachineArn = await workshop.machine(
      { StartAt: "E", States: { E: { Type: "Pass", End: true } } },
      "EXPRESS",
    );
    const Parameters = { StateMachineArn, Input: { "a.$": "$" } };
    const ran = await workshop.run(task("aws-sdk:sfn:startSyncExecution", { Parameters }), [1]);
    assert.equal(ran.status, "SUCCEEDED", ran.cause);
    assert.equal(Object(ran.output).Output, '{"a":[1]}');
  });

  test("a service's refusal fails the task with the service's error name, and nothing is written", async () => {
    const sdk = await workshop.run(
      task("aws-sdk:sqs:sendMessage", {
        Parameters: { QueueUrl: "http://localhost/000000000000/none", MessageBody: "x" },
      }),
    );
    assert.equal(sdk.status, "FAILED");
    assert.match(sdk.error ?? "", /^Sqs\.\w+Exception$/);
    assert.match(sdk.cause ?? "", /\(Service: Sqs, Status Code: \d+, Request ID: [0-9a-f-]+\)$/);
    const optimized = await workshop.run(
      task("states:startExecution", {
        Parameters: { StateMachineArn: "arn:aws:states:us-east-1:000000000000:stateMachine:none" },
      }),
    );
    assert.equal(optimized.error, "StepFunctions.StateMachineDoesNotExistException");
  });

  test("an error that the service's model does not name is its SDK's exception for all errors", async () => {
    const Parameters = { QueueUrl: await queue("unnamed"), MessageBody: "x", DelaySeconds: 99_999 };
    const sdk = await workshop.run(task("aws-sdk:sqs:sendMessage", { Parameters }));
    assert.equal(sdk.error, "Sqs.SqsException");
    const optimized = await workshop.run(task("sqs:sendMessage", { Parameters }));
    assert.equal(optimized.error, "SQS.AmazonSQSException");
    assert.match(optimized.cause ?? "", /Status Code: 400; Error Code: InvalidParameterValue;/);
    const nested = await workshop.run(
      task("states:startExecution.sync", {
        Parameters: { StateMachineArn: "arn:aws:states:us-east-1:000000000000:stateMachine:none" },
      }),
    );
    assert.equal(nested.error, "StepFunctions.StateMachineDoesNotExistException");
  });

  test("arguments that the API does not take fail the task before it is scheduled [States.Runtime]", async () => {
    const asInput = task("sqs:sendMessage", {
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "T" }],
    });
    const given = { queueUrl: "x", MessageBody: { any: "JSON" }, MessageSystemAttributes: {} };
    const ran = await workshop.run(asInput, given);
    assert.deepEqual([ran.status, ran.error], ["FAILED", "States.Runtime"]);
    assert.equal(
      ran.cause,
      `An error occurred while executing the state 'T' (entered at the event id #2). The Parameters '${JSON.stringify(given)}' could not be used to start the Task: [The field 'QueueUrl' is required but was missing, The field "queueUrl" is not supported by Step Functions, The field "MessageSystemAttributes" is not supported by Step Functions]`,
    );
    assert.deepEqual(await workshop.types(ran.arn), [
      "ExecutionStarted",
      "TaskStateEntered",
      "ExecutionFailed",
    ]);
    const batch = { QueueUrl: "x", Entries: [{ Id: "a" }] };
    const sdk = await workshop.run(task("aws-sdk:sqs:sendMessageBatch"), batch);
    assert.match(sdk.cause ?? "", /\[The field 'MessageBody' is required but was missing\]$/);
    const child = await workshop.run(task("states:startExecution.sync"), { Foo: 1 });
    assert.match(
      child.cause ?? "",
      /\[The field 'StateMachineArn' is required but was missing, The field "Foo" is not supported by Step Functions\]$/,
    );
    const http = await workshop.run(task("http:invoke"), { ApiEndpoint: "http://localhost/" });
    assert.match(http.cause ?? "", /\[The field 'Method' is required but was missing\]$/);
  });

  test("a service that is not here fails the task clearly and never echoes its input [absent services]", async () => {
    for (const resource of [
      "lambda:invoke",
      "dynamodb:putItem",
      "aws-sdk:nowhere:doIt",
      "aws-sdk:sqs:doNothing",
      "batch:submitJob.sync",
    ]) {
      const ran = await workshop.run(task(resource, { Parameters: { a: 1 } }));
      assert.deepEqual([ran.status, ran.error], ["FAILED", "States.TaskFailed"], resource);
      assert.ok(ran.cause);
    }
    const lambda = {
      StartAt: "T",
      States: {
        T: {
          Type: "Task",
          Resource: "arn:aws:lambda:us-east-1:000000000000:function:f",
          End: true,
        },
      },
    };
    const ran = await workshop.run(lambda);
    assert.deepEqual([ran.status, ran.error], ["FAILED", "States.TaskFailed"]);
    assert.ok((await workshop.types(ran.arn)).includes("LambdaFunctionFailed"));
  });

  test("a task with a token waits for its use [.waitForTaskToken]", async () => {
    const url = await queue("tokens");
    const definition = task("sqs:sendMessage.waitForTaskToken", {
      Parameters: { QueueUrl: url, "MessageBody.$": "$$.Task.Token" },
    });
    const good = await workshop.run(definition);
    const [token = ""] = await receive(url);
    assert.equal(good.status, "RUNNING");
    assert.ok((await workshop.types(good.arn)).includes("TaskSubmitted"));
    await workshop.sfn.sendTaskHeartbeat({ taskToken: token });
    await workshop.sfn.sendTaskSuccess({ taskToken: token, output: '{"done":true}' });
    await assert.rejects(workshop.sfn.sendTaskSuccess({ taskToken: token, output: "{}" }), {
      name: "TaskTimedOut",
      message: "Task Timed Out: 'Provided task does not exist anymore'",
    });
    await workshop.settle();
    assert.deepEqual((await workshop.look(good.arn)).output, { done: true });
    const bad = await workshop.run(definition);
    const [other = ""] = await receive(url);
    await workshop.sfn.sendTaskFailure({ taskToken: other, error: "E", cause: "C" });
    await workshop.settle();
    const failed = await workshop.look(bad.arn);
    assert.deepEqual([failed.status, failed.error, failed.cause], ["FAILED", "E", "C"]);
    await assert.rejects(workshop.sfn.sendTaskSuccess({ taskToken: "x", output: "{}" }), {
      name: "InvalidToken",
      message: "Invalid Token: 'Invalid token'",
    });
  });

  test("an output that is no JSON is refused and the task goes on waiting [InvalidOutput]", async () => {
    const url = await queue("outputs");
    const ran = await workshop.run(
      task("sqs:sendMessage.waitForTaskToken", {
        Parameters: { QueueUrl: url, "MessageBody.$": "$$.Task.Token" },
      }),
    );
    const [taskToken = ""] = await receive(url);
    await assert.rejects(workshop.sfn.sendTaskSuccess({ taskToken, output: "no" }), {
      name: "InvalidOutput",
    });
    assert.equal((await workshop.look(ran.arn)).status, "RUNNING");
  });

  test("TimeoutSeconds and HeartbeatSeconds end a task; a heartbeat moves the latter [timeouts]", async () => {
    const url = await queue("timeouts");
    const parameters = { QueueUrl: url, "MessageBody.$": "$$.Task.Token" };
    const timed = await workshop.run(
      task("sqs:sendMessage.waitForTaskToken", { Parameters: parameters, TimeoutSeconds: 10 }),
    );
    await receive(url);
    await workshop.advance(10);
    const timedOut = await workshop.look(timed.arn);
    assert.deepEqual([timedOut.status, timedOut.error], ["FAILED", "States.Timeout"]);
    assert.ok((await workshop.types(timed.arn)).includes("TaskTimedOut"));

    const beating = await workshop.run(
      task("sqs:sendMessage.waitForTaskToken", { Parameters: parameters, HeartbeatSeconds: 5 }),
    );
    const [taskToken = ""] = await receive(url);
    await workshop.advance(4);
    await workshop.sfn.sendTaskHeartbeat({ taskToken });
    await workshop.advance(4);
    assert.equal((await workshop.look(beating.arn)).status, "RUNNING");
    await workshop.advance(1);
    const dead = await workshop.look(beating.arn);
    assert.deepEqual([dead.status, dead.error], ["FAILED", "States.HeartbeatTimeout"]);
    await assert.rejects(workshop.sfn.sendTaskHeartbeat({ taskToken }), { name: "TaskTimedOut" });
  });

  test("Retry tries again after its intervals, then Catch goes on [Retry]", async () => {
    const definition = {
      StartAt: "T",
      States: {
        T: {
          Type: "Task",
          Resource: "arn:aws:states:::lambda:invoke",
          Parameters: { a: 1 },
          Retry: [
            { ErrorEquals: ["Other"], MaxAttempts: 9 },
            {
              ErrorEquals: ["States.TaskFailed"],
              IntervalSeconds: 2,
              BackoffRate: 3,
              MaxAttempts: 3,
              MaxDelaySeconds: 10,
            },
          ],
          Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.e", Next: "Done" }],
          End: true,
        },
        Done: { Type: "Pass", Parameters: { "retries.$": "$.e.Error" }, End: true },
      },
    };
    const startMs = workshop.nowMs();
    const ran = await workshop.run(definition);
    assert.equal(ran.status, "RUNNING");
    await workshop.advance(100);
    const ended = await workshop.look(ran.arn);
    assert.deepEqual(ended.output, { retries: "States.TaskFailed" });
    const scheduled = (await workshop.history(ran.arn)).filter(
      ({ type }) => type === "TaskScheduled",
    );
    const seconds = scheduled.map(
      ({ timestamp }) => ((timestamp?.getTime() ?? 0) - startMs) / 1000,
    );
    assert.deepEqual(seconds, [0, 2, 8, 18]);
  });

  test("an activity's tasks are polled, worked on and answered [activities]", async () => {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name: "work" });
    const definition = {
      StartAt: "T",
      States: { T: { Type: "Task", Resource: activityArn, End: true, HeartbeatSeconds: 60 } },
    };
    const ran = await workshop.run(definition, { job: 1 });
    const { taskToken = "", input } = await workshop.sfn.getActivityTask({
      activityArn,
      workerName: "w1",
    });
    assert.equal(input, '{"job":1}');
    await workshop.sfn.sendTaskSuccess({ taskToken, output: "5" });
    await workshop.settle();
    assert.equal((await workshop.look(ran.arn)).output, 5);
    assert.deepEqual((await workshop.types(ran.arn)).slice(2, 5), [
      "ActivityScheduled",
      "ActivityStarted",
      "ActivitySucceeded",
    ]);

    const polled = workshop.sfn.getActivityTask({ activityArn });
    const late = await workshop.start(await workshop.machine(definition), { job: 2 });
    assert.equal((await polled).input, '{"job":2}');
    await workshop.settle();
    await workshop.advance(60);
    assert.equal((await workshop.look(late)).error, "States.HeartbeatTimeout");
  });

  test("an activity's time runs from when a worker takes the task [ActivityStarted]", async () => {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name: "timed" });
    const state = { Type: "Task", Resource: activityArn, TimeoutSeconds: 5, End: true };
    const ran = await workshop.run({ StartAt: "T", States: { T: state } });
    await workshop.advance(60);
    assert.equal((await workshop.look(ran.arn)).status, "RUNNING");
    const { taskToken = "" } = await workshop.sfn.getActivityTask({ activityArn });
    await workshop.advance(5);
    assert.equal((await workshop.look(ran.arn)).error, "States.Timeout");
    await assert.rejects(workshop.sfn.sendTaskSuccess({ taskToken, output: "1" }), {
      name: "TaskTimedOut",
    });
  });

  test("a task of an execution that was stopped leaves its activity's queue", async () => {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name: "idle" });
    const state = { Type: "Task", Resource: activityArn, End: true };
    const ran = await workshop.run({ StartAt: "T", States: { T: state } });
    await workshop.sfn.stopExecution({ executionArn: ran.arn });
    const polled = workshop.sfn.getActivityTask({ activityArn });
    assert.equal((await workshop.advanceUntil(polled, 60)).taskToken, undefined);
  });

  test("states:startExecution.sync:2 waits for its child and gives its output as JSON [nested workflows]", async () => {
    const child = await workshop.machine({
      StartAt: "W",
      States: {
        W: { Type: "Wait", Seconds: 5, Next: "P" },
        P: { Type: "Pass", Result: { r: 1 }, End: true },
      },
    });
    const parameters = { StateMachineArn: child, Input: { a: 1 } };
    const second = await workshop.run(
      task("states:startExecution.sync:2", { Parameters: parameters }),
    );
    const first = await workshop.run(
      task("states:startExecution.sync", { Parameters: parameters }),
    );
    const plain = await workshop.run(task("states:startExecution", { Parameters: parameters }));
    assert.equal(plain.status, "SUCCEEDED", plain.cause);
    assert.equal(second.status, "RUNNING");
    await workshop.advance(5);
    const output = Object((await workshop.look(second.arn)).output);
    assert.deepEqual(
      [output.Status, output.Output, output.Input],
      ["SUCCEEDED", { r: 1 }, { a: 1 }],
    );
    assert.equal(Object((await workshop.look(first.arn)).output).Output, '{"r":1}');
    assert.deepEqual((await workshop.types(second.arn)).slice(2, 6), [
      "TaskScheduled",
      "TaskStarted",
      "TaskSubmitted",
      "TaskSucceeded",
    ]);
  });

  test("a child that fails fails its task, and stopping the parent stops the child [nested workflows]", async () => {
    const failing = await workshop.machine({
      StartAt: "F",
      States: { F: { Type: "Fail", Error: "Inner" } },
    });
    const failed = await workshop.run(
      task("states:startExecution.sync:2", { Parameters: { StateMachineArn: failing } }),
    );
    assert.equal(failed.error, "States.TaskFailed");
    assert.equal(JSON.parse(failed.cause ?? "{}").Error, "Inner");
    const waiting = await workshop.machine({
      StartAt: "W",
      States: { W: { Type: "Wait", Seconds: 5000, End: true } },
    });
    const parent = await workshop.run(
      task("states:startExecution.sync", { Parameters: { StateMachineArn: waiting } }),
    );
    await workshop.sfn.stopExecution({ executionArn: parent.arn });
    await workshop.settle();
    const { executions = [] } = await workshop.sfn.listExecutions({ stateMachineArn: waiting });
    assert.deepEqual(
      executions.map(({ status }) => status),
      ["ABORTED"],
    );
  });

  test("sns:publish reaches the topic's subscribers with the transition [SNS integration]", async () => {
    const sns = workshop.snsClient();
    try {
      const { TopicArn = "" } = await sns.createTopic({ Name: "told" });
      const url = await queue("subscriber");
      const Endpoint = "arn:aws:sqs:us-east-1:000000000000:subscriber";
      await sns.subscribe({
        TopicArn,
        Protocol: "sqs",
        Endpoint,
        Attributes: { RawMessageDelivery: "true" },
      });
      const ran = await workshop.run(
        task("sns:publish", { Parameters: { TopicArn, "Message.$": "$" } }),
        { news: 1 },
      );
      assert.equal(ran.status, "SUCCEEDED", ran.cause);
      await workshop.advance(1);
      assert.deepEqual(await receive(url), ['{"news":1}']);
    } finally {
      sns.destroy();
    }
  });
}
