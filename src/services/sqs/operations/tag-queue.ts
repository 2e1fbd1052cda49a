import type { TagQueueRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { putQueue } from "../queue.ts";
import { checkTags } from "../tags.ts";

/** Adds tags to a queue, replacing those with the same key. */
export function tagQueue(desk: Desk): Operation<TagQueueRequest, object> {
  return transaction(async (context, input, tx) => {
    const { queue } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const tags = { ...queue.tags, ...input.Tags };
    checkTags(tags);
    putQueue(tx, { ...queue, tags });
    return {};
  });
}
