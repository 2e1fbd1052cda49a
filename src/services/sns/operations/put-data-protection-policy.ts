import type { PutDataProtectionPolicyInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { checkDataProtectionPolicy } from "../data-protection.ts";
import type { Having } from "../sns.ts";
import { putTopic, requireResource } from "../topic.ts";

type Input = Having<PutDataProtectionPolicyInput, "ResourceArn" | "DataProtectionPolicy">;

/** PutDataProtectionPolicy: an empty one removes it. It is kept, not applied. */
export function putDataProtectionPolicy(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { ResourceArn, DataProtectionPolicy }, tx) => {
    const { dataProtectionPolicy: _before, ...topic } = await requireResource(
      tx,
      ResourceArn,
      caller,
    );
    if (DataProtectionPolicy === "") {
      putTopic(tx, topic);
      return {};
    }
    checkDataProtectionPolicy(DataProtectionPolicy);
    putTopic(tx, { ...topic, dataProtectionPolicy: DataProtectionPolicy });
    return {};
  });
}
