import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { OpenWorkshop, Shown, TestOptions, Workshop } from "./workshop.ts";

/** TestState: states whose work is mocked. */
export function testStateMocks(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  const check = (definition: object, more: TestOptions = {}): Promise<Shown> =>
    workshop.testState(definition, more);

  const refused = { name: "ValidationException" };

  test("a handled error shows its handler and what goes on [Testing catch handlers]", async () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::lambda:invoke",
      Parameters: { FunctionName: "f" },
      Catch: [
        {
          ErrorEquals: ["Lambda.TooManyRequestsException"],
          ResultPath: "$.error",
          Next: "Throttled",
        },
      ],
      Next: "Success",
    };
    const cause = "Rate exceeded";
    const error = "Lambda.TooManyRequestsException";
    const asked = { input: '{"data":"value"}', inspectionLevel: "DEBUG" } as const;
    assert.deepEqual(await check(task, { ...asked, mock: { errorOutput: { error, cause } } }), {
      status: "CAUGHT_ERROR",
      nextState: "Throttled",
      error,
      cause,
      output: `{"data":"value","error":{"Error":"${error}","Cause":"${cause}"}}`,
      inspectionData: {
        input: asked.input,
        afterInputPath: asked.input,
        afterParameters: '{"FunctionName":"f"}',
        errorDetails: { catchIndex: 0 },
      },
    });
    const result = '{"orderId":"12345","status":"processed"}';
    const mocked = await check(task, { inspectionLevel: "DEBUG", mock: { result } });
    assert.deepEqual(mocked, {
      status: "SUCCEEDED",
      nextState: "Success",
      output: result,
      inspectionData: {
        input: "{}",
        afterInputPath: "{}",
        afterParameters: '{"FunctionName":"f"}',
        result,
        afterResultSelector: result,
        afterResultPath: result,
      },
    });
  });

  test("mocks stand for results and errors, with retries counted [TestState mocks]", async () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      Parameters: {
        QueueUrl: "q",
        "MessageBody.$":
          "States.Format('{} {} {}', $$.Task.Token, $$.State.Name, $$.State.RetryCount)",
      },
      Retry: [{ ErrorEquals: ["Busy"], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 3 }],
      ResultSelector: { "x.$": "$.y" },
      End: true,
    };
    const context = '{"Task":{"Token":"given"},"State":{"Name":"Mine","RetryCount":3}}';
    const good = await check(task, {
      mock: { result: '{"y":5}' },
      context,
      inspectionLevel: "DEBUG",
    });
    assert.deepEqual([good.status, good.output], ["SUCCEEDED", '{"x":5}']);
    assert.equal(
      good.inspectionData?.afterParameters,
      '{"QueueUrl":"q","MessageBody":"given Mine 3"}',
    );
    const busy = { errorOutput: { error: "Busy", cause: "c" } };
    const again = await check(task, {
      mock: busy,
      stateConfiguration: { retrierRetryCount: 1 },
      inspectionLevel: "DEBUG",
    });
    assert.deepEqual([again.status, again.error], ["RETRIABLE", "Busy"]);
    assert.deepEqual(again.inspectionData?.errorDetails, {
      retryIndex: 0,
      retryBackoffIntervalSeconds: 4,
    });
    // The retries are as many as the context says, where nothing else does.
    const exhausted = await check(task, { mock: busy, context });
    assert.equal(exhausted.status, "FAILED");
    const over = await check(task, { mock: busy, stateConfiguration: { retrierRetryCount: 3 } });
    assert.deepEqual([over.status, over.error, over.cause], ["FAILED", "Busy", "c"]);
    await assert.rejects(check(task), { name: "ValidationException", message: /mock/ });
    await assert.rejects(check({ Type: "Pass", End: true }, { mock: busy }), {
      name: "ValidationException",
      message: "State type 'Pass' is not supported when a mock is specified",
    });
    await assert.rejects(check(task, { mock: { errorOutput: { cause: "c" } } }), {
      name: "ValidationException",
    });
  });

  test("a mocked result is checked against the API that it stands for [Mock validation modes]", async () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:sfn:describeMapRun",
      Parameters: { MapRunArn: "arn" },
      End: true,
    };
    const counts = (more: object): string =>
      JSON.stringify({ ExecutionCounts: more, Nonsense: 1, StartDate: "2026-01-01T00:00:00Z" });
    const wrong = counts({ Pending: "1" });
    const partial = counts({ Pending: 1 });
    const present = { fieldValidationMode: "PRESENT" } as const;
    await assert.rejects(check(task, { mock: { result: wrong, ...present } }), {
      ...refused,
      message: /ExecutionCounts\.Pending/,
    });
    assert.equal((await check(task, { mock: { result: partial, ...present } })).output, partial);
    await assert.rejects(check(task, { mock: { result: partial } }), {
      ...refused,
      message: /required field/,
    });
    const none = { result: wrong, fieldValidationMode: "NONE" } as const;
    assert.equal((await check(task, { mock: none })).output, wrong);
    // An API that requires nothing takes an empty answer, and what it does not know is not looked at.
    const send = {
      ...task,
      Resource: "arn:aws:states:::sqs:sendMessage",
      Parameters: { QueueUrl: "q", MessageBody: "b" },
    };
    const unknown = '{"Nonsense":1}';
    assert.equal((await check(send, { mock: { result: unknown } })).output, unknown);
  });

  test("a job's mock is checked against the API that is polled [.sync]", async () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::states:startExecution.sync:2",
      Parameters: { StateMachineArn: "arn" },
      End: true,
    };
    await assert.rejects(check(task, { mock: { result: "1" } }), refused);
    const started = '{"ExecutionArn":"e","StartDate":1}';
    await assert.rejects(check(task, { mock: { result: started } }), {
      ...refused,
      message: /StateMachineArn/,
    });
    const result =
      '{"ExecutionArn":"e","StateMachineArn":"m","Status":"SUCCEEDED","StartDate":1,"Output":"{}"}';
    assert.equal((await check(task, { mock: { result } })).output, result);
  });
}
