import type { ChangeMessageVisibilityRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { changeByHandle } from "../receipt-use.ts";

/** Hides a received message for another time, or shows it again at once. */
export function changeMessageVisibility(
  desk: Desk,
): Operation<ChangeMessageVisibilityRequest, object> {
  return transaction(async (context, input, tx) => {
    const scope = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    await changeByHandle(scope, input.ReceiptHandle ?? "", input.VisibilityTimeout);
    return {};
  });
}
