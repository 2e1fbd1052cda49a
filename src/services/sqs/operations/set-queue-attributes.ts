import type { SetQueueAttributesRequest } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { applyAttributes } from "../attributes.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { missingParameter } from "../errors.ts";
import { scheduleExpiry } from "../expiry-timer.ts";
import { putQueue, topicOf } from "../queue.ts";
import { checkRedrive, checkRedriveAllow, writeSourceIndex } from "../redrive.ts";

/** Changes attributes of a queue. */
export function setQueueAttributes(desk: Desk): Operation<SetQueueAttributesRequest, object> {
  return transaction(async (context, input, tx) => {
    const { queue, nowMs } = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const given = input.Attributes ?? {};
    if (Object.keys(given).length === 0) throw missingParameter("Attribute.Name");
    const changed = {
      ...applyAttributes(queue, given, queue.isFifo),
      modifiedAtMs: nowMs,
    };
    // A dead-letter queue may go; what does not name it anew is not refused for that.
    await checkRedrive(tx, changed, given.RedrivePolicy);
    checkRedriveAllow(changed, given.RedriveAllowPolicy);
    putQueue(tx, changed);
    writeSourceIndex(tx, queue, changed);
    if (changed.messageRetentionPeriod !== queue.messageRetentionPeriod) {
      await scheduleExpiry(tx, desk.deps.work, { queue: changed, dueAtMs: nowMs });
    }
    // A shorter delay shows messages of a FIFO queue at once.
    if (changed.delaySeconds < queue.delaySeconds) tx.wake({ topic: topicOf(queue) });
    return {};
  });
}
