import type { ListActivitiesInput, ListActivitiesOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { activityArn } from "../arns.ts";
import { ACTIVITY } from "../keys.ts";
import { readPage } from "../page.ts";
import type { ActivityRecord } from "../records.ts";

/** Lists the caller's activities by name. */
export function listActivities(): Operation<ListActivitiesInput, ListActivitiesOutput> {
  return transaction(async (context, input, tx) => {
    const { accountId, region } = context.caller;
    const page = await readPage(tx, ACTIVITY.below(accountId, region), {
      ...input,
      nowMs: context.nowMs,
    });
    const activities = page.entries.map(({ value }) => {
      const activity = decodeRecord<ActivityRecord>(value);
      return {
        activityArn: activityArn(activity, activity.name),
        name: activity.name,
        creationDate: new Date(activity.createdMs),
      };
    });
    return { activities, ...(page.nextToken !== undefined && { nextToken: page.nextToken }) };
  });
}
