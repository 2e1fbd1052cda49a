import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { TimerHandler } from "../../../kernel/work.ts";
import { deliver, prefetchDeliveries, wants } from "../delivery/deliver.ts";
import type { EnvelopeSignature } from "../signing/envelope.ts";
import { FANOUT } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import { bodyFor } from "../message.ts";
import type { PublishedMessage } from "../message.ts";
import { outgoing } from "./outgoing.ts";
import type { Outgoing } from "./outgoing.ts";
import { routesAfter } from "./routes.ts";
import type { Route } from "./routes.ts";
import type { Sns } from "../sns.ts";
import { findTopic } from "../topic.ts";
import type { TopicAddress } from "../topic.ts";

/** What is left of a publish to a topic with more subscriptions than one transaction serves. */
export interface FanoutRecord {
  readonly topic: TopicAddress;
  readonly topicId: string;
  readonly message: PublishedMessage;
  readonly signatures: readonly (readonly [body: string, signature: EnvelopeSignature])[];
  /** The subscription that was looked at last; absent when none was. */
  readonly after?: string;
}

/** What one transaction may still deliver of what is published in it. */
export class FanoutBudget {
  #deliveries: number = LIMITS.fanoutPerTransaction;
  #bytes: number = LIMITS.fanoutBytesPerTransaction;

  get isSpent(): boolean {
    return this.#deliveries <= 0 || this.#bytes <= 0;
  }

  /** Takes one delivery of a body out of it. */
  spend(body: string): void {
    this.#deliveries -= 1;
    this.#bytes -= body.length;
  }
}

/** How far a fan-out is. */
interface Progress {
  /** The subscription that was looked at last. */
  readonly after?: string | undefined;
}

/** The kind of work that serves the rest; its id is the message's. */
export const FANOUT_WORK = "sns.fanout";

/**
 * Gives a message to all of a topic's subscriptions that want it: to as many as the budget has in
 * this transaction, to the rest in later ones. A FIFO topic has few, and an order that allows no later.
 */
export async function fanOut(
  sns: Sns,
  tx: Tx,
  sending: Outgoing,
  { after, budget = new FanoutBudget() }: Progress & { readonly budget?: FanoutBudget | undefined },
): Promise<void> {
  const stopped = await serve(sns, tx, sending, { after, budget });
  if (stopped !== undefined) await fanOutLater(sns, tx, sending, stopped);
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
      await fanOut(sns, tx, sending, { after: record.after });
    },
  };
}

/** Answers where it stopped; undefined when all were served. */
async function serve(
  sns: Sns,
  tx: Tx,
  sending: Outgoing,
  { after, budget }: Progress & { readonly budget: FanoutBudget },
): Promise<Progress | undefined> {
  const { topic } = sending;
  const first = await sns.routes.of(tx, topic);
  const isBeyond =
    after !== undefined && first.goesOnAfter !== undefined && after >= first.goesOnAfter;
  const { routes, goesOnAfter } = isBeyond ? await routesAfter(tx, topic.id, after) : first;
  const { chosen, stopped } = choose(routes, sending, { after, budget });
  await prefetchDeliveries(sns, tx, chosen);
  for (const route of chosen) await deliver(sns, tx, sending, route);
  if (stopped !== undefined) return stopped;
  return goesOnAfter === undefined ? undefined : { after: goesOnAfter };
}

/** The next routes that want a message, as many as the budget has, and where that ended them. */
function choose(
  routes: readonly Route[],
  sending: Outgoing,
  { after, budget }: Progress & { readonly budget: FanoutBudget },
): { readonly chosen: readonly Route[]; readonly stopped?: Progress } {
  const chosen: Route[] = [];
  let last = after;
  for (const route of routes) {
    const { id, protocol } = route.subscription;
    if (after !== undefined && id <= after) continue;
    if (wants(route, sending)) {
      if (budget.isSpent && !sending.topic.isFifo) return { chosen, stopped: { after: last } };
      chosen.push(route);
      budget.spend(bodyFor(sending.message, protocol));
    }
    last = id;
  }
  return { chosen };
}

async function fanOutLater(
  sns: Sns,
  tx: Tx,
  sending: Outgoing,
  { after }: Progress,
): Promise<void> {
  const { topic, message } = sending;
  const { accountId, region, name } = topic;
  const record: FanoutRecord = {
    topic: { accountId, region, name },
    topicId: topic.id,
    message,
    signatures: [...sending.signatures],
    ...(after !== undefined && { after }),
  };
  tx.put(FANOUT.key(message.messageId), encodeRecord(record));
  await scheduleFanout(sns, tx, message.messageId);
}

async function scheduleFanout(sns: Sns, tx: Tx, messageId: string): Promise<void> {
  const dueAtMs = sns.deps.clock.now();
  await sns.deps.work.schedule(tx, { kind: FANOUT_WORK, id: messageId, dueAtMs, payload: {} });
}
