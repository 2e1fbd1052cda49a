import type { ListQueuesRequest, ListQueuesResult } from "@aws-sdk/client-sqs";
import { conversation } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { keyAfter } from "../../../kernel/tuple.ts";
import type { Desk } from "../desk.ts";
import { QUEUE } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import { cutPage, pageOf, pageSizeOf } from "../page.ts";
import { queueUrl } from "../queue.ts";

/** URLs of the caller's queues in order of names, by prefix and page. */
export function listQueues(desk: Desk): Operation<ListQueuesRequest, ListQueuesResult> {
  return conversation(async (context, input) => {
    const { accountId, region } = context.caller;
    const prefix = input.QueueNamePrefix ?? "";
    const limit = pageSizeOf(input.MaxResults);
    const after = input.NextToken === undefined ? undefined : pageOf(input.NextToken);
    // No name is as long, so there is nothing to look for.
    const { queueNameLength, regionLength } = LIMITS;
    if (prefix.length > queueNameLength || region.length > regionLength) return {};
    const whole = QUEUE.between([accountId, region], prefix, `${prefix}\uffff`);
    const next = after === undefined ? whole.from : keyAfter(QUEUE.key(accountId, region, after));
    const from = next > whole.from ? next : whole.from;
    const entries = await desk.deps.store.read((reader) =>
      reader.range({ from, to: whole.to }, { limit: limit + 1 }),
    );
    const read = entries.map((entry) => QUEUE.parts(entry.key)[2]);
    const { names, nextToken } = cutPage(read, input.MaxResults);
    return {
      ...(names.length > 0 && {
        QueueUrls: names.map((name) => queueUrl(context, { accountId, region, name })),
      }),
      ...nextToken,
    };
  });
}
