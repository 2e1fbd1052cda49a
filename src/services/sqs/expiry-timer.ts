import type { Tx } from "../../kernel/store.ts";
import type { WorkItem, WorkQueue } from "../../kernel/work.ts";
import type { QueueAddress, QueueRecord } from "./queue.ts";

/** The kind of work that a queue's one timer is; its id is the queue's. */
export const EXPIRE = "sqs.expire";

interface ExpiryTime {
  readonly queue: QueueRecord;
  readonly dueAtMs: number;
}

/**
 * Has a queue's expired messages and forgotten ids removed in time. A queue always has one timer, set
 * for when its oldest message expires, or a whole retention period ahead when it is empty: whatever
 * is sent later expires later than that. A FIFO queue's is earlier while there are ids to forget.
 */
export async function scheduleExpiry(tx: Tx, work: WorkQueue, time: ExpiryTime): Promise<void> {
  await work.schedule(tx, timerOf(time));
}

/** Has a queue's timer ring at a time, unless it does so earlier. */
export async function ensureExpiry(tx: Tx, work: WorkQueue, time: ExpiryTime): Promise<void> {
  await work.ensure(tx, timerOf(time));
}

/** Forgets a queue's timer: the queue is deleted. */
export async function cancelExpiry(tx: Tx, work: WorkQueue, queue: QueueRecord): Promise<void> {
  await work.cancel(tx, EXPIRE, queue.id);
}

function timerOf({ queue, dueAtMs }: ExpiryTime): WorkItem {
  const { accountId, region, name } = queue;
  const payload: QueueAddress = { accountId, region, name };
  return { kind: EXPIRE, id: queue.id, dueAtMs, payload };
}
