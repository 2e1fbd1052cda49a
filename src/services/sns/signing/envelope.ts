import type { MessageAttribute } from "../message.ts";

/** What an envelope is: a message, or the question whether its reader wants any. */
export type MessageType = "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";

/** What goes into an envelope, before it is signed; "Parsing Amazon SNS message formats". */
export interface EnvelopeContent {
  readonly type: MessageType;
  readonly messageId: string;
  readonly topicArn: string;
  readonly message: string;
  readonly publishedAtMs: number;
  readonly subject?: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  /** On FIFO topics, whose messages are not signed. */
  readonly sequenceNumber?: string;
  readonly isReplayed?: true;
  readonly unsubscribeUrl?: string;
  /** On confirmations. */
  readonly token?: string;
  readonly subscribeUrl?: string;
}

/** The signature of an envelope, and where its certificate is. */
export interface EnvelopeSignature {
  readonly version: SignatureVersion;
  /** Base64. */
  readonly signature: string;
  readonly certificateUrl: string;
}

/** 1 is SHA1withRSA, 2 is SHA256withRSA. */
export type SignatureVersion = "1" | "2";

/** When a message was published, as envelopes say it. */
export function timestampOf(content: Pick<EnvelopeContent, "publishedAtMs">): string {
  return new Date(content.publishedAtMs).toISOString();
}

/** The text that is signed; "Verifying the signatures of Amazon SNS messages". */
export function textToSign(content: EnvelopeContent): string {
  const isNotification = content.type === "Notification";
  const fields: [string, string | undefined][] = [
    ["Message", content.message],
    ["MessageId", content.messageId],
    ...(isNotification
      ? [["Subject", content.subject] satisfies [string, string | undefined]]
      : []),
    ...(isNotification
      ? []
      : [["SubscribeURL", content.subscribeUrl] satisfies [string, string | undefined]]),
    ["Timestamp", timestampOf(content)],
    ...(isNotification ? [] : [["Token", content.token] satisfies [string, string | undefined]]),
    ["TopicArn", content.topicArn],
    ["Type", content.type],
  ];
  return fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}\n${value}\n`)
    .join("");
}

/** The JSON document that subscribers get, laid out as AWS lays it out. */
export function formatEnvelope(content: EnvelopeContent, signature?: EnvelopeSignature): string {
  const lines: string[] = [];
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) lines.push(`  ${JSON.stringify(name)} : ${JSON.stringify(value)}`);
  };
  add("Type", content.type);
  add("MessageId", content.messageId);
  add("SequenceNumber", content.sequenceNumber);
  add("Token", content.token);
  add("TopicArn", content.topicArn);
  add("Subject", content.subject);
  add("Message", content.message);
  add("SubscribeURL", content.subscribeUrl);
  add("Timestamp", timestampOf(content));
  add("SignatureVersion", signature?.version);
  add("Signature", signature?.signature);
  add("SigningCertURL", signature?.certificateUrl);
  add("UnsubscribeURL", content.unsubscribeUrl);
  if (content.isReplayed) lines.push(`  "Replayed" : true`);
  const attributes = Object.entries(content.attributes ?? {});
  if (attributes.length > 0) lines.push(`  "MessageAttributes" : ${formatAttributes(attributes)}`);
  return `{\n${lines.join(",\n")}\n}`;
}

function formatAttributes(attributes: readonly (readonly [string, MessageAttribute])[]): string {
  const lines = attributes.map(
    ([name, { type, value }]) =>
      `    ${JSON.stringify(name)} : ${JSON.stringify({ Type: type, Value: value })}`,
  );
  return `{\n${lines.join(",\n")}\n  }`;
}

/** The event that a Lambda function gets; "Using AWS Lambda with Amazon SNS". */
export function formatLambdaEvent(
  content: EnvelopeContent,
  subscriptionArn: string,
  signature?: EnvelopeSignature,
): string {
  const attributes = Object.entries(content.attributes ?? {});
  return JSON.stringify({
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          Type: content.type,
          MessageId: content.messageId,
          TopicArn: content.topicArn,
          Subject: content.subject ?? null,
          Message: content.message,
          Timestamp: timestampOf(content),
          SignatureVersion: signature?.version,
          Signature: signature?.signature,
          SigningCertUrl: signature?.certificateUrl,
          UnsubscribeUrl: content.unsubscribeUrl,
          MessageAttributes: Object.fromEntries(
            attributes.map(([name, { type, value }]) => [name, { Type: type, Value: value }]),
          ),
        },
      },
    ],
  });
}
