import { encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { MessageType } from "../signing/envelope.ts";
import { DELIVERY_DUE, DELIVERY_MESSAGE } from "../keys.ts";
import type { PublishedMessage } from "../message.ts";
import type { Sns } from "../sns.ts";
import type { SubscriptionProtocol, SubscriptionRecord } from "../subscription.ts";
import type { TopicAddress } from "../topic.ts";

/** The kind of work that makes deliveries to the outside world; its id is the subscription's. */
export const DELIVER_WORK = "sns.deliver";

/** What is to be delivered; not changed by attempts. */
export interface DeliveryMessage {
  readonly type: MessageType;
  readonly message: PublishedMessage;
  readonly topicArn: string;
  readonly subscriptionArn: string;
  readonly destination: Destination;
  /** Of a confirmation. */
  readonly token?: string;
}

/** Where a delivery goes. */
export interface Destination {
  readonly protocol: SubscriptionProtocol;
  readonly endpoint: string;
}

/** What is known of a delivery without its message. */
export interface DeliveryState {
  /** How often it was tried and failed. */
  readonly failures: number;
  /** Bytes of its message, as it is kept; absent in records of former versions. */
  readonly bytes?: number;
}

/** Whose deliveries a pump makes. */
export interface PumpPayload {
  readonly topic: TopicAddress;
  readonly topicId: string;
}

/** Makes a delivery due now: O(1), whatever waits already. */
export async function enqueueDelivery(
  sns: Sns,
  tx: Tx,
  subscription: SubscriptionRecord,
  delivery: DeliveryMessage,
): Promise<void> {
  const { id, topic, topicId } = subscription;
  const nowMs = sns.deps.clock.now();
  const sequence = sequenceOf(delivery.message);
  const message = encodeRecord(delivery);
  const state: DeliveryState = { failures: 0, bytes: message.byteLength };
  tx.put(DELIVERY_DUE.key(id, nowMs, sequence), encodeRecord(state));
  tx.put(DELIVERY_MESSAGE.key(id, sequence), message);
  const payload: PumpPayload = { topic, topicId };
  await sns.deps.work.ensure(tx, { kind: DELIVER_WORK, id, dueAtMs: nowMs, payload });
}

function sequenceOf({ publishedAtMs, messageId }: PublishedMessage): string {
  return `${String(publishedAtMs).padStart(15, "0")}-${messageId}`;
}
