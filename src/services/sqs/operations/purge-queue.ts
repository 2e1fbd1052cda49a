import type { PurgeQueueRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { purgeInProgress } from "../errors.ts";
import { QUEUE_PAUSE_MS } from "../limits.ts";
import { putQueue } from "../queue.ts";
import { dropBacklog } from "../retention.ts";

/** Empties a queue at once, however much it holds; once in 60 seconds. */
export function purgeQueue(desk: Desk): Operation<PurgeQueueRequest, object> {
  return transaction(async (context, input, tx) => {
    const { queue, nowMs } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    if (queue.purgedAtMs !== undefined && queue.purgedAtMs + QUEUE_PAUSE_MS > nowMs) {
      throw purgeInProgress(queue.name);
    }
    putQueue(tx, { ...queue, purges: queue.purges + 1, purgedAtMs: nowMs });
    await dropBacklog(tx, desk.deps.work, { queue, nowMs });
    return {};
  });
}
