import { decodeRecord, encodeRecord, PRESENT } from "../../kernel/record.ts";
import type { Scope } from "./backlog.ts";
import { FIFO_DELAYED, FIFO_GROUP, FIFO_ORDER, FIFO_READY } from "./keys.ts";
import { backlogOf, topicOf } from "./queue.ts";

/**
 * The state of a message group of a FIFO queue. It is in one place at a time:
 *
 *   ready    its first message can be received: in FIFO_READY, in turn with the other groups
 *   delayed  its first message is younger than the queue's delay: in FIFO_DELAYED
 *   locked   some of its messages are in flight: in neither, until the last of them is back or gone
 *
 * A group without messages is forgotten.
 */
export interface GroupRecord {
  /** The latest sequence number. */
  readonly last: string;
  /** Messages in FIFO_ORDER. */
  readonly queued: number;
  readonly inFlight: number;
  /** The turn in FIFO_READY, while ready. */
  readonly turn?: string;
  /** When the first message was sent, while delayed. */
  readonly delayedSinceMs?: number;
}

/** A message in FIFO_ORDER: where its record is, and what a delay needs. */
export interface OrderRecord {
  readonly position: string;
  readonly sentAtMs: number;
}

/** The state of a message group; undefined when the queue holds none of its messages. */
export async function readGroup(
  { tx, queue }: Scope,
  group: string,
): Promise<GroupRecord | undefined> {
  const value = await tx.get(FIFO_GROUP.key(backlogOf(queue), group));
  return value && decodeRecord<GroupRecord>(value);
}

/**
 * Writes a group after its numbers changed, and moves it to the place that follows from them. Reads
 * its first message when the queue has a delay.
 */
export async function settleGroup(scope: Scope, group: string, record: GroupRecord): Promise<void> {
  const { tx, queue, nowMs, positions } = scope;
  const backlog = backlogOf(queue);
  const key = FIFO_GROUP.key(backlog, group);
  const { last, queued, inFlight } = record;
  if (queued <= 0 || inFlight > 0) {
    leavePlace(scope, group, record);
    if (queued <= 0 && inFlight <= 0) tx.delete(key);
    else tx.put(key, encodeRecord({ last, queued, inFlight } satisfies GroupRecord));
    return;
  }
  const delayMs = queue.delaySeconds * 1_000;
  const sinceMs = delayMs === 0 ? 0 : await headSentAtMs(scope, group);
  if (sinceMs + delayMs > nowMs) {
    if (record.delayedSinceMs !== sinceMs) leavePlace(scope, group, record);
    tx.put(FIFO_DELAYED.key(backlog, sinceMs, group), PRESENT);
    const delayed: GroupRecord = { last, queued, inFlight, delayedSinceMs: sinceMs };
    tx.put(key, encodeRecord(delayed));
    tx.wake({ topic: topicOf(queue), atMs: sinceMs + delayMs });
    return;
  }
  if (record.turn !== undefined) {
    tx.put(key, encodeRecord(record));
    return;
  }
  leavePlace(scope, group, record);
  const turn = positions.next(nowMs);
  tx.put(FIFO_READY.key(backlog, turn, group), PRESENT);
  tx.put(key, encodeRecord({ last, queued, inFlight, turn } satisfies GroupRecord));
  tx.wake({ topic: topicOf(queue) });
}

/** Takes a group out of its place, so that {@link settleGroup} finds it a new one. */
export function leavePlace({ tx, queue }: Scope, group: string, record: GroupRecord): void {
  const backlog = backlogOf(queue);
  if (record.turn !== undefined) tx.delete(FIFO_READY.key(backlog, record.turn, group));
  if (record.delayedSinceMs !== undefined) {
    tx.delete(FIFO_DELAYED.key(backlog, record.delayedSinceMs, group));
  }
}

/** The record without its place: for a group that was taken out of it. */
export function withoutGroupPlace({ last, queued, inFlight }: GroupRecord): GroupRecord {
  return { last, queued, inFlight };
}

async function headSentAtMs({ tx, queue }: Scope, group: string): Promise<number> {
  const [head] = await tx.range(FIFO_ORDER.below(backlogOf(queue), group), { limit: 1 });
  return head === undefined ? 0 : decodeRecord<OrderRecord>(head.value).sentAtMs;
}
