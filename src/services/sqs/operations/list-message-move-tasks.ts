import type {
  ListMessageMoveTasksRequest,
  ListMessageMoveTasksResult,
  ListMessageMoveTasksResultEntry,
} from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { invalidValue } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { encodeTaskHandle, listMoveTasks, queueOfArn } from "../move-task.ts";
import type { MoveTaskRecord } from "../move-task.ts";

/** The latest move tasks of a dead-letter queue. */
export function listMessageMoveTasks(): Operation<
  ListMessageMoveTasksRequest,
  ListMessageMoveTasksResult
> {
  return transaction(async (_context, input, tx) => {
    const most = input.MaxResults ?? 1;
    if (!(Number.isInteger(most) && most >= 1 && most <= LIMITS.moveTasksListed)) {
      throw invalidValue("MaxResults", most, "Must be between 1 and 10, if provided.");
    }
    const source = await queueOfArn(tx, input.SourceArn, "SourceArn");
    const tasks = await listMoveTasks(tx, source, most);
    return { Results: tasks.map(showTask) };
  });
}

function showTask(task: MoveTaskRecord): ListMessageMoveTasksResultEntry {
  return {
    ...(task.status === "RUNNING" && { TaskHandle: encodeTaskHandle(task) }),
    Status: task.status,
    SourceArn: task.sourceArn,
    ...(task.destinationArn !== undefined && { DestinationArn: task.destinationArn }),
    ...(task.messagesPerSecond !== undefined && {
      MaxNumberOfMessagesPerSecond: task.messagesPerSecond,
    }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failureReason !== undefined && { FailureReason: task.failureReason }),
    StartedTimestamp: task.startedAtMs,
  };
}
