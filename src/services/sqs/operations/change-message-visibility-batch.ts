import type {
  ChangeMessageVisibilityBatchRequest,
  ChangeMessageVisibilityBatchResult,
} from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { checkBatch, performEach } from "../batch.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { changeByHandle, prefetchHandles } from "../receipt-use.ts";

/** Changes the visibility of up to 10 received messages, each by itself. */
export function changeMessageVisibilityBatch(
  desk: Desk,
): Operation<ChangeMessageVisibilityBatchRequest, ChangeMessageVisibilityBatchResult> {
  return transaction(async (context, input, tx) => {
    const scope = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const entries = input.Entries ?? [];
    checkBatch(entries, "ChangeMessageVisibilityBatch");
    await prefetchHandles(
      scope,
      entries.map((entry) => entry.ReceiptHandle),
    );
    return performEach(entries, async (entry) => {
      await changeByHandle(scope, entry.ReceiptHandle ?? "", entry.VisibilityTimeout);
      return {};
    });
  });
}
