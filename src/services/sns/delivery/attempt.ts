import type { DeliveryMessage } from "./waiting.ts";
import type { EmailSender } from "./email-sender.ts";
import { formatEnvelope } from "../signing/envelope.ts";
import type { HttpSender } from "./http-sender.ts";
import { bodyFor } from "../message.ts";
import { NOTHING_SENT, putInOutbox } from "./outbox.ts";
import { failedForGood } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { confirmUrl, documentOf, signatureVersion, unsubscribeUrl } from "../publish/outgoing.ts";
import { isOptedOut } from "../mobile/sms.ts";
import type { Sns } from "../sns.ts";
import type { SubscriptionRecord } from "../subscription.ts";
import type { TopicRecord } from "../topic.ts";

/** Those who carry deliveries out of the server. */
export interface Senders {
  readonly http: HttpSender;
  /** Absent when no SMTP server is configured: mail goes to the outbox. */
  readonly email: EmailSender | undefined;
}

/** A delivery with all that its attempt needs to know. */
export interface Attempt {
  readonly delivery: DeliveryMessage;
  readonly topic: TopicRecord | undefined;
  /** Absent when it is gone: only its farewell is still delivered. */
  readonly subscription: SubscriptionRecord | undefined;
  readonly contentType: string;
}

/** What an endpoint gets: the document, or the bare message. */
export interface Payload {
  readonly body: string;
  readonly isRaw: boolean;
}

/** Builds what the endpoint gets, signed. */
export async function payloadOf(sns: Sns, attempt: Attempt): Promise<Payload> {
  const { delivery, subscription, topic } = attempt;
  const { protocol } = delivery.destination;
  const isRaw =
    delivery.type === "Notification" && subscription?.attributes["RawMessageDelivery"] === "true";
  const isText = protocol === "email" || protocol === "sms";
  if (isRaw || isText) return { body: bodyFor(delivery.message, protocol), isRaw };
  const content = documentOf(sns, delivery);
  const version = topic === undefined ? "1" : signatureVersion(topic);
  return { body: formatEnvelope(content, await sns.signer.sign(content, version)), isRaw };
}

/** Makes one attempt. Never throws. */
export async function makeAttempt(
  sns: Sns,
  senders: Senders,
  attempt: Attempt & { readonly payload: Payload },
  stopping: AbortSignal,
): Promise<Outcome> {
  const { protocol } = attempt.delivery.destination;
  if (protocol === "http" || protocol === "https") {
    return senders.http.post(
      {
        url: attempt.delivery.destination.endpoint,
        headers: hookHeaders(attempt),
        body: attempt.payload.body,
      },
      stopping,
    );
  }
  if (protocol === "email" || protocol === "email-json")
    return sendMail(sns, senders.email, attempt);
  if (protocol === "sms") return keepSms(sns, attempt.delivery);
  return failedForGood("UnsupportedProtocol", `Nothing here delivers over ${protocol}`);
}

/** "Parsing Amazon SNS message formats", HTTP/HTTPS headers. */
function hookHeaders(attempt: Attempt & { readonly payload: Payload }): Record<string, string> {
  const { delivery, payload, contentType } = attempt;
  return {
    "x-amz-sns-message-type": delivery.type,
    "x-amz-sns-message-id": delivery.message.messageId,
    "x-amz-sns-topic-arn": delivery.topicArn,
    ...(delivery.type === "SubscriptionConfirmation"
      ? {}
      : { "x-amz-sns-subscription-arn": delivery.subscriptionArn }),
    ...(payload.isRaw ? { "x-amz-sns-rawdelivery": "true" } : {}),
    "content-type": contentType,
    "user-agent": "Amazon Simple Notification Service Agent",
    "accept-encoding": "gzip,deflate",
  };
}

async function sendMail(
  sns: Sns,
  sender: EmailSender | undefined,
  { delivery, topic, payload }: Attempt & { readonly payload: Payload },
): Promise<Outcome> {
  const displayName = (topic?.attributes["DisplayName"] || "AWS Notifications").replaceAll(
    /["\\]/g,
    "",
  );
  const address = sns.deps.settings.option("sns.emailFrom") ?? "no-reply@sns.localhost";
  const mail = {
    from: `"${displayName}" <${address}>`,
    to: delivery.destination.endpoint,
    subject: mailSubject(delivery),
    text:
      delivery.destination.protocol === "email"
        ? mailText(sns, delivery, payload.body)
        : payload.body,
    messageId: delivery.message.messageId,
  };
  if (sender !== undefined) return sender.send(mail);
  const { from, to, subject, text: body, messageId } = mail;
  return {
    kind: "delivered",
    statusCode: 200,
    response: NOTHING_SENT,
    write: (tx) =>
      putInOutbox(sns, tx, {
        kind: "email",
        to,
        from,
        subject,
        body,
        messageId,
      }),
  };
}

function mailSubject({ type, message }: DeliveryMessage): string {
  if (type === "SubscriptionConfirmation") return "AWS Notification - Subscription Confirmation";
  if (type === "UnsubscribeConfirmation") return "AWS Notification - Unsubscribe Confirmation";
  return message.subject ?? "AWS Notification Message";
}

function mailText(sns: Sns, delivery: DeliveryMessage, body: string): string {
  const { type, topicArn, subscriptionArn, token } = delivery;
  if (type === "Notification" || token === undefined) {
    return `${body}\n\n--\nTo stop these messages, open this link:\n${unsubscribeUrl(sns, subscriptionArn)}\n`;
  }
  const link = confirmUrl(sns, topicArn, token);
  return type === "SubscriptionConfirmation"
    ? `You were subscribed to the topic:\n${topicArn}\n\nTo confirm, open this link:\n${link}\n\nIf you did not ask for it, do nothing.\n`
    : `Your subscription to this topic has ended:\n${topicArn}\n\nTo subscribe again, open this link:\n${link}\n`;
}

async function keepSms(sns: Sns, delivery: DeliveryMessage): Promise<Outcome> {
  const { message, destination } = delivery;
  const topic = delivery.subscriptionArn.split(":");
  const owner = { accountId: topic[4] ?? "", region: topic[3] ?? "" };
  const to = destination.endpoint;
  if (await sns.deps.store.read((reader) => isOptedOut(reader, owner, to))) {
    return failedForGood("OptedOut", "The phone number has opted out of short messages");
  }
  return {
    kind: "delivered",
    statusCode: 200,
    response: NOTHING_SENT,
    write: (tx) =>
      putInOutbox(sns, tx, {
        kind: "sms",
        to,
        body: bodyFor(message, "sms"),
        messageId: message.messageId,
      }),
  };
}
