import type { Delivery, Target } from "../../kernel/targets.ts";
import { checkOrdering } from "./publish/fifo.ts";
import type { MessageAttribute, PublishedMessage } from "./message.ts";
import { checkSize, publish } from "./publish/publish.ts";
import type { Sns } from "./sns.ts";
import { requireTopic } from "./topic.ts";

/** Topics as targets of others: a delivery is published, in the deliverer's transaction. */
export function topicTarget(sns: Sns): Target {
  return {
    deliver: async (tx, arn, delivery) => {
      const topic = await requireTopic(tx, arn);
      const message = messageOf(sns, delivery);
      checkSize(topic, Buffer.byteLength(delivery.body));
      checkOrdering(topic, message);
      return publish(sns, tx, topic, { message, signatures: new Map() });
    },
    check: async (tx, arn) => void (await requireTopic(tx, arn)),
  };
}

function messageOf(sns: Sns, delivery: Delivery): PublishedMessage {
  const { messageGroupId, messageDeduplicationId, traceHeader } = delivery;
  const messageId = sns.deps.random.uuid();
  return {
    messageId,
    requestId: messageId,
    publishedAtMs: delivery.nowMs,
    body: delivery.body,
    attributes: attributesOf(delivery),
    ...(messageGroupId === undefined ? {} : { messageGroupId }),
    ...(messageDeduplicationId === undefined ? {} : { messageDeduplicationId }),
    ...(traceHeader === undefined ? {} : { traceHeader }),
  };
}

function attributesOf({ attributes = {} }: Delivery): Readonly<Record<string, MessageAttribute>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, stringValue, binaryValue }]) => {
      const value = stringValue ?? Buffer.from(binaryValue ?? []).toString("base64");
      return [name, { type: dataType, value }];
    }),
  );
}
