import type { DescribeActivityInput, DescribeActivityOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { requireActivity } from "../activities.ts";
import { activityArn } from "../arns.ts";
import { OWNED_KEY } from "../configuration.ts";

/** Describes an activity. */
export function describeActivity(): Operation<DescribeActivityInput, DescribeActivityOutput> {
  return transaction(async (_context, input, tx) => {
    const activity = await requireActivity(tx, input.activityArn ?? "");
    return {
      activityArn: activityArn(activity, activity.name),
      name: activity.name,
      creationDate: new Date(activity.createdMs),
      encryptionConfiguration: activity.encryption ?? OWNED_KEY,
    };
  });
}
