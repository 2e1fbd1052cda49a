import type { DeleteMessageBatchRequest, DeleteMessageBatchResult } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { checkBatch, performEach } from "../batch.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { entryReceiptExpired } from "../errors.ts";
import { tellFreePlaces } from "../in-flight-places.ts";
import { prefetchHandles, removeByHandle } from "../receipt-use.ts";

/** Deletes the messages of up to 10 receipt handles, each by itself. */
export function deleteMessageBatch(
  desk: Desk,
): Operation<DeleteMessageBatchRequest, DeleteMessageBatchResult> {
  return transaction(async (context, input, tx) => {
    const scope = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const entries = input.Entries ?? [];
    checkBatch(entries, "DeleteMessageBatch");
    const { requestId } = context;
    desk.quotas.count(scope.queue, "delete", { requestId, nowMs: scope.nowMs });
    await prefetchHandles(
      scope,
      entries.map((entry) => entry.ReceiptHandle),
    );
    tellFreePlaces(desk, tx, { queue: scope.queue, count: entries.length });
    return performEach(entries, async (entry) => {
      await removeByHandle(scope, entry.ReceiptHandle ?? "", entryReceiptExpired);
      return {};
    });
  });
}
