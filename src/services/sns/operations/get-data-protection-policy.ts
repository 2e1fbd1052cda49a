import type {
  GetDataProtectionPolicyInput,
  GetDataProtectionPolicyResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Having } from "../sns.ts";
import { requireResource } from "../topic.ts";

type Input = Having<GetDataProtectionPolicyInput, "ResourceArn">;

/** GetDataProtectionPolicy. */
export function getDataProtectionPolicy(): Operation<Input, GetDataProtectionPolicyResponse> {
  return transaction(async ({ caller }, { ResourceArn }, tx) => {
    const topic = await requireResource(tx, ResourceArn, caller);
    return { DataProtectionPolicy: topic.dataProtectionPolicy };
  });
}
