import type { DeleteQueueRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { cancelExpiry } from "../expiry-timer.ts";
import { forgetTasks } from "../move-task.ts";
import { keyOf, topicOf } from "../queue.ts";
import { writeSourceIndex } from "../redrive.ts";
import { dropBacklog, reserveName } from "../retention.ts";

/** Deletes a queue with all it holds; its name is free again after 60 seconds. */
export function deleteQueue(desk: Desk): Operation<DeleteQueueRequest, object> {
  return transaction(async (context, input, tx) => {
    const { queue, nowMs } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    tx.delete(keyOf(queue));
    await reserveName(tx, desk.deps.work, { queue, nowMs });
    writeSourceIndex(tx, queue, undefined);
    await forgetTasks(tx, queue);
    await cancelExpiry(tx, desk.deps.work, queue);
    await dropBacklog(tx, desk.deps.work, { queue, nowMs });
    tx.wake({ topic: topicOf(queue), count: Number.MAX_SAFE_INTEGER });
    return {};
  });
}
