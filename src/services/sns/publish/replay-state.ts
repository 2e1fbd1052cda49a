import type { SubscriptionRecord } from "../subscription.ts";

/**
 * A replay goes through the archive in order and meets the live messages at its end:
 *
 *   Pending ──first batch──▶ In progress ──nothing left──▶ Completed
 *
 * Until it is completed, live messages reach the subscription through the archive, behind the old
 * ones. One with an end takes no live messages afterwards either.
 */
export function isReplaying({ replay }: SubscriptionRecord): boolean {
  return replay?.status === "Pending" || replay?.status === "In progress";
}

/** Whether a message that is published now goes to the subscription at once. */
export function takesLiveMessages(subscription: SubscriptionRecord): boolean {
  const { replay } = subscription;
  return replay === undefined || (!isReplaying(subscription) && replay.untilMs === undefined);
}
