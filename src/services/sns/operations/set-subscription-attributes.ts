import type { SetSubscriptionAttributesInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Tx } from "../../../kernel/store.ts";
import { filterPolicyLimitExceeded, invalidParameter } from "../errors.ts";
import { TOPIC_COUNT } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import { scheduleReplay, startReplay } from "../publish/replay.ts";
import type { Having, Sns } from "../sns.ts";
import { replaceSubscription, requireSubscription } from "../subscription.ts";
import type { SubscriptionRecord } from "../subscription.ts";
import {
  checkDeadLetterQueue,
  checkSubscriptionAttributes,
  isSubscriptionAttribute,
  withSubscriptionAttribute,
} from "../subscription-attributes.ts";

type Input = Having<SetSubscriptionAttributesInput, "SubscriptionArn" | "AttributeName">;

/** SetSubscriptionAttributes; a replay policy begins its replay. */
export function setSubscriptionAttributes(sns: Sns): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller }, input, tx) => {
    const { SubscriptionArn, AttributeName, AttributeValue } = input;
    if (!isSubscriptionAttribute(AttributeName)) throw invalidParameter("AttributeName");
    if (AttributeName === "RedrivePolicy" && AttributeValue === "") {
      throw invalidParameter("RedrivePolicy: failed to parse JSON.");
    }
    const { topic, subscription: before } = await requireSubscription(tx, SubscriptionArn, caller);
    const attributes = withSubscriptionAttribute(
      before.attributes,
      AttributeName,
      AttributeValue ?? "",
    );
    checkSubscriptionAttributes(attributes, before.protocol);
    checkDeadLetterQueue(topic, attributes);
    await checkFilterQuota(sns, tx, before, attributes);
    const changed: SubscriptionRecord = { ...before, attributes };
    if (AttributeName !== "ReplayPolicy") {
      replaceSubscription(tx, topic, before, changed);
      return {};
    }
    const { replay: _before, ...still } = changed;
    const policy = attributes["ReplayPolicy"];
    const replay = policy === undefined ? undefined : startReplay(sns, topic, policy);
    const after: SubscriptionRecord = replay === undefined ? still : { ...still, replay };
    replaceSubscription(tx, topic, before, after);
    if (replay !== undefined) await scheduleReplay(sns, tx, after);
    return {};
  });
}

async function checkFilterQuota(
  sns: Sns,
  tx: Tx,
  before: SubscriptionRecord,
  after: Readonly<Record<string, string>>,
): Promise<void> {
  if (!sns.deps.settings.enforceQuotas || after["FilterPolicy"] === undefined) return;
  if (before.attributes["FilterPolicy"] !== undefined) return;
  const filtered = await tx.sum(TOPIC_COUNT.key(before.topicId, "filtered"));
  if (filtered >= LIMITS.filterPoliciesPerTopic) throw filterPolicyLimitExceeded();
}
