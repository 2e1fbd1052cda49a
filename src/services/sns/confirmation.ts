import { ServiceError } from "../../kernel/errors.ts";
import type { Tx } from "../../kernel/store.ts";
import { decodeRecord } from "../../kernel/record.ts";
import type { TimerHandler } from "../../kernel/work.ts";
import { enqueueDelivery } from "./delivery/waiting.ts";
import type { DeliveryMessage } from "./delivery/waiting.ts";
import { formatEnvelope } from "./signing/envelope.ts";
import type { MessageType } from "./signing/envelope.ts";
import { TOKEN } from "./keys.ts";
import { CONFIRMATION_MS } from "./limits.ts";
import { documentOf, isTargetProtocol, signatureVersion } from "./publish/outgoing.ts";
import type { Sns } from "./sns.ts";
import { findSubscription, putToken, removeSubscription, subscriptionArn } from "./subscription.ts";
import type { SubscriptionRecord, TokenRecord } from "./subscription.ts";
import { findTopic, topicArn } from "./topic.ts";

/** The kind of work that ends tokens and the subscriptions nobody confirmed; its id is the token. */
export const TOKEN_WORK = "sns.token";

const TOKEN_BYTES = 64;

/** A token that nobody can guess: 128 hexadecimal digits. */
export function newToken(sns: Sns): string {
  return Buffer.from(sns.deps.random.bytes(TOKEN_BYTES)).toString("hex");
}

/** Makes a token valid and sends it to the endpoint. */
export async function sendToken(
  sns: Sns,
  tx: Tx,
  subscription: SubscriptionRecord,
  {
    token,
    type,
    requestId,
  }: { readonly token: string; readonly type: MessageType; readonly requestId: string },
): Promise<void> {
  const { clock, random, work } = sns.deps;
  const nowMs = clock.now();
  const expiresAtMs = nowMs + CONFIRMATION_MS;
  putToken(tx, token, { expiresAtMs, subscription });
  await work.schedule(tx, { kind: TOKEN_WORK, id: token, dueAtMs: expiresAtMs, payload: {} });
  const arn = topicArn(subscription.topic);
  const delivery: DeliveryMessage = {
    type,
    token,
    topicArn: arn,
    subscriptionArn: subscriptionArn(subscription),
    destination: { protocol: subscription.protocol, endpoint: subscription.endpoint },
    message: {
      messageId: random.uuid(),
      requestId,
      publishedAtMs: nowMs,
      body: textOf(type, arn, subscriptionArn(subscription)),
      attributes: {},
    },
  };
  if (isTargetProtocol(subscription.protocol)) await askTarget(sns, tx, subscription, delivery);
  else await enqueueDelivery(sns, tx, subscription, delivery);
}

/** Asks a queue of another account: in this transaction, as it gets messages. */
async function askTarget(
  sns: Sns,
  tx: Tx,
  { topic: address, endpoint }: SubscriptionRecord,
  delivery: DeliveryMessage,
): Promise<void> {
  const { clock, log, targets } = sns.deps;
  const topic = await findTopic(tx, address);
  const content = documentOf(sns, delivery);
  const key = await sns.signer.keyWithin(tx);
  const version = topic === undefined ? "1" : signatureVersion(topic);
  const { messageId } = delivery.message;
  try {
    await targets.deliver(tx, endpoint, {
      body: formatEnvelope(content, sns.signer.signNow(key, content, version)),
      ...(endpoint.endsWith(".fifo")
        ? { messageGroupId: messageId, messageDeduplicationId: messageId }
        : {}),
      sourceArn: delivery.topicArn,
      nowMs: clock.now(),
    });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const fields = { type: delivery.type, endpoint, code: error.code, reason: error.message };
    tx.afterCommit(() => log.warn("sns gave a confirmation up", fields));
  }
}

/** Ends a token, and its subscription if it is still pending. */
export function tokenTimer(): TimerHandler {
  return {
    kind: "timer",
    fire: async (tx, { id: token }) => {
      const value = await tx.get(TOKEN.key(token));
      if (value === undefined) return;
      tx.delete(TOKEN.key(token));
      const { topic: address, topicId, id } = decodeRecord<TokenRecord>(value).subscription;
      const topic = await findTopic(tx, address);
      const subscription = await findSubscription(tx, topicId, id);
      if (topic?.id !== topicId || subscription?.token !== token || !subscription.isPending) return;
      removeSubscription(tx, topic, subscription);
    },
  };
}

/** Texts that endpoints of AWS get, which some of them look for. */
function textOf(type: MessageType, arn: string, subscription: string): string {
  return type === "SubscriptionConfirmation"
    ? `You have chosen to subscribe to the topic ${arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`
    : `You have chosen to deactivate subscription ${subscription}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`;
}
