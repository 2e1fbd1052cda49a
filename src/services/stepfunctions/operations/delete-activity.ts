import type { DeleteActivityInput, DeleteActivityOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { parseActivityArn } from "../arns.ts";
import { ACTIVITY, TAGS } from "../keys.ts";

/** Deletes an activity; one that does not exist is deleted already. */
export function deleteActivity(): Operation<DeleteActivityInput, DeleteActivityOutput> {
  return transaction((_context, input, tx) => {
    const arn = input.activityArn ?? "";
    const { accountId, region, name } = parseActivityArn(arn);
    tx.delete(ACTIVITY.key(accountId, region, name));
    tx.delete(TAGS.key(arn));
    return Promise.resolve({});
  });
}
