import type { Tx } from "../../../kernel/store.ts";
import type { DeliveryMessage } from "../delivery/waiting.ts";
import { formatEnvelope, formatLambdaEvent } from "../signing/envelope.ts";
import type { EnvelopeContent, EnvelopeSignature, SignatureVersion } from "../signing/envelope.ts";
import { bodyFor, sentAttributes } from "../message.ts";
import type { PublishedMessage } from "../message.ts";
import { filterView } from "./routes.ts";
import type { FilterView, Route, RouteList } from "./routes.ts";
import type { Sns } from "../sns.ts";
import type { SubscriptionProtocol } from "../subscription.ts";
import { topicArn } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";

/** Signatures by the body they are for. */
export type Signatures = Map<string, EnvelopeSignature>;

/** A message on its way to a topic's subscriptions, with what is the same for all of them. */
export interface Outgoing {
  readonly topic: TopicRecord;
  readonly topicArn: string;
  readonly message: PublishedMessage;
  readonly view: FilterView;
  readonly signatures: Signatures;
}

/** A message on its way, with the signatures that were made for it already. */
export function outgoing(
  topic: TopicRecord,
  message: PublishedMessage,
  signatures: Signatures,
): Outgoing {
  return { topic, topicArn: topicArn(topic), message, view: filterView(message), signatures };
}

/** The protocols that take a message inside the publishing transaction. */
const TARGET_PROTOCOLS: ReadonlySet<SubscriptionProtocol> = new Set([
  "sqs",
  "lambda",
  "firehose",
  "application",
]);

/** Whether a protocol takes messages inside the publishing transaction. */
export function isTargetProtocol(protocol: SubscriptionProtocol): boolean {
  return TARGET_PROTOCOLS.has(protocol);
}

/**
 * Signs, on other threads, what a transaction will probably have to sign: an RSA signature takes
 * longer than the rest of a publish. What it does not foresee is signed in the transaction.
 */
export async function presign(
  sns: Sns,
  list: RouteList | undefined,
  message: PublishedMessage,
): Promise<Signatures> {
  const signatures: Signatures = new Map();
  if (list === undefined || list.topic.isFifo) return signatures;
  const protocols = new Set<SubscriptionProtocol>();
  for (const { subscription, isRaw } of list.routes) {
    if (!isRaw && isTargetProtocol(subscription.protocol)) protocols.add(subscription.protocol);
  }
  for (const protocol of protocols) {
    const content = contentFor(topicArn(list.topic), message, protocol);
    if (signatures.has(content.message)) continue;
    signatures.set(content.message, await sns.signer.sign(content, signatureVersion(list.topic)));
  }
  return signatures;
}

/** The document that a route's endpoint gets when delivery is not raw. */
export async function envelopeFor(
  sns: Sns,
  tx: Tx,
  sending: Outgoing,
  route: Route,
): Promise<string> {
  const { topic, message, signatures } = sending;
  const { protocol } = route.subscription;
  const content: EnvelopeContent = {
    ...contentFor(sending.topicArn, message, protocol),
    unsubscribeUrl: unsubscribeUrl(sns, route.arn),
  };
  const version = signatureVersion(topic);
  let signature = signatures.get(content.message);
  if (signature?.version !== version && !topic.isFifo) {
    const key = await sns.signer.keyWithin(tx);
    signature = sns.signer.signNow(key, content, version);
    signatures.set(content.message, signature);
  }
  return protocol === "lambda"
    ? formatLambdaEvent(content, route.arn, signature)
    : formatEnvelope(content, signature);
}

/** The content of a notification for a protocol. */
export function contentFor(
  arn: string,
  message: PublishedMessage,
  protocol: SubscriptionProtocol,
): EnvelopeContent {
  const { messageId, publishedAtMs, subject, sequenceNumber, replayId } = message;
  return {
    type: "Notification",
    messageId,
    topicArn: arn,
    message: bodyFor(message, protocol),
    publishedAtMs,
    attributes: sentAttributes(message),
    ...(subject === undefined ? {} : { subject }),
    ...(sequenceNumber === undefined ? {} : { sequenceNumber }),
    ...(replayId === undefined ? {} : { isReplayed: true }),
  };
}

/** The content of what waits to be delivered: a notification, or the question for a confirmation. */
export function documentOf(sns: Sns, delivery: DeliveryMessage): EnvelopeContent {
  const { message, topicArn: arn, subscriptionArn, token, destination, type } = delivery;
  const content = contentFor(arn, message, destination.protocol);
  if (type === "Notification" || token === undefined) {
    return { ...content, unsubscribeUrl: unsubscribeUrl(sns, subscriptionArn) };
  }
  return { ...content, type, token, subscribeUrl: confirmUrl(sns, arn, token) };
}

/** The version with which a topic signs. */
export function signatureVersion(topic: TopicRecord): SignatureVersion {
  return topic.attributes["SignatureVersion"] === "2" ? "2" : "1";
}

/** The link that ends a subscription when it is opened. */
export function unsubscribeUrl(sns: Sns, arn: string): string {
  return actionUrl(sns, "Unsubscribe", { SubscriptionArn: arn });
}

/** The link that confirms a subscription when it is opened. */
export function confirmUrl(sns: Sns, arn: string, token: string): string {
  return actionUrl(sns, "ConfirmSubscription", { TopicArn: arn, Token: token });
}

/** Links have no signature by which their service could be told: they name its API version. */
function actionUrl(sns: Sns, action: string, parameters: Readonly<Record<string, string>>): string {
  const fields = Object.entries(parameters).map(([name, value]) => `&${name}=${value}`);
  return `${sns.deps.settings.publicUrl()}/?Action=${action}${fields.join("")}&Version=2010-03-31`;
}
