import type {
  CancelMessageMoveTaskRequest,
  CancelMessageMoveTaskResult,
} from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { invalidValue, resourceNotFound, unsupported } from "../errors.ts";
import { decodeTaskHandle, findTask, putTask } from "../move-task.ts";
import { findQueue } from "../queue.ts";

/** Stops a move task that is running; what it moved stays moved. */
export function cancelMessageMoveTask(): Operation<
  CancelMessageMoveTaskRequest,
  CancelMessageMoveTaskResult
> {
  return transaction(async (_context, input, tx) => {
    const handle = decodeTaskHandle(input.TaskHandle ?? "");
    if (handle === undefined) {
      throw invalidValue("TaskHandle", input.TaskHandle, "Value is not a task handle.");
    }
    const source = await findQueue(tx, handle.source);
    const task = source && (await findTask(tx, source, handle));
    if (task === undefined) throw resourceNotFound("Task does not exist.");
    if (task.status !== "RUNNING") {
      throw unsupported("Only active tasks can be cancelled.");
    }
    putTask(tx, handle.source, { ...task, status: "CANCELLING" });
    return { ApproximateNumberOfMessagesMoved: task.moved };
  });
}
