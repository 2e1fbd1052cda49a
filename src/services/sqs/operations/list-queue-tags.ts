import type { ListQueueTagsRequest, ListQueueTagsResult } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";

/** The tags of a queue. */
export function listQueueTags(desk: Desk): Operation<ListQueueTagsRequest, ListQueueTagsResult> {
  return transaction(async (context, input, tx) => {
    const { queue } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const tags = queue.tags ?? {};
    return Object.keys(tags).length === 0 ? {} : { Tags: tags };
  });
}
