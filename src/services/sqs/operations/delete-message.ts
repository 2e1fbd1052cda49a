import type { DeleteMessageRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { tellFreePlaces } from "../in-flight-places.ts";
import { removeByHandle } from "../receipt-use.ts";

/** Deletes the message of a receipt handle; succeeds when it is gone already. */
export function deleteMessage(desk: Desk): Operation<DeleteMessageRequest, object> {
  return transaction(async (context, input, tx) => {
    const scope = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const { requestId } = context;
    desk.quotas.count(scope.queue, "delete", { requestId, nowMs: scope.nowMs });
    await removeByHandle(scope, input.ReceiptHandle ?? "");
    tellFreePlaces(desk, tx, { queue: scope.queue, count: 1 });
    return {};
  });
}
