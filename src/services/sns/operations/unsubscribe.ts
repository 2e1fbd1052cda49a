import type { UnsubscribeInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { newToken, sendToken } from "../confirmation.ts";
import { needsConfirmation } from "../endpoint.ts";
import {
  cannotUnsubscribePending,
  invalidParameter,
  notAuthorized,
  subscriptionDoesNotExist,
} from "../errors.ts";
import type { Having, Sns } from "../sns.ts";
import { findSubscription, parseSubscriptionArn, removeSubscription } from "../subscription.ts";
import { findTopic, isKnownTo } from "../topic.ts";

type Input = Having<UnsubscribeInput, "SubscriptionArn">;

/** Unsubscribe: by the owner; or by others and the link in a message, which the endpoint can take back. */
export function unsubscribe(sns: Sns): Operation<Input, Record<string, never>> {
  return transaction(async ({ caller, requestId }, { SubscriptionArn }, tx) => {
    const { topic: address, id } = parseSubscriptionArn(SubscriptionArn);
    if (id === undefined) throw invalidParameter("SubscriptionId");
    if (!isKnownTo(caller, address)) throw subscriptionDoesNotExist();
    const topic = await findTopic(tx, address);
    const subscription = topic && (await findSubscription(tx, topic.id, id));
    if (subscription === undefined) return {};
    const isSigned = caller.accessKeyId !== "";
    if (!isSigned && subscription.authenticateOnUnsubscribe) {
      throw notAuthorized("Unsubscribing this subscription requires a signed request");
    }
    if (subscription.isPending) throw cannotUnsubscribePending();
    removeSubscription(tx, topic, subscription);
    // The owner knows what it did; an endpoint that others unsubscribe is told, and can take it back.
    const isOwner = isSigned && caller.accountId === subscription.ownerId;
    if (isOwner || !needsConfirmation(subscription.protocol)) return {};
    const token = newToken(sns);
    const again = { ...subscription, token };
    await sendToken(sns, tx, again, { token, type: "UnsubscribeConfirmation", requestId });
    return {};
  });
}
