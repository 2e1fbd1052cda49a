import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";
import { decodeRecord } from "./record.ts";
import { StoreUnavailable } from "./store.ts";
import type { Store, Tx } from "./store.ts";
import { endLease, putBack, takeDue } from "./work-transitions.ts";
import type { LeasedWork } from "./work-transitions.ts";
import { DEFAULT_RETRY, WORK_DUE, WORK_ITEM } from "./work.ts";
import type { DueWork, EffectHandler, RetryPolicy, TimerHandler, WorkRecord } from "./work.ts";

/** Wait before the store or a kind of work is tried again after it failed. */
export const PAUSE_AFTER_FAILURE_MS = 1_000;

/** What handling an item needs of the node. */
export interface Handling {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  /** Aborts when the node stops. */
  readonly stopping: AbortSignal;
  /** Makes the node's stop wait for what runs. */
  readonly own: (promise: Promise<void>) => Promise<void>;
}

/** Fires the first due timer of a kind; false when there is none. */
export async function fireFirst(
  handling: Handling,
  kind: string,
  handler: TimerHandler,
): Promise<boolean> {
  const nowMs = handling.clock.now();
  let item: DueWork | undefined;
  try {
    await handling.store.transact(async (tx) => {
      item = await takeDue(tx, kind, nowMs);
      if (item?.attempt) await handler.fire(tx, item);
    });
  } catch (error) {
    if (item === undefined || error instanceof StoreUnavailable) throw error;
    await retryTimer(handling, item, error);
  }
  return item !== undefined;
}

/** Puts a timer whose handler threw back for later, so that it does not hold up the others. */
async function retryTimer(handling: Handling, failed: DueWork, error: unknown): Promise<void> {
  const { kind, id } = failed;
  logFailure(handling, failed, error);
  await handling.store.transact(async (tx) => {
    const value = await tx.get(WORK_ITEM.key(kind, id));
    const record = value && decodeRecord<WorkRecord>(value);
    if (record?.dueAtMs !== failed.dueAtMs) return;
    tx.delete(WORK_DUE.key(kind, record.dueAtMs, id));
    await retryOrBury(tx, handling, { item: failed, error, policy: DEFAULT_RETRY });
  });
}

/** Performs an item that this node leased, and ends its lease with what came of it. */
export async function perform(
  handling: Handling,
  handler: EffectHandler,
  item: LeasedWork,
): Promise<void> {
  const { clock, store, stopping } = handling;
  try {
    const finish = await handler.perform(item, stopping);
    await clock.track(
      store.transact(async (tx) => {
        // Without its lease the item is cancelled, or another node's: then that one's result counts.
        if ((await endLease(tx, item)) !== undefined) await finish(tx);
      }),
    );
  } catch (error) {
    // A node that stops keeps its leases, as `WorkRunner` says.
    if (stopping.aborted) return;
    logFailure(handling, item, error);
    await endFailed(handling, handler, { item, error });
  }
}

interface FailedWork {
  readonly item: LeasedWork;
  readonly error: unknown;
}

/**
 * Puts an item that failed back; while the store is away, again and again. One whose giving up fails
 * is dead without it: operators see that, and may retry it.
 */
async function endFailed(
  handling: Handling,
  handler: EffectHandler,
  failed: FailedWork,
): Promise<void> {
  const { clock, store, log, stopping, own } = handling;
  const { kind, id } = failed.item;
  if (stopping.aborted) return;
  try {
    await store.transact((tx) => fail(tx, handling, handler, failed));
  } catch (failure) {
    const reason = describe(failure);
    if (!(failure instanceof StoreUnavailable)) {
      const { giveUp, ...others } = handler;
      const message = giveUp ? "work cannot be given up" : "work stays leased until restart";
      log.error(message, { kind, id, error: reason });
      if (giveUp) await endFailed(handling, others, failed);
      return;
    }
    log.error("work stays leased for now", { kind, id, error: reason });
    clock.alarm(clock.now() + PAUSE_AFTER_FAILURE_MS, () =>
      own(endFailed(handling, handler, failed)),
    );
  }
}

async function fail(
  tx: Tx,
  handling: Handling,
  { retry: policy = DEFAULT_RETRY, giveUp }: EffectHandler,
  { item, error }: FailedWork,
): Promise<void> {
  const record = await endLease(tx, item);
  if (record === undefined || record.next !== undefined) return;
  const next = await retryOrBury(tx, handling, { item, error, policy });
  if (next === "dead") await giveUp?.(tx, item, error);
}

async function retryOrBury(
  tx: Tx,
  { clock, log, random }: Handling,
  { item, error, policy }: { item: DueWork; error: unknown; policy: RetryPolicy },
): Promise<"due" | "dead"> {
  const reason = describe(error);
  const next = await putBack(tx, item, { policy, reason, nowMs: clock.now(), random });
  if (next === "dead") {
    const { kind, id, attempt: attempts } = item;
    tx.afterCommit(() => log.error("work is dead", { kind, id, attempts, reason }));
  }
  return next;
}

function logFailure({ log }: Handling, { kind, id, attempt }: DueWork, error: unknown): void {
  log.warn("work failed", { kind, id, attempt, error: describe(error) });
}

/** What a log says of an error. */
export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
