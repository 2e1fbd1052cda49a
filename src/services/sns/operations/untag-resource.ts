import type { UntagResourceRequest } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Having } from "../sns.ts";
import { putTopic } from "../topic.ts";
import { requireTagged } from "./list-tags-for-resource.ts";

type Input = Having<UntagResourceRequest, "ResourceArn" | "TagKeys">;

/** UntagResource. */
export function untagResource(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { ResourceArn, TagKeys }, tx) => {
    const topic = await requireTagged(tx, ResourceArn, caller);
    const kept = Object.entries(topic.tags).filter(([key]) => !TagKeys.includes(key));
    putTopic(tx, { ...topic, tags: Object.fromEntries(kept) });
    return {};
  });
}
