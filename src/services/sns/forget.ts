import { decodeRecord } from "../../kernel/record.ts";
import type { Tx } from "../../kernel/store.ts";
import type { KeyRange } from "../../kernel/tuple.ts";
import type { TimerHandler } from "../../kernel/work.ts";
import {
  ARCHIVE,
  DEDUPLICATION,
  DEDUPLICATION_EXPIRY,
  FIFO_SEQUENCE,
  SUBSCRIPTION,
  SUBSCRIPTION_ENDPOINT,
  TOPIC_COUNT,
} from "./keys.ts";
import type { CountName } from "./keys.ts";
import { LIMITS } from "./limits.ts";
import type { Sns } from "./sns.ts";
import { removeSubscription } from "./subscription.ts";
import type { SubscriptionRecord } from "./subscription.ts";

/** The kind of work that removes what a deleted topic had; its id is the topic's. */
export const FORGET_WORK = "sns.forget";

const COUNTS: readonly CountName[] = ["confirmed", "pending", "deleted", "filtered"];

/** Removes what a deleted topic had, a part at a time. */
export function forgetTimer(sns: Sns): TimerHandler {
  return {
    kind: "timer",
    fire: async (tx, { id: topicId }) => {
      if (await forgetPart(tx, topicId)) {
        for (const name of COUNTS) tx.clearSum(TOPIC_COUNT.key(topicId, name));
        return;
      }
      const dueAtMs = sns.deps.clock.now();
      await sns.deps.work.schedule(tx, { kind: FORGET_WORK, id: topicId, dueAtMs, payload: {} });
    },
  };
}

/** True when nothing is left. */
async function forgetPart(tx: Tx, topicId: string): Promise<boolean> {
  const limit = LIMITS.removedPerTransaction;
  const subscriptions = await tx.range(SUBSCRIPTION.below(topicId), { limit });
  for (const { value } of subscriptions) {
    removeSubscription(tx, undefined, decodeRecord<SubscriptionRecord>(value));
  }
  if (subscriptions.length === limit) return false;
  tx.delete(FIFO_SEQUENCE.key(topicId));
  const ranges: readonly KeyRange[] = [
    SUBSCRIPTION_ENDPOINT.below(topicId),
    ARCHIVE.below(topicId),
    DEDUPLICATION.below(topicId),
    DEDUPLICATION_EXPIRY.below(topicId),
  ];
  for (const range of ranges) {
    const entries = await tx.range(range, { limit });
    for (const { key } of entries) tx.delete(key);
    if (entries.length === limit) return false;
  }
  return true;
}
