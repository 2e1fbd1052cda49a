import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { startPostgres } from "../../stores/postgres-server.ts";
import { onLmdb, Workshop } from "./workshop.ts";
import type { StorePlace } from "./workshop.ts";

/** In which turns of the event loop the server is stopped, each with an execution of its own. */
const TURNS = 30;

/** The stores that keep what a server leaves. */
const STORES: Readonly<Record<string, () => Promise<StorePlace>>> = {
  lmdb: onLmdb,
  postgres: async () => {
    const server = await startPostgres();
    return { choice: { kind: "postgres", url: server.url }, remove: () => server.remove() };
  },
};

/** Parallel, Map, Retry, Catch, a token, a child and a Wait, in one machine. */
function machine(queueUrl: string, childArn: string): object {
  const failing = { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters: {} };
  const retry = [{ ErrorEquals: ["States.TaskFailed"], IntervalSeconds: 2, MaxAttempts: 1 }];
  return {
    StartAt: "All",
    States: {
      All: {
        Type: "Parallel",
        Branches: [
          {
            StartAt: "Each",
            States: {
              Each: {
                Type: "Map",
                ItemsPath: "$.items",
                ItemProcessor: {
                  StartAt: "Double",
                  States: {
                    Double: {
                      Type: "Pass",
                      Parameters: { "v.$": "States.MathAdd($, $)" },
                      End: true,
                    },
                  },
                },
                End: true,
              },
            },
          },
          {
            StartAt: "Failing",
            States: {
              Failing: {
                ...failing,
                Retry: retry,
                Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }],
                End: true,
              },
              Caught: { Type: "Pass", Parameters: { "error.$": "$.Error" }, End: true },
            },
          },
          {
            StartAt: "Callback",
            States: {
              Callback: {
                Type: "Task",
                Resource: "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                Parameters: { QueueUrl: queueUrl, "MessageBody.$": "$$.Task.Token" },
                TimeoutSeconds: 1000,
                End: true,
              },
            },
          },
          {
            StartAt: "Child",
            States: {
              Child: {
                Type: "Task",
                Resource: "arn:aws:states:::states:startExecution.sync:2",
                Parameters: { StateMachineArn: childArn },
                OutputPath: "$.Output",
                End: true,
              },
            },
          },
        ],
        Next: "Rest",
      },
      Rest: { Type: "Wait", Seconds: 5, End: true },
    },
  };
}

function summary(events: readonly HistoryEvent[]): string[] {
  assert.deepEqual(
    events.map(({ id }) => id),
    events.map((_, index) => index + 1),
  );
  return events
    .map(({ type, stateEnteredEventDetails }) => `${type} ${stateEnteredEventDetails?.name ?? ""}`)
    .sort();
}

async function stopInEveryTurn(workshop: Workshop): Promise<void> {
  const { QueueUrl = "" } = await workshop.sqs.createQueue({ QueueName: "tokens" });
  const path = new URL(QueueUrl).pathname;
  const child = await workshop.machine({
    StartAt: "W",
    States: {
      W: { Type: "Wait", Seconds: 1, Next: "P" },
      P: { Type: "Pass", Result: "child", End: true },
    },
  });
  const stateMachineArn = await workshop.machine(machine(`http://queues${path}`, child));
  const arns: string[] = [];
  for (let turns = 0; turns < TURNS; turns += 1) {
    arns.push(await workshop.start(stateMachineArn, { items: [1, 2, 3] }));
    for (let turn = 0; turn < turns; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    await workshop.restart();
  }
  await workshop.settle();
  for (let answered = 0; answered < TURNS;) {
    const { Messages = [] } = await workshop.sqs.receiveMessage({
      QueueUrl: workshop.server.url + path,
      MaxNumberOfMessages: 10,
    });
    assert.ok(Messages.length > 0, "each execution sent its token");
    for (const { Body = "", ReceiptHandle } of Messages) {
      await workshop.sfn.sendTaskSuccess({ taskToken: Body, output: '"called"' });
      await workshop.sqs.deleteMessage({ QueueUrl: workshop.server.url + path, ReceiptHandle });
    }
    answered += Messages.length;
  }
  await workshop.advance(100);
  const none = await workshop.sqs.receiveMessage({ QueueUrl: workshop.server.url + path });
  assert.equal(none.Messages, undefined, "no token was sent twice");
  const histories = new Set<string>();
  for (const arn of arns) {
    const ran = await workshop.look(arn);
    assert.deepEqual(
      ran.output,
      [[{ v: 2 }, { v: 4 }, { v: 6 }], { error: "States.TaskFailed" }, "called", "child"],
      ran.cause,
    );
    histories.add(summary(await workshop.history(arn)).join("\n"));
  }
  assert.equal(histories.size, 1, "all histories tell the same");
  const { executions = [] } = await workshop.sfn.listExecutions({
    stateMachineArn: child,
    maxResults: 1000,
  });
  assert.equal(executions.length, TURNS, "each execution started one child");
}

for (const [store, place] of Object.entries(STORES)) {
  test(
    `in whichever turn the server stops, the execution ends as if it had not [durability, ${store}]`,
    { timeout: 120_000 },
    async () => {
      const workshop = await Workshop.open(await place());
      try {
        await stopInEveryTurn(workshop);
      } finally {
        await workshop.close();
      }
    },
  );
}
