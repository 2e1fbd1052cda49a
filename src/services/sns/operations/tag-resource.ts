import type { TagResourceRequest } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { tagLimitExceeded } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Having } from "../sns.ts";
import { readTags } from "../tags.ts";
import { putTopic } from "../topic.ts";
import { requireTagged } from "./list-tags-for-resource.ts";

type Input = Having<TagResourceRequest, "ResourceArn" | "Tags">;

/** TagResource. */
export function tagResource(): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, { ResourceArn, Tags }, tx) => {
    const topic = await requireTagged(tx, ResourceArn, caller);
    const tags = { ...topic.tags, ...readTags(Tags) };
    if (Object.keys(tags).length > LIMITS.tags) throw tagLimitExceeded();
    putTopic(tx, { ...topic, tags });
    return {};
  });
}
