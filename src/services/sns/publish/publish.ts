import type { Tx } from "../../../kernel/store.ts";
import { archive } from "./archive.ts";
import { invalidParameter } from "../errors.ts";
import { fanOut } from "./fanout.ts";
import type { FanoutBudget } from "./fanout.ts";
import { admit } from "./fifo.ts";
import type { PublishedMessage } from "../message.ts";
import { outgoing } from "./outgoing.ts";
import type { Signatures } from "./outgoing.ts";
import type { Sns } from "../sns.ts";
import { maximumMessageBytes } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";

/** What a publish is answered with. */
export interface PublishReceipt {
  readonly messageId: string;
  readonly sequenceNumber?: string;
}

/** A checked message with the signatures that were made for it beforehand. */
export interface Publication {
  readonly message: PublishedMessage;
  readonly signatures: Signatures;
  /** Shared by what is published in the same transaction. */
  readonly budget?: FanoutBudget | undefined;
}

/**
 * Publishes to a topic: every queue has the message when the transaction commits, every other
 * endpoint has a delivery waiting; those beyond the budget, when work has served them. Costs O(1)
 * per subscription.
 */
export async function publish(
  sns: Sns,
  tx: Tx,
  topic: TopicRecord,
  { message, signatures, budget }: Publication,
): Promise<PublishReceipt> {
  const { messageId } = message;
  if (!topic.isFifo) {
    await fanOut(sns, tx, outgoing(topic, message, signatures), { budget });
    return { messageId };
  }
  const admission = await admit(tx, topic, message, sns.deps.clock.now());
  if ("duplicate" in admission) return admission.duplicate;
  const { admitted } = admission;
  archive(tx, topic, admitted);
  await fanOut(sns, tx, outgoing(topic, admitted.message, signatures), { budget });
  return { messageId, sequenceNumber: admitted.message.sequenceNumber };
}

/** Throws when a message is larger than its topic takes. */
export function checkSize(topic: TopicRecord, bytes: number): void {
  if (bytes > maximumMessageBytes(topic)) throw invalidParameter("Message too long");
}
