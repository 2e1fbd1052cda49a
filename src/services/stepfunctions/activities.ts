import { decodeRecord } from "../../kernel/record.ts";
import type { Reader } from "../../kernel/store.ts";
import { parseActivityArn } from "./arns.ts";
import { activityDoesNotExist } from "./errors.ts";
import { ACTIVITY } from "./keys.ts";
import type { ActivityRecord } from "./records.ts";

/** The activity of an ARN. Throws InvalidArn, ActivityDoesNotExist. */
export async function requireActivity(reader: Reader, arn: string): Promise<ActivityRecord> {
  const { accountId, region, name } = parseActivityArn(arn);
  const value = await reader.get(ACTIVITY.key(accountId, region, name));
  if (value === undefined) throw activityDoesNotExist(arn);
  return decodeRecord<ActivityRecord>(value);
}
