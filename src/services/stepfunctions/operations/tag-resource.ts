import type { TagResourceInput, TagResourceOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { addTags, checkTaggable } from "../tags.ts";

/** Adds tags to a state machine or activity. */
export function tagResource(): Operation<TagResourceInput, TagResourceOutput> {
  return transaction(async (_context, input, tx) => {
    const arn = input.resourceArn ?? "";
    await checkTaggable(tx, arn);
    await addTags(tx, arn, input.tags ?? []);
    return {};
  });
}
