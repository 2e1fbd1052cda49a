import type { UntagResourceInput, UntagResourceOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { checkTaggable, readTags, writeTags } from "../tags.ts";

/** Removes tags from a state machine or activity. */
export function untagResource(): Operation<UntagResourceInput, UntagResourceOutput> {
  return transaction(async (_context, input, tx) => {
    const arn = input.resourceArn ?? "";
    await checkTaggable(tx, arn);
    const removed = new Set(input.tagKeys);
    const left = Object.entries(await readTags(tx, arn)).filter(([key]) => !removed.has(key));
    writeTags(tx, arn, Object.fromEntries(left));
    return {};
  });
}
