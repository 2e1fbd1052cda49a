import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { TestStateInput, TestStateOutput } from "@aws-sdk/client-sfn";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** TestState. */
export function testState(open: OpenWorkshop): void {
  let workshop: Workshop;
  const connections = JSON.stringify({ mine: { headers: { "x-api-key": "hidden" } } });
  before(async () => {
    workshop = await open({ options: { "states.connections": connections } });
  });
  after(() => workshop.close());

  async function check(
    definition: object,
    more: Omit<TestStateInput, "definition"> = {},
  ): Promise<Omit<TestStateOutput, "$metadata">> {
    const { $metadata: _, ...shown } = await workshop.sfn.testState({
      definition: JSON.stringify(definition),
      ...more,
    });
    return shown;
  }

  test("a Pass state is run alone and shows its data flow [TestState, DEBUG]", async () => {
    const shown = await check(
      {
        Type: "Pass",
        InputPath: "$.a",
        Parameters: { "b.$": "$.n" },
        ResultPath: "$.r",
        Next: "Other",
      },
      { input: '{"a":{"n":1}}', inspectionLevel: "DEBUG" },
    );
    assert.deepEqual(shown, {
      status: "SUCCEEDED",
      output: '{"a":{"n":1},"r":{"b":1}}',
      nextState: "Other",
      inspectionData: {
        input: '{"a":{"n":1}}',
        afterInputPath: '{"n":1}',
        afterParameters: '{"b":1}',
        result: '{"b":1}',
        afterResultPath: '{"a":{"n":1},"r":{"b":1}}',
        variables: "{}",
      },
    });
  });

  test("Choice, Succeed, Fail and Wait states are run alone [TestState]", async () => {
    const choice = {
      Type: "Choice",
      Choices: [{ Variable: "$.n", NumericEquals: 1, Next: "One" }],
      Default: "Else",
    };
    assert.deepEqual(await check(choice, { input: '{"n":1}' }), {
      status: "SUCCEEDED",
      output: '{"n":1}',
      nextState: "One",
    });
    assert.equal((await check(choice, { input: '{"n":2}' })).nextState, "Else");
    assert.deepEqual(await check({ Type: "Fail", Error: "E", Cause: "C" }), {
      status: "FAILED",
      error: "E",
      cause: "C",
    });
    assert.deepEqual(await check({ Type: "Succeed" }), { status: "SUCCEEDED", output: "{}" });
    assert.equal((await check({ Type: "Wait", Seconds: 0, Next: "N" })).nextState, "N");
  });

  test("a Task state makes its real call [TestState]", async () => {
    const { QueueUrl = "" } = await workshop.sqs.createQueue({ QueueName: "tested" });
    const task = { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage", End: true };
    const good = await check({ ...task, Parameters: { QueueUrl, MessageBody: "x" } });
    assert.equal(good.status, "SUCCEEDED");
    assert.equal((await workshop.sqs.receiveMessage({ QueueUrl })).Messages?.length, 1);
    const caught = await check(
      {
        ...task,
        Parameters: { QueueUrl: `${QueueUrl}x`, MessageBody: "x" },
        Catch: [
          { ErrorEquals: ["Other"], Next: "No" },
          { ErrorEquals: ["States.ALL"], Next: "Caught" },
        ],
      },
      { inspectionLevel: "DEBUG" },
    );
    assert.deepEqual(
      [caught.status, caught.nextState, caught.inspectionData?.errorDetails],
      ["CAUGHT_ERROR", "Caught", { catchIndex: 1 }],
    );
  });

  test("mocks stand for results and errors, with retries counted [TestState mocks]", async () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      Parameters: { QueueUrl: "q", "MessageBody.$": "$$.Task.Token" },
      Retry: [{ ErrorEquals: ["Busy"], IntervalSeconds: 2, BackoffRate: 2, MaxAttempts: 3 }],
      ResultSelector: { "x.$": "$.y" },
      End: true,
    };
    const context = '{"Task":{"Token":"given"}}';
    const good = await check(task, {
      mock: { result: '{"y":5}' },
      context,
      inspectionLevel: "DEBUG",
    });
    assert.deepEqual([good.status, good.output], ["SUCCEEDED", '{"x":5}']);
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
    const over = await check(task, { mock: busy, stateConfiguration: { retrierRetryCount: 3 } });
    assert.deepEqual([over.status, over.error, over.cause], ["FAILED", "Busy", "c"]);
    await assert.rejects(check(task), { name: "ValidationException", message: /mock/ });
    await assert.rejects(check({ Type: "Pass", End: true }, { mock: busy }), {
      name: "ValidationException",
    });
  });

  test("a mocked result is checked against the API that it stands for [fieldValidationMode]", async () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage",
      Parameters: { QueueUrl: "q", MessageBody: "b" },
      End: true,
    };
    const result = '{"Nonsense":1}';
    await assert.rejects(check(task, { mock: { result } }), {
      name: "ValidationException",
      message: /Nonsense/,
    });
    await assert.rejects(
      check(task, { mock: { result: '{"MessageId":1}', fieldValidationMode: "PRESENT" } }),
      { name: "ValidationException" },
    );
    assert.equal(
      (await check(task, { mock: { result, fieldValidationMode: "NONE" } })).output,
      result,
    );
  });

  test("a Map state shows its items, and fails by its iterations' failures [TestState Map]", async () => {
    const map = {
      Type: "Map",
      ItemsPath: "$.items",
      ItemSelector: { "v.$": "$$.Map.Item.Value" },
      MaxConcurrency: 3,
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: "P",
        States: { P: { Type: "Pass", End: true } },
      },
      ToleratedFailureCount: 1,
      End: true,
    };
    const given = {
      input: '{"items":[1,2]}',
      mock: { result: "[3]" },
      inspectionLevel: "DEBUG",
    } as const;
    const good = await check(map, given);
    assert.deepEqual([good.status, good.output], ["SUCCEEDED", "[3]"]);
    const shown = good.inspectionData;
    assert.deepEqual(
      [shown?.afterItemsPath, shown?.afterItemSelector, shown?.maxConcurrency],
      ["[1,2]", '[{"v":1},{"v":2}]', 3],
    );
    assert.equal(shown?.toleratedFailureCount, 1);
    const failed = await check(map, {
      ...given,
      stateConfiguration: { mapIterationFailureCount: 2 },
    });
    assert.equal(failed.error, "States.ExceedToleratedFailureThreshold");
  });

  test("a state of a whole machine is tested by its name, with variables [stateName]", async () => {
    const machine = {
      StartAt: "A",
      States: {
        A: { Type: "Pass", Next: "P" },
        P: {
          Type: "Parallel",
          Branches: [
            {
              StartAt: "In",
              States: {
                In: {
                  Type: "Pass",
                  Parameters: { "v.$": "$x" },
                  Assign: { "y.$": "$.v" },
                  End: true,
                },
              },
            },
          ],
          End: true,
        },
      },
    };
    const shown = await check(machine, {
      stateName: "In",
      variables: '{"x":3}',
      inspectionLevel: "DEBUG",
    });
    assert.deepEqual(
      [shown.status, shown.output, shown.inspectionData?.variables],
      ["SUCCEEDED", '{"v":3}', '{"x":3,"y":3}'],
    );
  });

  test("an HTTP task shows its exchange, secrets only when asked [TRACE, revealSecrets]", async () => {
    const endpoint = createServer((_request, response) => response.writeHead(200).end("ok"));
    await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
    const { port } = endpoint.address() as AddressInfo;
    try {
      const task = {
        Type: "Task",
        Resource: "arn:aws:states:::http:invoke",
        Parameters: {
          ApiEndpoint: `http://127.0.0.1:${port}/p`,
          Method: "GET",
          Authentication: { ConnectionArn: "mine" },
        },
        End: true,
      };
      const plain = await check(task, { inspectionLevel: "TRACE" });
      assert.equal(plain.inspectionData?.request?.method, "GET");
      assert.equal(plain.inspectionData?.response?.statusCode, "200");
      assert.doesNotMatch(plain.inspectionData?.request?.headers ?? "", /hidden/);
      const revealed = await check(task, { inspectionLevel: "TRACE", revealSecrets: true });
      assert.match(revealed.inspectionData?.request?.headers ?? "", /hidden/);
    } finally {
      endpoint.close();
    }
  });

  test("a Distributed Map shows what its reader's data, pointer and batcher give [mapItemReaderData]", async () => {
    const map = {
      Type: "Map",
      ItemReader: {
        Resource: "arn:aws:states:::s3:getObject",
        ReaderConfig: { InputType: "JSON", ItemsPointer: "/list" },
        Parameters: { Bucket: "b", Key: "k" },
      },
      ItemBatcher: { MaxItemsPerBatch: 2 },
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: "P",
        States: { P: { Type: "Pass", End: true } },
      },
      End: true,
    };
    const given = { mock: { result: "[]" }, inspectionLevel: "DEBUG" } as const;
    const shown = await check(map, {
      ...given,
      stateConfiguration: { mapItemReaderData: '{"list":[1,2,3]}' },
    });
    assert.equal(shown.status, "SUCCEEDED", shown.cause);
    assert.equal(shown.inspectionData?.afterItemsPointer, "[1,2,3]");
    assert.equal(shown.inspectionData?.afterItemBatcher, '[{"Items":[1,2]},{"Items":[3]}]');
    const broken = await check(map, { ...given, stateConfiguration: { mapItemReaderData: "{" } });
    assert.deepEqual([broken.status, broken.error], ["FAILED", "States.ItemReaderFailed"]);
  });
}
