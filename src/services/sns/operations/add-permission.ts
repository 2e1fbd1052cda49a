import type { AddPermissionInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { withPermission } from "../permissions.ts";
import type { Having } from "../sns.ts";
import { putTopic, requireTopic } from "../topic.ts";

type Input = Having<AddPermissionInput, "TopicArn" | "Label" | "AWSAccountId" | "ActionName">;

/** AddPermission. */
export function addPermission(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { TopicArn, Label, AWSAccountId, ActionName }, tx) => {
    const topic = await requireTopic(tx, TopicArn, caller);
    const grant = { label: Label, accountIds: AWSAccountId, actions: ActionName };
    const Policy = withPermission(topic, grant);
    putTopic(tx, { ...topic, attributes: { ...topic.attributes, Policy } });
    return {};
  });
}
