import assert from "node:assert/strict";
import type { SFN } from "@aws-sdk/client-sfn";
import type { SQS } from "@aws-sdk/client-sqs";

/** How often the busy machine goes round, and what one round sends. */
const ROUNDS = 15;
const SENT_PER_ROUND = 3;

/** How many messages one execution of the busy machine sends, each different from all others. */
export const SENT: number = ROUNDS * SENT_PER_ROUND;

/** A machine with a bit of everything, that sends one message in each iteration. */
export function busyMachine(QueueUrl: string): string {
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
        Choices: [{ Variable: "$.round", NumericLessThan: ROUNDS, Next: "Both" }],
        Default: "Done",
      },
      Done: { Type: "Succeed" },
    },
  });
}

/** Waits for an execution to end well. */
export async function untilEnded(sfn: SFN, executionArn: string): Promise<void> {
  for (;;) {
    const { status } = await sfn.describeExecution({ executionArn });
    if (status !== "RUNNING") return assert.equal(status, "SUCCEEDED");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Checks that an execution of the busy machine has one unbroken history of the right length. */
export async function checkHistory(sfn: SFN, executionArn: string): Promise<void> {
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
  assert.equal(rest.events?.[0]?.id, 1 + 2 + ROUNDS * (4 + 4 + 3 * 7 + 4 + 2 + 2) + 2 + 1);
}

/** The bodies of all messages in the queue at a path. */
export async function receiveAll(sqs: SQS, path: string): Promise<string[]> {
  const bodies: string[] = [];
  const endpoint = await sqs.config.endpoint?.();
  const QueueUrl = `http://${endpoint?.hostname}:${endpoint?.port}${path}`;
  for (;;) {
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    if (Messages.length === 0) return bodies;
    bodies.push(...Messages.map(({ Body = "" }) => Body));
  }
}
