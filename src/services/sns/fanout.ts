import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Tx } from "../../kernel/store.ts";
import type { TimerHandler } from "../../kernel/work.ts";
import { deliver } from "./deliver.ts";
import type { EnvelopeSignature } from "./envelope.ts";
import { FANOUT } from "./keys.ts";
import type { PublishedMessage } from "./message.ts";
import { outgoing } from "./outgoing.ts";
import type { Outgoing } from "./outgoing.ts";
import { routesAfter } from "./routes.ts";
import type { Sns } from "./sns.ts";
import { findTopic } from "./topic.ts";
import type { TopicAddress } from "./topic.ts";

/** What is left of a publish to a topic with more subscriptions than one transaction serves. */
export interface FanoutRecord {
  readonly topic: TopicAddress;
  readonly topicId: string;
  readonly message: PublishedMessage;
  readonly signatures: readonly (readonly [body: string, signature: EnvelopeSignature])[];
  /** The subscription that was served last. */
  readonly after: string;
}

/** The kind of work that serves the rest; its id is the message's. */
export const FANOUT_WORK = "sns.fanout";

/** Leaves the subscriptions after one to later transactions. */
export async function fanOutLater(
  sns: Sns,
  tx: Tx,
  sending: Outgoing,
  after: string,
): Promise<void> {
  const { topic, message } = sending;
  const { accountId, region, name } = topic;
  const record: FanoutRecord = {
    topic: { accountId, region, name },
    topicId: topic.id,
    message,
    signatures: [...sending.signatures],
    after,
  };
  tx.put(FANOUT.key(message.messageId), encodeRecord(record));
  await scheduleFanout(sns, tx, message.messageId);
}

/** Serves the next part of a topic's subscriptions. */
export function fanoutTimer(sns: Sns): TimerHandler {
  return {
    kind: "timer",
    fire: async (tx, { id }) => {
      const value = await tx.get(FANOUT.key(id));
      if (value === undefined) return;
      const record = decodeRecord<FanoutRecord>(value);
      tx.delete(FANOUT.key(id));
      const topic = await findTopic(tx, record.topic);
      if (topic?.id !== record.topicId) return;
      const sending = outgoing(topic, record.message, new Map(record.signatures));
      const { routes, goesOnAfter } = await routesAfter(tx, topic.id, record.after);
      for (const route of routes) await deliver(sns, tx, sending, route);
      if (goesOnAfter !== undefined) await fanOutLater(sns, tx, sending, goesOnAfter);
    },
  };
}

async function scheduleFanout(sns: Sns, tx: Tx, messageId: string): Promise<void> {
  const dueAtMs = sns.deps.clock.now();
  await sns.deps.work.schedule(tx, { kind: FANOUT_WORK, id: messageId, dueAtMs, payload: {} });
}
