import type { AddPermissionRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { missingParameter } from "../errors.ts";
import { withGrant } from "../policy.ts";
import { putQueue } from "../queue.ts";

/** Adds a statement to the queue's policy that lets other accounts do something. */
export function addPermission(desk: Desk): Operation<AddPermissionRequest, object> {
  return transaction(async (context, input, tx) => {
    const { queue, nowMs } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const accountIds = input.AWSAccountIds ?? [];
    const actions = input.Actions ?? [];
    if (actions.length === 0) throw missingParameter("Actions");
    const policy = withGrant(queue, { label: input.Label ?? "", accountIds, actions });
    putQueue(tx, { ...queue, policy, modifiedAtMs: nowMs });
    return {};
  });
}
