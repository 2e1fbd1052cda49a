import type { UntagQueueRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { invalidParameter } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { putQueue } from "../queue.ts";

/** Removes tags from a queue by key. */
export function untagQueue(desk: Desk): Operation<UntagQueueRequest, object> {
  return transaction(async (context, input, tx) => {
    const { queue } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const gone = new Set(input.TagKeys);
    if (gone.size === 0) {
      throw invalidParameter(
        `Tag keys must be between 1 and ${LIMITS.tagKeyLength} characters in length.`,
      );
    }
    const rest = Object.entries(queue.tags ?? {}).filter(([key]) => !gone.has(key));
    putQueue(tx, { ...queue, tags: Object.fromEntries(rest) });
    return {};
  });
}
