import type { Deps } from "../../kernel/operation.ts";
import type { Service } from "../../kernel/service.ts";
import { openDesk } from "./desk.ts";
import type { Desk } from "./desk.ts";
import { refusals } from "./errors.ts";
import { MAX_REQUEST_BYTES } from "./limits.ts";
import { model } from "./model.gen.ts";
import { moveHandlers } from "./move-task.ts";
import { addPermission } from "./operations/add-permission.ts";
import { cancelMessageMoveTask } from "./operations/cancel-message-move-task.ts";
import { changeMessageVisibilityBatch } from "./operations/change-message-visibility-batch.ts";
import { changeMessageVisibility } from "./operations/change-message-visibility.ts";
import { createQueue } from "./operations/create-queue.ts";
import { deleteMessageBatch } from "./operations/delete-message-batch.ts";
import { deleteMessage } from "./operations/delete-message.ts";
import { deleteQueue } from "./operations/delete-queue.ts";
import { getQueueAttributes } from "./operations/get-queue-attributes.ts";
import { getQueueUrl } from "./operations/get-queue-url.ts";
import { listDeadLetterSourceQueues } from "./operations/list-dead-letter-source-queues.ts";
import { listMessageMoveTasks } from "./operations/list-message-move-tasks.ts";
import { listQueueTags } from "./operations/list-queue-tags.ts";
import { listQueues } from "./operations/list-queues.ts";
import { purgeQueue } from "./operations/purge-queue.ts";
import { receiveMessage } from "./operations/receive-message.ts";
import { removePermission } from "./operations/remove-permission.ts";
import { sendMessageBatch } from "./operations/send-message-batch.ts";
import { sendMessage } from "./operations/send-message.ts";
import { setQueueAttributes } from "./operations/set-queue-attributes.ts";
import { startMessageMoveTask } from "./operations/start-message-move-task.ts";
import { tagQueue } from "./operations/tag-queue.ts";
import { untagQueue } from "./operations/untag-queue.ts";
import { retentionHandlers } from "./retention.ts";
import { queueTarget } from "./target.ts";

/** Amazon SQS: every operation of its API on the store. */
export function sqs(deps: Deps): Service {
  const desk = openDesk(deps);
  const background = {
    work: deps.work,
    now: () => deps.clock.now(),
    positions: desk.positions,
    newId: () => deps.random.uuid(),
  };
  return {
    model,
    operations: operations(desk),
    refusals,
    target: queueTarget(desk),
    work: { ...retentionHandlers(background), ...moveHandlers(background) },
    maxRequestBytes: MAX_REQUEST_BYTES,
  };
}

function operations(desk: Desk): Service["operations"] {
  return {
    AddPermission: addPermission(desk),
    CancelMessageMoveTask: cancelMessageMoveTask(),
    ChangeMessageVisibility: changeMessageVisibility(desk),
    ChangeMessageVisibilityBatch: changeMessageVisibilityBatch(desk),
    CreateQueue: createQueue(desk),
    DeleteMessage: deleteMessage(desk),
    DeleteMessageBatch: deleteMessageBatch(desk),
    DeleteQueue: deleteQueue(desk),
    GetQueueAttributes: getQueueAttributes(desk),
    GetQueueUrl: getQueueUrl(),
    ListDeadLetterSourceQueues: listDeadLetterSourceQueues(desk),
    ListMessageMoveTasks: listMessageMoveTasks(),
    ListQueues: listQueues(desk),
    ListQueueTags: listQueueTags(desk),
    PurgeQueue: purgeQueue(desk),
    ReceiveMessage: receiveMessage(desk),
    RemovePermission: removePermission(desk),
    SendMessage: sendMessage(desk),
    SendMessageBatch: sendMessageBatch(desk),
    SetQueueAttributes: setQueueAttributes(desk),
    StartMessageMoveTask: startMessageMoveTask(desk),
    TagQueue: tagQueue(desk),
    UntagQueue: untagQueue(desk),
  };
}
