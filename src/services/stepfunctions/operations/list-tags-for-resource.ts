import type { ListTagsForResourceInput, ListTagsForResourceOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { checkTaggable, readTags } from "../tags.ts";

/** Lists the tags of a state machine or activity. */
export function listTagsForResource(): Operation<
  ListTagsForResourceInput,
  ListTagsForResourceOutput
> {
  return transaction(async (_context, input, tx) => {
    const arn = input.resourceArn ?? "";
    await checkTaggable(tx, arn);
    const tags = Object.entries(await readTags(tx, arn)).map(([key, value]) => ({ key, value }));
    return { tags };
  });
}
