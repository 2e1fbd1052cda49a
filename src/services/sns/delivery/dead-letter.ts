import { ServiceError } from "../../../kernel/errors.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { DeliveryAttribute } from "../../../kernel/targets.ts";
import { LIMITS } from "../limits.ts";
import { sentAttributes } from "../message.ts";
import type { MessageAttribute, PublishedMessage } from "../message.ts";
import type { Sns } from "../sns.ts";
import { shownEndpoint, subscriptionArn } from "../subscription.ts";
import type { SubscriptionRecord } from "../subscription.ts";
import { topicArn } from "../topic.ts";

/** Why a delivery is given up. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** A delivery that is given up: what the endpoint should have got. */
export interface Undelivered {
  readonly subscription: SubscriptionRecord;
  readonly message: PublishedMessage;
  readonly body: string;
  readonly isRaw: boolean;
  readonly failure: Failure;
}

/**
 * Puts what could not be delivered into the subscription's dead-letter queue, with the attributes
 * that say why; "Amazon SNS dead-letter queues". Without one, or when it is not there, only the log
 * knows of the message.
 */
export async function putDeadLetter(sns: Sns, tx: Tx, undelivered: Undelivered): Promise<void> {
  const { subscription, message, failure } = undelivered;
  const { deps } = sns;
  const fields = {
    subscription: subscriptionArn(subscription),
    messageId: message.messageId,
    endpoint: shownEndpoint(subscription.endpoint),
    code: failure.code,
    reason: failure.message,
  };
  const queue = deadLetterQueue(subscription);
  if (queue === undefined) {
    tx.afterCommit(() =>
      deps.log.warn("sns gave a delivery up; it has no dead-letter queue", fields),
    );
    return;
  }
  try {
    await deps.targets.deliver(tx, queue, {
      body: undelivered.body,
      attributes: deadLetterAttributes(undelivered),
      ...fifoFields(message, queue),
      sourceArn: topicArn(subscription.topic),
      nowMs: deps.clock.now(),
    });
    tx.afterCommit(() => deps.log.info("sns dead-lettered a delivery", { ...fields, queue }));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const reason = error.message;
    tx.afterCommit(() =>
      deps.log.error("sns gave a delivery up; its dead-letter queue took it not", {
        ...fields,
        queue,
        refusal: reason,
      }),
    );
  }
}

/** The ARN in a subscription's redrive policy. */
export function deadLetterQueue({
  attributes,
}: Pick<SubscriptionRecord, "attributes">): string | undefined {
  const policy = attributes["RedrivePolicy"];
  if (policy === undefined) return undefined;
  // Checked when it was set.
  return (JSON.parse(policy) as { deadLetterTargetArn?: string }).deadLetterTargetArn;
}

/** Attributes in the form that targets take. */
export function deliveryAttributes(
  attributes: Readonly<Record<string, MessageAttribute>>,
): Readonly<Record<string, DeliveryAttribute>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { type, value }]) => [
      name,
      type === "Binary" || type.startsWith("Binary.")
        ? { dataType: type, binaryValue: Buffer.from(value, "base64") }
        : { dataType: type, stringValue: value },
    ]),
  );
}

/** What a FIFO queue needs of a message to keep order; nothing for a standard one. */
export function fifoFields(
  message: PublishedMessage,
  queueArn: string,
): { readonly messageGroupId?: string; readonly messageDeduplicationId?: string } {
  const { messageGroupId, messageDeduplicationId, sequenceNumber, replayId } = message;
  if (messageGroupId === undefined) return {};
  if (!queueArn.endsWith(".fifo")) return sequenceNumber === undefined ? { messageGroupId } : {};
  const id = replayId === undefined ? messageDeduplicationId : `${replayId}:${sequenceNumber}`;
  return { messageGroupId, ...(id === undefined ? {} : { messageDeduplicationId: id }) };
}

function deadLetterAttributes(
  undelivered: Undelivered,
): Readonly<Record<string, DeliveryAttribute>> {
  const { message, failure, isRaw } = undelivered;
  const why: [string, DeliveryAttribute][] = [
    ["RequestID", { dataType: "String", stringValue: message.requestId }],
    ["ErrorCode", { dataType: "String", stringValue: failure.code }],
    ["ErrorMessage", { dataType: "String", stringValue: failure.message }],
  ];
  const own = isRaw ? Object.entries(deliveryAttributes(sentAttributes(message))) : [];
  return Object.fromEntries([...own.slice(0, LIMITS.rawQueueAttributes - why.length), ...why]);
}
