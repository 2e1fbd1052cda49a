import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SFN } from "@aws-sdk/client-sfn";
import { SQS } from "@aws-sdk/client-sqs";
import { ROLE } from "./workshop.ts";

const SCRIPT = fileURLToPath(new URL("killed-server.ts", import.meta.url));
const EXECUTIONS = 6;
const KILLS = 4;

interface Running {
  readonly child: ChildProcess;
  readonly sfn: SFN;
  readonly sqs: SQS;
}

async function begin(folder: string): Promise<Running> {
  const child = spawn(process.execPath, [SCRIPT, folder], { stdio: ["ignore", "pipe", "inherit"] });
  assert.ok(child.stdout);
  const [line] = await once(child.stdout, "data");
  const config = {
    endpoint: String(line).trim(),
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  return { child, sfn: new SFN(config), sqs: new SQS(config) };
}

async function kill({ child, sfn, sqs }: Running): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
  sfn.destroy();
  sqs.destroy();
}

/** A machine with a bit of everything, that sends one message in each iteration. */
function definition(QueueUrl: string): string {
  const send = {
    Type: "Task",
    Resource: "arn:aws:states:::sqs:sendMessage",
    Parameters: {
      QueueUrl,
      "MessageBody.$": "States.Format('{} {} {}', $$.Execution.Name, $.round, $.item)",
    },
    ResultPath: null,
    End: true,
  };
  return JSON.stringify({
    StartAt: "Begin",
    States: {
      Begin: { Type: "Pass", Result: { round: 0, items: [1, 2, 3] }, Next: "Both" },
      Both: {
        Type: "Parallel",
        ResultPath: null,
        Branches: [
          {
            StartAt: "Each",
            States: {
              Each: {
                Type: "Map",
                ItemsPath: "$.items",
                ItemSelector: { "round.$": "$.round", "item.$": "$$.Map.Item.Value" },
                ItemProcessor: { StartAt: "Send", States: { Send: send } },
                End: true,
              },
            },
          },
          {
            StartAt: "Rest",
            States: { Rest: { Type: "Pass", Next: "Rest2" }, Rest2: { Type: "Pass", End: true } },
          },
        ],
        Next: "Count",
      },
      Count: {
        Type: "Pass",
        Parameters: { "round.$": "States.MathAdd($.round, 1)", "items.$": "$.items" },
        Next: "Enough",
      },
      Enough: {
        Type: "Choice",
        Choices: [{ Variable: "$.round", NumericLessThan: 25, Next: "Both" }],
        Default: "Done",
      },
      Done: { Type: "Succeed" },
    },
  });
}

test(
  "a server that is killed goes on where it was: one history, each message once",
  { timeout: 120_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "waystation-kill-"));
    let running = await begin(folder);
    try {
      const { QueueUrl = "" } = await running.sqs.createQueue({ QueueName: "sent" });
      const path = new URL(QueueUrl).pathname;
      const machine = await running.sfn.createStateMachine({
        name: "m",
        definition: definition(`http://queues${path}`),
        roleArn: ROLE,
      });
      const arns: string[] = [];
      for (let index = 0; index < EXECUTIONS; index += 1) {
        const started = await running.sfn.startExecution({
          stateMachineArn: machine.stateMachineArn,
          name: `e${index}`,
        });
        arns.push(started.executionArn ?? "");
      }
      for (let count = 0; count < KILLS; count += 1) {
        await new Promise((resolve) => setTimeout(resolve, 40 + count * 60));
        await kill(running);
        running = await begin(folder);
      }
      for (const executionArn of arns) await ended(running.sfn, executionArn);
      for (const executionArn of arns) await checkHistory(running.sfn, executionArn);
      const bodies = await receiveAll(running.sqs, `${path}`);
      assert.equal(bodies.length, EXECUTIONS * 25 * 3);
      assert.equal(new Set(bodies).size, bodies.length);
    } finally {
      await kill(running);
      await rm(folder, { recursive: true });
    }
  },
);

async function ended(sfn: SFN, executionArn: string): Promise<void> {
  for (;;) {
    const { status } = await sfn.describeExecution({ executionArn });
    if (status !== "RUNNING") return assert.equal(status, "SUCCEEDED");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function checkHistory(sfn: SFN, executionArn: string): Promise<void> {
  const { events = [] } = await sfn.getExecutionHistory({ executionArn, maxResults: 1000 });
  const rest = await sfn.getExecutionHistory({
    executionArn,
    maxResults: 1000,
    reverseOrder: true,
  });
  const types = events.map(({ type }) => type);
  assert.deepEqual(
    events.map(({ id }) => id),
    events.map((_, index) => index + 1),
  );
  assert.equal(types.filter((type) => type === "ExecutionStarted").length, 1);
  assert.equal(rest.events?.[0]?.type, "ExecutionSucceeded");
  assert.equal(rest.events?.[0]?.id, 1 + 2 + 25 * (4 + 4 + 3 * 7 + 4 + 2 + 2) + 2 + 1);
}

async function receiveAll(sqs: SQS, path: string): Promise<string[]> {
  const bodies: string[] = [];
  const endpoint = await sqs.config.endpoint?.();
  const QueueUrl = `http://${endpoint?.hostname}:${endpoint?.port}${path}`;
  for (;;) {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body = "" }) => Body));
  }
}
