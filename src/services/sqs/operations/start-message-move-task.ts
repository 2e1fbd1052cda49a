import type { StartMessageMoveTaskRequest, StartMessageMoveTaskResult } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Reader } from "../../../kernel/store.ts";
import { backlogKindOf } from "../backlog-kind.ts";
import { countOf } from "../backlog.ts";
import { scopeOf } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { invalidParameter, invalidValue } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { encodeTaskHandle, hasActiveTask, queueOfArn, startMoveTask } from "../move-task.ts";
import type { MoveTaskRecord } from "../move-task.ts";
import type { QueueRecord } from "../queue.ts";
import { isDeadLetterQueue } from "../redrive.ts";
import { dropExpired } from "../retention.ts";

/** Starts moving the messages of a dead-letter queue to where they came from, or elsewhere. */
export function startMessageMoveTask(
  desk: Desk,
): Operation<StartMessageMoveTaskRequest, StartMessageMoveTaskResult> {
  return transaction(async (context, input, tx) => {
    const rate = input.MaxNumberOfMessagesPerSecond;
    if (
      rate !== undefined &&
      !(Number.isInteger(rate) && rate >= 1 && rate <= LIMITS.moveRatePerSecond)
    ) {
      const reason = "Must be between 1 and 500, if provided.";
      throw invalidValue("MaxNumberOfMessagesPerSecond", rate, reason);
    }
    const source = await queueOfArn(tx, input.SourceArn, "SourceArn");
    await checkSource(tx, source);
    if (input.DestinationArn !== undefined)
      await checkDestination(tx, source, input.DestinationArn);
    const scope = scopeOf(desk, context, { tx, queue: source });
    await dropExpired(scope);
    await backlogKindOf(source).promote(scope);
    const task: MoveTaskRecord = {
      id: desk.deps.random.uuid(),
      sourceArn: input.SourceArn ?? "",
      ...(input.DestinationArn !== undefined && { destinationArn: input.DestinationArn }),
      ...(rate !== undefined && { messagesPerSecond: rate }),
      status: "RUNNING",
      moved: 0,
      toMove: Math.max(0, await countOf(tx, source, "ready")),
      startedAtMs: context.nowMs,
    };
    await startMoveTask(tx, desk.deps.work, { task, source });
    return { TaskHandle: encodeTaskHandle(task) };
  });
}

async function checkSource(reader: Reader, source: QueueRecord): Promise<void> {
  if (!(await isDeadLetterQueue(reader, source))) {
    throw invalidParameter("Source queue must be configured as a Dead Letter Queue.");
  }
  if (await hasActiveTask(reader, source)) {
    throw invalidParameter(
      "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
  }
}

async function checkDestination(reader: Reader, source: QueueRecord, arn: string): Promise<void> {
  const destination = await queueOfArn(reader, arn, "DestinationArn");
  if (destination.id === source.id) {
    throw invalidParameter("Source queue arn and destination queue arn cannot be the same.");
  }
  if (destination.isFifo !== source.isFifo) {
    throw invalidParameter("Source and destination queues must be of the same type.");
  }
}
