import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { ROLE } from "./workshop.ts";
import type { OpenWorkshop, Shown, TestOptions, Workshop } from "./workshop.ts";

/** TestState: states that do their work. */
export function testState(open: OpenWorkshop): void {
  let workshop: Workshop;
  const connections = JSON.stringify({
    mine: { headers: { "x-api-key": "hidden" }, basic: { username: "u", password: "p" } },
  });
  before(async () => {
    workshop = await open({ options: { "states.connections": connections } });
  });
  after(() => workshop.close());

  /** Tests a state with a role, as must be without a mock. */
  const check = (definition: object, more: TestOptions = {}): Promise<Shown> =>
    workshop.testState(definition, { roleArn: ROLE, ...more });

  test("a Pass state is run alone and shows its data flow [TestState, Example 2]", async () => {
    const shown = await check(
      {
        Type: "Pass",
        InputPath: "$.payload",
        Parameters: { data: 1 },
        ResultPath: "$.result",
        OutputPath: "$.result.data",
        Next: "Another State",
      },
      { input: '{"payload": {"foo": "bar"}}', inspectionLevel: "DEBUG" },
    );
    assert.deepEqual(shown, {
      output: "1",
      inspectionData: {
        input: '{"payload": {"foo": "bar"}}',
        afterInputPath: '{"foo":"bar"}',
        afterParameters: '{"data":1}',
        afterResultSelector: '{"data":1}',
        afterResultPath: '{"payload":{"foo":"bar"},"result":{"data":1}}',
      },
      nextState: "Another State",
      status: "SUCCEEDED",
    });
  });

  test("Choice, Succeed, Fail and Wait states are run alone [TestState]", async () => {
    const choice = {
      Type: "Choice",
      Choices: [{ Variable: "$.n", NumericEquals: 1, Next: "One" }],
      Default: "Else",
    };
    // What a state passes on untouched keeps its text [Example 1].
    assert.deepEqual(await check(choice, { input: '{"n": 1}' }), {
      status: "SUCCEEDED",
      output: '{"n": 1}',
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
    const endpoint = createServer((_request, response) => {
      response.sendDate = false;
      response.writeHead(200, { "content-type": "text/plain", "x-two": ["1", "2"] }).end("ok");
    });
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
          Headers: { definitionHeader: "h1" },
          RequestBody: { message: "hello" },
        },
        End: true,
      };
      const agent = "User-Agent: Amazon|StepFunctions|HttpInvoke|us-east-1, Range: bytes=0-262144";
      const plain = await check(task, { inspectionLevel: "TRACE" });
      assert.deepEqual(plain.inspectionData?.request, {
        protocol: "http",
        method: "GET",
        url: `http://127.0.0.1:${port}/p`,
        headers: `[definitionHeader: h1, ${agent}]`,
        body: '{"message":"hello"}',
      });
      const { headers = "", ...response } = plain.inspectionData?.response ?? {};
      assert.deepEqual(response, {
        protocol: "http",
        statusCode: "200",
        statusMessage: "OK",
        body: "ok",
      });
      assert.match(headers, /^\[content-type: text\/plain, x-two: 1, x-two: 2, .*\]$/);
      const revealed = await check(task, { inspectionLevel: "TRACE", revealSecrets: true });
      assert.equal(
        revealed.inspectionData?.request?.headers,
        `[definitionHeader: h1, Authorization: Basic dTpw, x-api-key: hidden, ${agent}]`,
      );
    } finally {
      endpoint.close();
    }
  });

  test("only HTTP tasks are traced, without a mock [TRACE]", async () => {
    await assert.rejects(check({ Type: "Pass", End: true }, { inspectionLevel: "TRACE" }), {
      name: "ValidationException",
    });
  });

  test("a task needs a role, unless its work is mocked, and other states need none [roleArn]", async () => {
    const pass = { Type: "Pass", End: true };
    const task = { ...pass, Type: "Task", Resource: "arn:aws:states:::sqs:listQueues" };
    assert.equal((await workshop.testState(pass)).status, "SUCCEEDED");
    await assert.rejects(workshop.testState(task), { name: "ValidationException" });
    await assert.rejects(check(pass, { roleArn: "xx" }), {
      name: "InvalidArn",
      message: "Invalid Role Arn: 'xx'",
    });
  });

  test("an error that an expression makes is caught by name [CAUGHT_ERROR]", async () => {
    const task = {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage",
      Parameters: { QueueUrl: "q", "MessageBody.$": "States.StringToJson('{')" },
      Catch: [{ ErrorEquals: ["States.IntrinsicFailure"], Next: "Caught" }],
      End: true,
    };
    const shown = await check(task);
    assert.deepEqual(
      [shown.status, shown.nextState, shown.error],
      ["CAUGHT_ERROR", "Caught", "States.IntrinsicFailure"],
    );
  });

  test("a state in a Map is in its first iteration [Automatic Context population]", async () => {
    const inner = {
      StartAt: "In",
      States: { In: { Type: "Pass", Parameters: { "item.$": "$$.Map.Item" }, End: true } },
    };
    const machine = (map: object): object => ({
      StartAt: "M",
      States: { M: { Type: "Map", ...map, End: true } },
    });
    const asked = { stateName: "In", input: '{"a":1}' };
    const inline = await check(machine({ ItemProcessor: inner }), asked);
    assert.equal(
      inline.output,
      '{"item":{"Index":0,"Value":{"a":1},"Source":"STATE_DATA"}}',
      inline.cause,
    );
    const ItemProcessor = {
      ...inner,
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
    };
    const ItemReader = {
      Resource: "arn:aws:states:::s3:getObject",
      Parameters: { Bucket: "b", Key: "k" },
      ReaderConfig: { InputType: "JSON" },
    };
    const distributed = await check(machine({ ItemProcessor, ItemReader }), asked);
    assert.equal(
      distributed.output,
      '{"item":{"Index":0,"Value":{"a":1},"Source":"S3://b/k"}}',
      distributed.cause,
    );
  });

  test("an error reaches the handlers of the states around [Error propagation]", async () => {
    const machine = (around: object): object => ({
      StartAt: "P",
      States: {
        P: {
          Type: "Parallel",
          Branches: [{ StartAt: "In", States: { In: { Type: "Fail", Error: "E", Cause: "c" } } }],
          ...around,
          Next: "Other",
        },
        Other: { Type: "Succeed" },
      },
    });
    const asked = { stateName: "In", inspectionLevel: "DEBUG" } as const;
    const Catch = [{ ErrorEquals: ["States.ALL"], ResultPath: "$.e", Next: "Other" }];
    const caught = await check(machine({ Catch }), asked);
    const { inspectionData, ...outcome } = caught;
    assert.deepEqual(outcome, {
      status: "CAUGHT_ERROR",
      nextState: "Other",
      error: "E",
      cause: "c",
      output: '{"e":{"Error":"E","Cause":"c"}}',
    });
    assert.deepEqual(inspectionData?.errorDetails, { catchIndex: 0 });
    const retried = await check(
      machine({ Retry: [{ ErrorEquals: ["E"], IntervalSeconds: 3 }] }),
      asked,
    );
    assert.deepEqual(
      [retried.status, retried.inspectionData?.errorDetails],
      ["RETRIABLE", { retryIndex: 0, retryBackoffIntervalSeconds: 3 }],
    );
    const failed = await check(machine({}), asked);
    assert.deepEqual([failed.status, failed.error], ["FAILED", "E"]);
  });
}
