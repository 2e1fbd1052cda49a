import type { TagQueueRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { missingParameter } from "../errors.ts";
import { putQueue } from "../queue.ts";
import { checkTags } from "../tags.ts";

/** Adds tags to a queue, replacing those with the same key. */
export function tagQueue(desk: Desk): Operation<TagQueueRequest, object> {
  return transaction(async (context, input, tx) => {
    const { queue } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const added = input.Tags ?? {};
    if (Object.keys(added).length === 0) throw missingParameter("Tags");
    const tags = { ...queue.tags, ...added };
    checkTags(queue.name, tags);
    putQueue(tx, { ...queue, tags });
    return {};
  });
}
