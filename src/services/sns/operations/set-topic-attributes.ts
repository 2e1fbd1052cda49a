import type { SetTopicAttributesInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scheduleSweep } from "../publish/archive.ts";
import { checkFits } from "../endpoint.ts";
import { invalidParameter } from "../errors.ts";
import { SUBSCRIPTION, TOPIC_COUNT } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import type { Having, Sns } from "../sns.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { SubscriptionRecord } from "../subscription.ts";
import { isLargeMessageTopic, putNextRevision, requireTopic } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";
import { archiveSince, withAttribute } from "../topic-attributes.ts";

type Input = Having<SetTopicAttributesInput, "TopicArn" | "AttributeName">;

/** SetTopicAttributes. */
export function setTopicAttributes(sns: Sns): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller, nowMs }, input, tx) => {
    const { TopicArn, AttributeName, AttributeValue = "" } = input;
    const before = await requireTopic(tx, TopicArn, caller);
    const { archiveSinceMs: _since, ...rest } = before;
    const after: TopicRecord = {
      ...rest,
      attributes: withAttribute(before, AttributeName, AttributeValue),
    };
    if (AttributeName === "MaximumMessageSize" && isLargeMessageTopic(after))
      await checkLarge(tx, after);
    const archiveSinceMs = archiveSince(before, after, nowMs);
    putNextRevision(tx, archiveSinceMs === undefined ? after : { ...after, archiveSinceMs });
    if (AttributeName === "ArchivePolicy") await scheduleSweep(sns, tx, after);
    return {};
  });
}

/** Large messages reach few subscriptions, of some protocols; "SetTopicAttributes", MaximumMessageSize. */
async function checkLarge(tx: Tx, topic: TopicRecord): Promise<void> {
  const [confirmed, pending] = [
    await tx.sum(TOPIC_COUNT.key(topic.id, "confirmed")),
    await tx.sum(TOPIC_COUNT.key(topic.id, "pending")),
  ];
  if (confirmed + pending > LIMITS.largeMessageSubscriptions) {
    throw invalidParameter(
      `MaximumMessageSize: topics with more than ${LIMITS.largeMessageSubscriptions} subscriptions can not exceed ${LIMITS.messageBytes}`,
    );
  }
  const limit = LIMITS.largeMessageSubscriptions;
  for (const { value } of await tx.range(SUBSCRIPTION.below(topic.id), { limit })) {
    const { protocol, endpoint } = decodeRecord<SubscriptionRecord>(value);
    checkFits(topic, protocol, endpoint);
  }
}
