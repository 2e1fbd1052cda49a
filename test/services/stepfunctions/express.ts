import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, test } from "node:test";
import { silentLog } from "../../../src/kernel/log.ts";
import type { Log } from "../../../src/kernel/log.ts";
import { ROLE } from "./workshop.ts";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** Where events go to on AWS; here they go to the server's log. */
const LOG_GROUP = [
  {
    cloudWatchLogsLogGroup: { logGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:g:*" },
  },
];

/** Express executions. */
export function express(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  test("a synchronous execution answers its output, or its failure with 200 [StartSyncExecution]", async () => {
    const stateMachineArn = await workshop.machine(
      {
        StartAt: "C",
        States: {
          C: {
            Type: "Choice",
            Choices: [{ Variable: "$.fail", IsPresent: true, Next: "F" }],
            Default: "M",
          },
          F: { Type: "Fail", Error: "E", Cause: "C" },
          M: {
            Type: "Map",
            ItemsPath: "$.n",
            ItemProcessor: { StartAt: "P", States: { P: { Type: "Pass", End: true } } },
            End: true,
          },
        },
      },
      "EXPRESS",
    );
    const good = await workshop.sfn.startSyncExecution({
      stateMachineArn,
      name: "n",
      input: '{"n":[1,2]}',
    });
    assert.deepEqual([good.status, good.output, good.name], ["SUCCEEDED", "[1,2]", "n"]);
    assert.match(
      good.executionArn ?? "",
      /^arn:aws:states:us-east-1:000000000000:express:machine-\d+:n:[0-9a-f-]{36}$/,
    );
    assert.ok((good.billingDetails?.billedDurationInMilliseconds ?? 0) >= 100);
    const bad = await workshop.sfn.startSyncExecution({ stateMachineArn, input: '{"fail":1}' });
    assert.deepEqual([bad.status, bad.error, bad.cause], ["FAILED", "E", "C"]);
    await assert.rejects(workshop.sfn.listExecutions({ stateMachineArn }), {
      name: "StateMachineTypeNotSupported",
    });
    await assert.rejects(
      workshop.sfn.describeExecution({ executionArn: good.executionArn ?? "" }),
      {
        name: "InvalidArn",
      },
    );
    const standard = await workshop.machine({ StartAt: "S", States: { S: { Type: "Succeed" } } });
    await assert.rejects(workshop.sfn.startSyncExecution({ stateMachineArn: standard }), {
      name: "StateMachineTypeNotSupported",
    });
  });

  test("an execution that runs for five minutes is ended [Express limits]", async () => {
    const stateMachineArn = await workshop.machine(
      { StartAt: "W", States: { W: { Type: "Wait", Seconds: 1000, End: true } } },
      "EXPRESS",
    );
    const running = workshop.sfn.startSyncExecution({ stateMachineArn });
    const { status, startDate, stopDate } = await workshop.advanceUntil(running, 100);
    assert.equal(status, "TIMED_OUT");
    assert.equal((stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0), 300_000);
  });

  test("a client that gives up ends its execution, which is no error of the server [StartSyncExecution]", async () => {
    const started = Promise.withResolvers<void>();
    const errors: string[] = [];
    const log: Log = {
      ...silentLog,
      info: () => started.resolve(),
      error: (message) => errors.push(message),
    };
    const watched = await open({ log });
    try {
      const { sfn } = watched;
      const waiting = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 60, End: true } } };
      const { stateMachineArn } = await sfn.createStateMachine({
        name: "abandoned",
        type: "EXPRESS",
        roleArn: ROLE,
        definition: JSON.stringify(waiting),
        loggingConfiguration: { level: "ALL", destinations: LOG_GROUP },
      });
      const abandoning = new AbortController();
      const given = { abortSignal: abandoning.signal };
      const running = sfn.startSyncExecution({ stateMachineArn }, given);
      await started.promise;
      abandoning.abort();
      await assert.rejects(running, { name: "AbortError" });
    } finally {
      await watched.close();
    }
    assert.deepEqual(errors, []);
  });

  /** Counts in a loop until it is above a number. */
  const counting = (until: number): object => ({
    StartAt: "Add",
    States: {
      Add: { Type: "Pass", Parameters: { "n.$": "States.MathAdd($.n, 1)" }, Next: "Enough" },
      Enough: {
        Type: "Choice",
        Choices: [{ Variable: "$.n", NumericGreaterThan: until, Next: "S" }],
        Default: "Add",
      },
      S: { Type: "Succeed" },
    },
  });

  test("a history has no end but that of the execution [Quotas for Express Workflows]", async () => {
    const stateMachineArn = await workshop.machine(counting(7000), "EXPRESS");
    const ran = await workshop.sfn.startSyncExecution({ stateMachineArn, input: '{"n":0}' });
    assert.deepEqual([ran.status, ran.output], ["SUCCEEDED", '{"n":7001}'], ran.cause);
  });

  test("an endless loop ends after five minutes, and others have their turn until then [Express limits]", async () => {
    const stateMachineArn = await workshop.machine(counting(Number.MAX_SAFE_INTEGER), "EXPRESS");
    let isOver = false;
    const running = workshop.sfn
      .startSyncExecution({ stateMachineArn, input: '{"n":0}' })
      .finally(() => {
        isOver = true;
      });
    await workshop.sfn.describeStateMachine({ stateMachineArn });
    assert.equal(isOver, false);
    const { status } = await workshop.advanceUntil(running, 100);
    assert.equal(status, "TIMED_OUT");
  });

  test("calls that are answered at almost the same moment are all taken up [Express]", async () => {
    const call = (action: string): object => ({
      Type: "Task",
      Resource: `arn:aws:states:::aws-sdk:sqs:${action}`,
      Parameters: {},
    });
    const States = {
      A: { ...call("listQueues"), Next: "B" },
      B: { ...call("listQueues"), End: true },
    };
    const each = { Type: "Map", ItemProcessor: { StartAt: "A", States }, End: true };
    const stateMachineArn = await workshop.machine(
      { StartAt: "M", States: { M: each } },
      "EXPRESS",
    );
    for (let count = 1; count <= 12; count += 1) {
      const input = JSON.stringify(Array.from({ length: count }, () => ({})));
      const { status } = await workshop.sfn.startSyncExecution({ stateMachineArn, input });
      assert.equal(status, "SUCCEEDED", `${count} at once`);
    }
  });

  test("an asynchronous execution runs by itself, tasks and waits included [Express]", async () => {
    const { QueueUrl = "" } = await workshop.sqs.createQueue({ QueueName: "express" });
    const stateMachineArn = await workshop.machine(
      {
        StartAt: "W",
        States: {
          W: { Type: "Wait", Seconds: 20, Next: "T" },
          T: {
            Type: "Task",
            Resource: "arn:aws:states:::sqs:sendMessage",
            Parameters: { QueueUrl, MessageBody: "ran" },
            End: true,
          },
        },
      },
      "EXPRESS",
    );
    await workshop.start(stateMachineArn);
    await workshop.advance(19);
    assert.equal((await workshop.sqs.receiveMessage({ QueueUrl })).Messages, undefined);
    await workshop.advance(1);
    assert.equal((await workshop.sqs.receiveMessage({ QueueUrl })).Messages?.[0]?.Body, "ran");
  });

  test("a synchronous execution is found under the host that real clients name [sync- host prefix]", async () => {
    const stateMachineArn = await workshop.machine(
      { StartAt: "S", States: { S: { Type: "Succeed" } } },
      "EXPRESS",
    );
    const { port } = new URL(workshop.server.url);
    const scope = "test/20260101/us-east-1/states/aws4_request";
    const sent = request({
      host: "127.0.0.1",
      port,
      method: "POST",
      headers: {
        host: "sync-states.us-east-1.amazonaws.com",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "AWSStepFunctions.StartSyncExecution",
        authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
      },
    });
    sent.end(JSON.stringify({ stateMachineArn, input: "[1]" }));
    const [response] = await once(sent, "response");
    let body = "";
    for await (const chunk of response) body += String(chunk);
    assert.equal(JSON.parse(body).output, "[1]");
  });

  test("JSON that is nested too deep is refused, not a failure of the server", async () => {
    const stateMachineArn = await workshop.machine(
      { StartAt: "S", States: { S: { Type: "Succeed" } } },
      "EXPRESS",
    );
    const input = "[".repeat(50_000) + "]".repeat(50_000);
    await assert.rejects(workshop.sfn.startSyncExecution({ stateMachineArn, input }), {
      name: "InvalidExecutionInput",
    });
  });
}
