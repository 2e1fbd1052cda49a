import type { RemovePermissionRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { withoutGrant } from "../policy.ts";
import { putQueue } from "../queue.ts";

/** Removes the statement of a label from the queue's policy. */
export function removePermission(desk: Desk): Operation<RemovePermissionRequest, object> {
  return transaction(async (context, input, tx) => {
    const { queue, nowMs } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const { policy: _policy, ...rest } = queue;
    const policy = withoutGrant(queue, input.Label ?? "");
    putQueue(tx, { ...rest, ...(policy !== undefined && { policy }), modifiedAtMs: nowMs });
    return {};
  });
}
