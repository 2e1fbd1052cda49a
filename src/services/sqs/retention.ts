import { decodeRecord } from "../../kernel/record.ts";
import type { Tx } from "../../kernel/store.ts";
import type { TimerHandler, WorkQueue } from "../../kernel/work.ts";
import { isExpired } from "./backlog.ts";
import type { Scope } from "./backlog.ts";
import { backlogKindOf } from "./backlog-kind.ts";
import { forgetDue } from "./deduplication.ts";
import { BACKLOG_SPACES, COUNT, MESSAGE } from "./keys.ts";
import { BACKGROUND_CHUNK, RETENTION_PAUSE_MS } from "./limits.ts";
import type { MessageRecord } from "./message.ts";
import { leaveTurn } from "./fairness.ts";
import type { Positions } from "./position.ts";
import { backlogOf, findQueue } from "./queue.ts";
import type { QueueAddress, QueueRecord } from "./queue.ts";

const EXPIRE = "sqs.expire";
const DROP = "sqs.drop";

interface RetentionDeps {
  readonly work: WorkQueue;
  readonly now: () => number;
  readonly positions: Positions;
}

interface DropPayload {
  readonly queue: QueueRecord;
}

/**
 * Has a queue's expired messages removed in time. A queue always has one timer, set for when its
 * oldest message expires, or a whole retention period ahead when it is empty: whatever is sent later
 * expires later than that.
 */
export async function scheduleExpiry(
  tx: Tx,
  work: WorkQueue,
  { queue, dueAtMs }: { readonly queue: QueueRecord; readonly dueAtMs: number },
): Promise<void> {
  const { accountId, region, name } = queue;
  const payload: QueueAddress = { accountId, region, name };
  await work.schedule(tx, { kind: EXPIRE, id: queue.id, dueAtMs, payload });
}

/** Has everything that a queue's present backlog holds removed in the background. */
export async function dropBacklog(
  tx: Tx,
  work: WorkQueue,
  { queue, nowMs }: { readonly queue: QueueRecord; readonly nowMs: number },
): Promise<void> {
  const payload: DropPayload = { queue };
  await work.schedule(tx, { kind: DROP, id: backlogOf(queue), dueAtMs: nowMs, payload });
}

export async function cancelExpiry(tx: Tx, work: WorkQueue, queue: QueueRecord): Promise<void> {
  await work.cancel(tx, EXPIRE, queue.id);
}

/** What runs when a queue's timer is due, and when a backlog is to be dropped. */
export function retentionHandlers(deps: RetentionDeps): Record<string, TimerHandler> {
  return {
    [EXPIRE]: {
      kind: "timer",
      fire: async (tx, item) => {
        // Written by scheduleExpiry.
        const queue = await findQueue(tx, item.payload as QueueAddress);
        if (queue === undefined || queue.id !== item.id) return;
        const scope: Scope = { tx, queue, nowMs: deps.now(), positions: deps.positions };
        const dueAtMs = await expireDue(scope);
        await scheduleExpiry(tx, deps.work, { queue, dueAtMs });
      },
    },
    [DROP]: {
      kind: "timer",
      fire: async (tx, item) => {
        // Written by dropBacklog.
        const { queue } = item.payload as DropPayload;
        const isMore = await dropSome(tx, queue, deps);
        if (isMore) await dropBacklog(tx, deps.work, { queue, nowMs: deps.now() });
      },
    },
  };
}

/** Removes some expired messages and forgotten ids; answers when to look again. */
async function expireDue(scope: Scope): Promise<number> {
  const { queue, nowMs } = scope;
  const forgotten = await forgetDue(scope);
  const { expired, oldestSentAtMs } = await dropExpired(scope);
  if (forgotten === BACKGROUND_CHUNK || expired === BACKGROUND_CHUNK) return nowMs;
  const retentionMs = queue.messageRetentionPeriod * 1_000;
  return Math.max((oldestSentAtMs ?? nowMs) + retentionMs, nowMs + RETENTION_PAUSE_MS);
}

/** Removes some expired messages, wherever they are; answers how many, and the oldest that stays. */
export async function dropExpired(
  scope: Scope,
): Promise<{ readonly expired: number; readonly oldestSentAtMs?: number }> {
  const { tx, queue } = scope;
  const all = MESSAGE.below(backlogOf(queue));
  const [first] = await tx.range(all, { limit: 1 });
  const message = first && decodeRecord<MessageRecord>(first.value);
  if (message !== undefined && !isExpired(scope, message)) {
    return { expired: 0, oldestSentAtMs: message.sentAtMs };
  }
  const oldest = message === undefined ? [] : await tx.range(all, { limit: BACKGROUND_CHUNK });
  let expired = 0;
  for (const { key, value } of oldest) {
    const message = decodeRecord<MessageRecord>(value);
    if (!isExpired(scope, message)) return { expired, oldestSentAtMs: message.sentAtMs };
    await backlogKindOf(queue).discard(scope, MESSAGE.parts(key)[1], message);
    expired += 1;
  }
  return { expired };
}

/** Deletes some of a dropped backlog; true when there is more. */
async function dropSome(tx: Tx, queue: QueueRecord, deps: RetentionDeps): Promise<boolean> {
  const backlog = backlogOf(queue);
  const scope: Scope = { tx, queue, nowMs: deps.now(), positions: deps.positions };
  for (const space of BACKLOG_SPACES) {
    const entries = await tx.claim(space.below(backlog), BACKGROUND_CHUNK);
    for (const { key, value } of entries) {
      tx.delete(key);
      if (space === MESSAGE && queue.isFair) leaveTurn(scope, decodeRecord<MessageRecord>(value));
    }
    if (entries.length > 0) return true;
  }
  for (const name of ["ready", "delayed", "inFlight"]) tx.clearSum(COUNT.key(backlog, name));
  return false;
}
