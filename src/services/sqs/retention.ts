import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Tx } from "../../kernel/store.ts";
import type { TimerHandler, WorkQueue } from "../../kernel/work.ts";
import { isExpired } from "./backlog.ts";
import type { Scope } from "./backlog.ts";
import { backlogKindOf } from "./backlog-kind.ts";
import { forgetDue, remembersMore } from "./deduplication.ts";
import { chunkOf, pagesOf } from "./chunk.ts";
import type { Sized } from "./chunk.ts";
import { queueDeletedRecently } from "./errors.ts";
import { EXPIRE, scheduleExpiry } from "./expiry-timer.ts";
import { BACKLOG_SPACES, COUNT, DELETED_QUEUE, MESSAGE } from "./keys.ts";
import {
  BACKGROUND_CHUNK,
  DEDUPLICATION_MS,
  QUEUE_PAUSE_MS,
  RETENTION_PAUSE_MS,
} from "./limits.ts";
import type { MessageRecord } from "./message.ts";
import { leaveTurn } from "./fairness.ts";
import type { Positions } from "./position.ts";
import { prefetchDiscards } from "./prefetch.ts";
import { backlogOf, findQueue } from "./queue.ts";
import type { QueueAddress, QueueRecord } from "./queue.ts";

const DROP = "sqs.drop";
const FREE_NAME = "sqs.freeName";

interface RetentionDeps {
  readonly work: WorkQueue;
  readonly now: () => number;
  readonly positions: Positions;
}

interface DeletedQueueRecord {
  readonly deletedAtMs: number;
}

interface DropPayload {
  readonly queue: QueueRecord;
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

/** Takes a deleted queue's name out of use, and has it free again in time. */
export async function reserveName(
  tx: Tx,
  work: WorkQueue,
  { queue, nowMs }: { readonly queue: QueueRecord; readonly nowMs: number },
): Promise<void> {
  const { accountId, region, name, id } = queue;
  const record: DeletedQueueRecord = { deletedAtMs: nowMs };
  tx.put(DELETED_QUEUE.key(accountId, region, name), encodeRecord(record));
  const payload: QueueAddress = { accountId, region, name };
  await work.schedule(tx, { kind: FREE_NAME, id, dueAtMs: nowMs + QUEUE_PAUSE_MS, payload });
}

/** Throws QueueDeletedRecently while a name is not to be had. */
export async function checkNameIsFree(
  tx: Tx,
  { accountId, region, name }: QueueAddress,
  nowMs: number,
): Promise<void> {
  const key = DELETED_QUEUE.key(accountId, region, name);
  const value = await tx.get(key);
  if (value === undefined) return;
  const { deletedAtMs } = decodeRecord<DeletedQueueRecord>(value);
  if (deletedAtMs + QUEUE_PAUSE_MS > nowMs) throw queueDeletedRecently();
  tx.delete(key);
}

/** What runs when a queue's timer is due, when a backlog is to be dropped and a name free again. */
export function retentionHandlers(deps: RetentionDeps): Record<string, TimerHandler> {
  return {
    [EXPIRE]: {
      kind: "timer",
      fire: async (tx, item) => {
        // Written by scheduleExpiry.
        const queue = await findQueue(tx, item.payload as QueueAddress);
        if (queue === undefined || queue.id !== item.id) return;
        const scope = scopeIn(tx, queue, deps);
        const dueAtMs = await expireDue(scope);
        await scheduleExpiry(tx, deps.work, { queue, dueAtMs });
      },
    },
    [FREE_NAME]: {
      kind: "timer",
      fire: async (tx, item) => {
        // Written by reserveName.
        const { accountId, region, name } = item.payload as QueueAddress;
        const key = DELETED_QUEUE.key(accountId, region, name);
        const value = await tx.get(key);
        const record = value && decodeRecord<DeletedQueueRecord>(value);
        // A queue of this name may have been made and deleted since.
        if (record && record.deletedAtMs + QUEUE_PAUSE_MS <= item.dueAtMs) tx.delete(key);
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

function scopeIn(tx: Tx, queue: QueueRecord, { work, now, positions }: RetentionDeps): Scope {
  return { tx, queue, nowMs: now(), positions, work };
}

/** Removes some expired messages and forgotten ids; answers when to look again. */
async function expireDue(scope: Scope): Promise<number> {
  const { queue, nowMs } = scope;
  const forgotten = queue.isFifo ? await forgetDue(scope) : 0;
  const { expired, oldestSentAtMs } = await dropExpired(scope);
  const mayBeMore = expired > 0 && oldestSentAtMs === undefined;
  if (forgotten === BACKGROUND_CHUNK || mayBeMore) return nowMs;
  const retentionMs = queue.messageRetentionPeriod * 1_000;
  const expiryMs = Math.max((oldestSentAtMs ?? nowMs) + retentionMs, nowMs + RETENTION_PAUSE_MS);
  if (!queue.isFifo || !(await remembersMore(scope))) return expiryMs;
  // All that is remembered now can be forgotten then.
  return Math.min(expiryMs, nowMs + DEDUPLICATION_MS);
}

/** Removes some expired messages, wherever they are; answers how many, and the oldest that stays. */
export async function dropExpired(
  scope: Scope,
): Promise<{ readonly expired: number; readonly oldestSentAtMs?: number }> {
  const readEntries = pagesOf(scope.tx, MESSAGE.below(backlogOf(scope.queue)));
  const read = async (most: number): Promise<Aging[]> => {
    const aging = (await readEntries(most)).map(({ key, value, sizeBytes }) => {
      const message = decodeRecord<MessageRecord>(value);
      return { position: MESSAGE.parts(key)[1], message, sizeBytes };
    });
    const expired = aging.filter(({ message }) => isExpired(scope, message));
    if (expired.length > 0) await prefetchDiscards(scope, expired);
    return aging;
  };
  let expired = 0;
  for await (const { position, message } of chunkOf(BACKGROUND_CHUNK, read)) {
    if (!isExpired(scope, message)) return { expired, oldestSentAtMs: message.sentAtMs };
    await backlogKindOf(scope.queue).discard(scope, position, message);
    expired += 1;
  }
  return { expired };
}

/** A message of which nobody knows yet whether it is expired. */
interface Aging extends Sized {
  readonly position: string;
  readonly message: MessageRecord;
}

/** Deletes some of a dropped backlog, which nobody else uses any more; true when there is more. */
async function dropSome(tx: Tx, queue: QueueRecord, deps: RetentionDeps): Promise<boolean> {
  const backlog = backlogOf(queue);
  const scope = scopeIn(tx, queue, deps);
  for (const space of BACKLOG_SPACES) {
    const read = pagesOf(tx, space.below(backlog));
    // Only messages are large.
    const isLarge = space === MESSAGE;
    const entries = isLarge ? chunkOf(BACKGROUND_CHUNK, read) : await read(BACKGROUND_CHUNK);
    let met = 0;
    for await (const { key, value } of entries) {
      tx.delete(key);
      if (isLarge && queue.isFair) leaveTurn(scope, decodeRecord<MessageRecord>(value));
      met += 1;
    }
    if (met > 0) return true;
  }
  for (const name of ["ready", "delayed", "inFlight"]) tx.clearSum(COUNT.key(backlog, name));
  return false;
}
