import type { CreateActivityInput, CreateActivityOutput } from "@aws-sdk/client-sfn";
import { isDeepStrictEqual } from "node:util";
import { ServiceError } from "../../../kernel/errors.ts";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import { activityArn } from "../arns.ts";
import { checkEncryption, OWNED_KEY, wholeEncryption } from "../configuration.ts";
import type { Engine } from "../engine.ts";
import { ACTIVITY } from "../keys.ts";
import type { ActivityRecord } from "../records.ts";
import { addTags } from "../tags.ts";
import { newUid } from "../uids.ts";
import { checkName } from "../validation.ts";

/** Makes an activity, or answers the one there is. */
export function createActivity(
  engine: Engine,
): Operation<CreateActivityInput, CreateActivityOutput> {
  return transaction(async (context, input, tx) => {
    const { name = "", tags = [], encryptionConfiguration = OWNED_KEY } = input;
    checkName(name);
    checkEncryption(encryptionConfiguration);
    const encryption = wholeEncryption(encryptionConfiguration);
    const { accountId, region } = context.caller;
    const arn = activityArn(context.caller, name);
    const value = await tx.get(ACTIVITY.key(accountId, region, name));
    if (value !== undefined) {
      const existing = decodeRecord<ActivityRecord>(value);
      if (!isDeepStrictEqual(existing.encryption ?? OWNED_KEY, encryption)) {
        throw new ServiceError("ActivityAlreadyExists", `Activity Already Exists: '${arn}'`);
      }
      return { activityArn: arn, creationDate: new Date(existing.createdMs) };
    }
    const activity: ActivityRecord = {
      accountId,
      region,
      uid: newUid(engine.random),
      name,
      createdMs: context.nowMs,
      encryption,
    };
    tx.put(ACTIVITY.key(accountId, region, name), encodeRecord(activity));
    await addTags(tx, arn, tags);
    return { activityArn: arn, creationDate: new Date(context.nowMs) };
  });
}
