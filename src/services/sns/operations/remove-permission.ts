import type { RemovePermissionInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { withoutPermission } from "../permissions.ts";
import type { Having } from "../sns.ts";
import { putTopic, requireTopic } from "../topic.ts";

type Input = Having<RemovePermissionInput, "TopicArn" | "Label">;

/** RemovePermission. */
export function removePermission(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { TopicArn, Label }, tx) => {
    const topic = await requireTopic(tx, TopicArn, caller);
    const Policy = withoutPermission(topic, Label);
    putTopic(tx, { ...topic, attributes: { ...topic.attributes, Policy } });
    return {};
  });
}
