import type { ConfirmSubscriptionInput, ConfirmSubscriptionResponse } from "@aws-sdk/client-sns";
import { parseArn } from "../../../kernel/arn.ts";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { invalidParameter } from "../errors.ts";
import { TOKEN } from "../keys.ts";
import type { Having } from "../sns.ts";
import {
  addSubscription,
  findByEndpoint,
  findSubscription,
  replaceSubscription,
  subscriptionArn,
} from "../subscription.ts";
import type { SubscriptionRecord, TokenRecord } from "../subscription.ts";
import { findTopic, isKnownTo } from "../topic.ts";

type Input = Having<ConfirmSubscriptionInput, "TopicArn" | "Token">;

/** ConfirmSubscription: by the API, or by opening the link that the endpoint got. */
export function confirmSubscription(): Operation<Input, ConfirmSubscriptionResponse> {
  return transaction(async ({ caller, nowMs }, input, tx) => {
    const { TopicArn, Token, AuthenticateOnUnsubscribe = "false" } = input;
    const arn = parseArn(TopicArn);
    if (arn?.service !== "sns" || !isKnownTo(caller, arn)) throw invalidParameter("Topic");
    const value = await tx.get(TOKEN.key(Token));
    const record = value && decodeRecord<TokenRecord>(value);
    if (record === undefined || record.expiresAtMs <= nowMs) throw invalidParameter("Token");
    const asked = record.subscription;
    // The token says which topic is meant, not the ARN that comes with it.
    const topic = await findTopic(tx, asked.topic);
    if (topic?.id !== asked.topicId) throw invalidParameter("Token");
    const existing =
      (await findSubscription(tx, topic.id, asked.id)) ??
      (await findByEndpoint(tx, topic.id, asked));
    if (existing !== undefined && !existing.isPending) {
      return { SubscriptionArn: subscriptionArn(existing) };
    }
    const isSigned = caller.accessKeyId !== "";
    const confirmed: SubscriptionRecord = {
      ...(existing ?? asked),
      isPending: false,
      wasAuthenticated: isSigned,
      // An unsigned confirmation can not ask for signatures later.
      authenticateOnUnsubscribe: isSigned && AuthenticateOnUnsubscribe.toLowerCase() === "true",
    };
    if (existing === undefined) addSubscription(tx, topic, confirmed);
    else replaceSubscription(tx, topic, existing, confirmed);
    return { SubscriptionArn: subscriptionArn(confirmed) };
  });
}
