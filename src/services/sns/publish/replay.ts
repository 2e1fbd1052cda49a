import { encodeRecord } from "../../../kernel/record.ts";
import type { Entry, Tx } from "../../../kernel/store.ts";
import { keyAfter } from "../../../kernel/tuple.ts";
import type { TimerHandler } from "../../../kernel/work.ts";
import { beginningArchiveMs, readArchived } from "./archive.ts";
import { deliver, wantsReplayed } from "../delivery/deliver.ts";
import type { PumpPayload } from "../delivery/waiting.ts";
import { invalidParameter } from "../errors.ts";
import { readJsonObject } from "../json-object.ts";
import { ARCHIVE, FIFO_SEQUENCE, SUBSCRIPTION } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import { outgoing } from "./outgoing.ts";
import { isReplaying } from "./replay-state.ts";
import { routeOf } from "./routes.ts";
import type { Sns } from "../sns.ts";
import { findSubscription, replaceSubscription } from "../subscription.ts";
import type { ReplayState, SubscriptionRecord } from "../subscription.ts";
import { findTopic } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";

/** The kind of work that replays an archive; its id is the subscription's. */
export const REPLAY_WORK = "sns.replay";

/** How often a replay whose end lies ahead looks for more. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Reads `{"PointType":"Timestamp","StartingPoint":…,"EndingPoint":…}` into a replay that begins;
 * undefined for an empty object, which ends one. Throws InvalidParameter.
 */
export function startReplay(sns: Sns, topic: TopicRecord, text: string): ReplayState | undefined {
  const policy = readJsonObject(text, refused);
  if (Object.keys(policy).length === 0) return undefined;
  const { PointType, StartingPoint, EndingPoint, ...others } = policy;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw refused(`invalid JSON. Attribute ${unknown} is unknown.`);
  if (PointType !== "Timestamp") throw refused("PointType must be Timestamp");
  const nowMs = sns.deps.clock.now();
  const beginningMs = beginningArchiveMs(topic, nowMs);
  if (beginningMs === undefined) throw refused("the topic has no active message archive");
  const fromMs = timeOf("StartingPoint", StartingPoint);
  if (fromMs > nowMs) throw refused("StartingPoint must not be in the future");
  const untilMs = EndingPoint === undefined ? undefined : timeOf("EndingPoint", EndingPoint);
  if (untilMs !== undefined && untilMs <= fromMs)
    throw refused("EndingPoint must be after StartingPoint");
  return {
    id: sns.deps.random.uuid(),
    status: "Pending",
    fromMs: Math.max(fromMs, beginningMs),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

/** Makes the replay of a subscription run. */
export async function scheduleReplay(
  sns: Sns,
  tx: Tx,
  subscription: SubscriptionRecord,
): Promise<void> {
  const { id, topic, topicId } = subscription;
  const payload: PumpPayload = { topic, topicId };
  const dueAtMs = sns.deps.clock.now();
  await sns.deps.work.schedule(tx, { kind: REPLAY_WORK, id, dueAtMs, payload });
}

/** Replays the next part of an archive to a subscription. */
export function replayTimer(sns: Sns): TimerHandler {
  return {
    kind: "timer",
    fire: async (tx, { id, payload }) => {
      // Written by scheduleReplay.
      const { topic: address, topicId } = payload as PumpPayload;
      const topic = await findTopic(tx, address);
      const subscription = topic && (await findSubscription(tx, topicId, id));
      if (topic?.id !== topicId || subscription?.replay === undefined) return;
      if (isReplaying(subscription)) await replayPart(sns, tx, topic, subscription);
    },
  };
}

async function replayPart(
  sns: Sns,
  tx: Tx,
  topic: TopicRecord,
  subscription: SubscriptionRecord,
): Promise<void> {
  const { replay } = subscription;
  if (replay === undefined) return;
  // Every publish writes this key: one that adds to the archive meanwhile makes this run again.
  await tx.get(FIFO_SEQUENCE.key(topic.id));
  const entries = await nextArchived(tx, topic, replay);
  const route = routeOf(subscription);
  for (const { value } of entries) {
    const message = { ...readArchived(value), replayId: replay.id };
    const sending = outgoing(topic, message, new Map());
    if (wantsReplayed(route, sending)) await deliver(sns, tx, sending, route);
  }
  const last = entries.at(-1);
  const done = last === undefined ? replay.done : placeOf(last);
  const nowMs = sns.deps.clock.now();
  const isOver = entries.length < LIMITS.replayPerTransaction;
  const after: SubscriptionRecord = {
    ...subscription,
    replay: { ...replay, status: "In progress", ...(done === undefined ? {} : { done }) },
  };
  if (isOver && (replay.untilMs === undefined || replay.untilMs < nowMs)) {
    const completed: SubscriptionRecord = { ...after, replay: { ...replay, status: "Completed" } };
    replaceSubscription(tx, topic, subscription, completed);
    return;
  }
  // How far it is matters to nobody else: the topic's revision stays.
  tx.put(SUBSCRIPTION.key(topic.id, subscription.id), encodeRecord(after));
  await sns.deps.work.schedule(tx, {
    kind: REPLAY_WORK,
    id: subscription.id,
    dueAtMs: isOver ? nowMs + LOOK_AGAIN_MS : nowMs,
    payload: { topic: subscription.topic, topicId: topic.id } satisfies PumpPayload,
  });
}

function nextArchived(tx: Tx, topic: TopicRecord, replay: ReplayState): Promise<Entry[]> {
  const { fromMs, untilMs, done } = replay;
  const all = ARCHIVE.between([topic.id], fromMs, untilMs === undefined ? undefined : untilMs + 1);
  const from = done === undefined ? all.from : keyAfter(ARCHIVE.key(topic.id, ...done));
  return tx.range({ from, to: all.to }, { limit: LIMITS.replayPerTransaction });
}

function placeOf({ key }: Entry): [number, string] {
  const [, publishedAtMs, sequence] = ARCHIVE.parts(key);
  return [publishedAtMs, sequence];
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/;

function timeOf(name: string, value: unknown): number {
  const atMs = typeof value === "string" && ISO_TIME.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs)) throw refused(`${name} must be an ISO 8601 timestamp`);
  return Math.max(0, atMs);
}

function refused(reason: string): Error {
  return invalidParameter(`ReplayPolicy: ${reason}`);
}
