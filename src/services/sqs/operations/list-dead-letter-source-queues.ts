import type {
  ListDeadLetterSourceQueuesRequest,
  ListDeadLetterSourceQueuesResult,
} from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { keyAfter } from "../../../kernel/tuple.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { DEAD_LETTER_SOURCE } from "../keys.ts";
import { cutPage, pageOf, pageSizeOf } from "../page.ts";
import { queueUrl } from "../queue.ts";

/** URLs of the queues that name this one as their dead-letter queue. */
export function listDeadLetterSourceQueues(
  desk: Desk,
): Operation<ListDeadLetterSourceQueuesRequest, ListDeadLetterSourceQueuesResult> {
  return transaction(async (context, input, tx) => {
    const { queue } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const { accountId, region, name } = queue;
    const limit = pageSizeOf(input.MaxResults);
    const whole = DEAD_LETTER_SOURCE.below(accountId, region, name);
    const from =
      input.NextToken === undefined
        ? whole.from
        : keyAfter(DEAD_LETTER_SOURCE.key(accountId, region, name, pageOf(input.NextToken)));
    const entries = await tx.range({ from, to: whole.to }, { limit: limit + 1 });
    const read = entries.map((entry) => DEAD_LETTER_SOURCE.parts(entry.key)[3]);
    const { names, nextToken } = cutPage(read, input.MaxResults);
    return {
      queueUrls: names.map((source) => queueUrl(context, { accountId, region, name: source })),
      ...nextToken,
    };
  });
}
