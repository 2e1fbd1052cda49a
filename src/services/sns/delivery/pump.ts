import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Entry, Tx } from "../../../kernel/store.ts";
import type { DueWork, EffectHandler } from "../../../kernel/work.ts";
import { AttemptRoom } from "./attempt-room.ts";
import { makeAttempt, payloadOf } from "./attempt.ts";
import type { Attempt, Payload, Senders } from "./attempt.ts";
import { putDeadLetter } from "./dead-letter.ts";
import { DELIVER_WORK } from "./waiting.ts";
import type { DeliveryMessage, DeliveryState, PumpPayload } from "./waiting.ts";
import { CUSTOMER_PHASES, httpDeliveryPolicy, retryDelayMs } from "./delivery-policy.ts";
import type { HttpDeliveryPolicy } from "./delivery-policy.ts";
import { isWebHook } from "../endpoint.ts";
import { DELIVERY_DUE, DELIVERY_MESSAGE } from "../keys.ts";
import { LIMITS, PUMP_RUN_MS } from "../limits.ts";
import { isSilence } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { RateWindows } from "./rate-windows.ts";
import type { Sns } from "../sns.ts";
import { logStatus, wantsStatus } from "./status-log.ts";
import { findSubscription, shownEndpoint } from "../subscription.ts";
import type { SubscriptionRecord } from "../subscription.ts";
import { findTopic } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";

/**
 * Makes the deliveries of one subscription that are due, some at a time, then makes itself due for
 * the next one. Each subscription has one pump, so that a dead endpoint holds up nobody else and
 * what waits for it costs nothing until its time comes. One that does not answer is tried with few
 * messages at once, until it does: what hangs takes little of the room that all have together.
 */
export function pumpHandler(sns: Sns, senders: Senders): EffectHandler {
  const shared: Shared = { windows: new RateWindows(), room: new AttemptRoom(), silent: new Set() };
  return {
    kind: "effect",
    concurrency: LIMITS.pumpsAtOnce,
    // What fails here is the store or a bug: no delivery may be forgotten because of it.
    retry: { maxAttempts: Number.MAX_SAFE_INTEGER, firstDelayMs: 200, maxDelayMs: 60_000 },
    perform: (item, signal) => new Pump(sns, senders, shared, item).run(signal),
  };
}

/** What the pumps of a node share. */
interface Shared {
  readonly windows: RateWindows;
  readonly room: AttemptRoom;
  /** Subscriptions whose endpoints did not answer in time when they were tried last. */
  readonly silent: Set<string>;
}

/** A subscription as one round of attempts sees it. */
interface Situation {
  readonly topic: TopicRecord | undefined;
  readonly subscription: SubscriptionRecord | undefined;
  readonly policy: HttpDeliveryPolicy;
  /** Without their messages, which are read when it is their turn. */
  readonly due: readonly Entry[];
}

class Pump {
  readonly #sns: Sns;
  readonly #senders: Senders;
  readonly #shared: Shared;
  readonly #id: string;
  readonly #payload: PumpPayload;
  #attempts = 0;

  constructor(sns: Sns, senders: Senders, shared: Shared, item: DueWork) {
    this.#sns = sns;
    this.#senders = senders;
    this.#shared = shared;
    this.#id = item.id;
    // Written by enqueueDelivery.
    this.#payload = item.payload as PumpPayload;
  }

  async run(stopping: AbortSignal): Promise<(tx: Tx) => Promise<void>> {
    const { clock } = this.#sns.deps;
    const endMs = clock.now() + PUMP_RUN_MS;
    let restUntilMs = 0;
    while (this.#attempts < LIMITS.attemptsPerRun && clock.now() < endMs) {
      const situation = await this.#look();
      if (situation.due.length === 0) break;
      const share = this.#shared.windows.take(this.#id, {
        wanted: situation.due.length,
        perSecond: situation.policy.maxReceivesPerSecond,
        nowMs: clock.now(),
      });
      await this.#makeAttempts(situation, share.count, stopping);
      stopping.throwIfAborted();
      if (share.count < situation.due.length) {
        restUntilMs = share.nextMs;
        break;
      }
    }
    return (tx) => this.#beDueAgain(tx, restUntilMs);
  }

  #look(): Promise<Situation> {
    const { store, clock } = this.#sns.deps;
    return store.read(async (reader) => {
      const found = await findTopic(reader, this.#payload.topic);
      const topic = found?.id === this.#payload.topicId ? found : undefined;
      const subscription = await findSubscription(reader, this.#payload.topicId, this.#id);
      const due = await reader.range(DELIVERY_DUE.between([this.#id], 0, clock.now() + 1), {
        limit: LIMITS.deliveriesRead,
      });
      const policy = httpDeliveryPolicy(
        topic?.attributes["DeliveryPolicy"],
        subscription && isWebHook(subscription.protocol)
          ? subscription.attributes["DeliveryPolicy"]
          : undefined,
      );
      return { topic, subscription, policy, due };
    });
  }

  /** Attempts the first `count` of what is due, a bounded number at once. */
  async #makeAttempts(situation: Situation, count: number, stopping: AbortSignal): Promise<void> {
    const { silent } = this.#shared;
    const waiting = situation.due.slice(0, count).values();
    const most = (): number =>
      silent.has(this.#id) ? LIMITS.attemptsAtOnceToSilent : LIMITS.attemptsAtOnce;
    const worker = async (_: unknown, number: number): Promise<void> => {
      for (const entry of waiting) {
        await this.#attemptInRoom(situation, entry, stopping);
        if (stopping.aborted || number >= most()) return;
      }
    };
    await Promise.all(Array.from({ length: Math.min(count, most()) }, worker));
  }

  async #attemptInRoom(situation: Situation, entry: Entry, stopping: AbortSignal): Promise<void> {
    this.#attempts += 1;
    const { bytes = LIMITS.messageBytes } = decodeRecord<DeliveryState>(entry.value);
    const leave = await this.#shared.room.enter(bytes);
    try {
      if (!stopping.aborted) await this.#attempt(situation, entry, stopping);
    } finally {
      leave();
    }
  }

  async #attempt(situation: Situation, entry: Entry, stopping: AbortSignal): Promise<void> {
    const messageKey = DELIVERY_MESSAGE.key(this.#id, DELIVERY_DUE.parts(entry.key)[2]);
    const value = await this.#sns.deps.store.read((reader) => reader.get(messageKey));
    const delivery = value && decodeRecord<DeliveryMessage>(value);
    const { topic, subscription, policy } = situation;
    if (
      delivery === undefined ||
      (subscription === undefined && delivery.type === "Notification")
    ) {
      await this.#sns.deps.store.transact(async (tx) => this.#remove(tx, entry));
      return;
    }
    const contentType = policy.headerContentType;
    const attempt: Attempt = { delivery, topic, subscription, contentType };
    const payload = await payloadOf(this.#sns, attempt);
    const outcome = await makeAttempt(this.#sns, this.#senders, { ...attempt, payload }, stopping);
    // An attempt that the server's stop cut off says nothing about the endpoint.
    if (stopping.aborted && outcome.kind === "failed") return;
    this.#remember(outcome);
    const made = { ...attempt, payload, entry, policy, outcome };
    await this.#sns.deps.store.transact((tx) => this.#commit(tx, made));
  }

  #remember(outcome: Outcome): void {
    const { silent } = this.#shared;
    silent.delete(this.#id);
    if (!isSilence(outcome)) return;
    // They are learned again; some may be of subscriptions that are gone.
    if (silent.size >= LIMITS.rememberedSilent) silent.clear();
    silent.add(this.#id);
  }

  /** Moves the delivery to where the outcome puts it. */
  async #commit(tx: Tx, made: MadeAttempt): Promise<void> {
    const { outcome, entry, delivery } = made;
    // Gone when another node took this one for dead and made the attempt, too.
    if ((await tx.get(entry.key)) === undefined) return;
    const state = decodeRecord<DeliveryState>(entry.value);
    const failures = state.failures + 1;
    if (outcome.kind === "delivered") {
      this.#remove(tx, entry);
      await outcome.write?.(tx);
      this.#logOutcome(tx, made, failures);
      return;
    }
    const isHttp = delivery.destination.protocol.startsWith("http");
    const phases = isHttp ? made.policy.healthyRetryPolicy : CUSTOMER_PHASES;
    const delayMs = outcome.isPermanent ? undefined : retryDelayMs(phases, failures);
    if (delayMs !== undefined) {
      const [, , sequence] = DELIVERY_DUE.parts(entry.key);
      const dueAtMs = this.#sns.deps.clock.now() + delayMs;
      tx.delete(entry.key);
      tx.put(
        DELIVERY_DUE.key(this.#id, dueAtMs, sequence),
        encodeRecord({ ...state, failures } satisfies DeliveryState),
      );
      return;
    }
    this.#remove(tx, entry);
    this.#logOutcome(tx, made, failures);
    await this.#giveUp(tx, made, outcome);
  }

  async #giveUp(
    tx: Tx,
    { delivery, subscription, payload }: MadeAttempt,
    failure: Extract<Outcome, { kind: "failed" }>,
  ): Promise<void> {
    const { message, type } = delivery;
    if (subscription !== undefined && type === "Notification") {
      await putDeadLetter(this.#sns, tx, { subscription, message, failure, ...payload });
      return;
    }
    const { log } = this.#sns.deps;
    const endpoint = shownEndpoint(delivery.destination.endpoint);
    const fields = { type, endpoint, code: failure.code, reason: failure.message };
    tx.afterCommit(() => log.warn("sns gave a confirmation up", fields));
  }

  #logOutcome(tx: Tx, made: MadeAttempt, attempts: number): void {
    const { delivery, topic, outcome } = made;
    const { destination, message } = delivery;
    const result = outcome.kind === "delivered" ? "SUCCESS" : "FAILURE";
    if (topic === undefined || !wantsStatus(this.#sns, topic, destination.protocol, result)) return;
    const providerResponse = outcome.kind === "delivered" ? outcome.response : outcome.message;
    tx.afterCommit(() =>
      logStatus(this.#sns, topic, {
        outcome: result,
        destination: shownEndpoint(destination.endpoint),
        messageId: message.messageId,
        body: message.body,
        publishedAtMs: message.publishedAtMs,
        attempts,
        ...(outcome.statusCode === undefined ? {} : { statusCode: outcome.statusCode }),
        ...(providerResponse === undefined ? {} : { providerResponse }),
      }),
    );
  }

  #remove(tx: Tx, { key }: Entry): void {
    const [, , sequence] = DELIVERY_DUE.parts(key);
    tx.delete(key);
    tx.delete(DELIVERY_MESSAGE.key(this.#id, sequence));
  }

  /** Runs in the transaction that ends this run. */
  async #beDueAgain(tx: Tx, restUntilMs: number): Promise<void> {
    const [next] = await tx.range(DELIVERY_DUE.below(this.#id), { limit: 1 });
    if (next === undefined) return;
    const dueAtMs = Math.max(DELIVERY_DUE.parts(next.key)[1], restUntilMs);
    const payload = this.#payload;
    await this.#sns.deps.work.ensure(tx, { kind: DELIVER_WORK, id: this.#id, dueAtMs, payload });
  }
}

type MadeAttempt = Attempt & {
  readonly payload: Payload;
  readonly entry: Entry;
  readonly policy: HttpDeliveryPolicy;
  readonly outcome: Outcome;
};
