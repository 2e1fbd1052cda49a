import { decodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { abortMapRun } from "../execution/lifecycle.ts";
import type { Engine } from "../engine.ts";
import type { Effect } from "../interpreter/protocol.ts";
import { ACTIVITY_QUEUE, PENDING_TASK } from "../keys.ts";
import type { PendingTaskRecord } from "../records.ts";
import { uidOf } from "../uids.ts";
import { deliverEvent, taskId, TASK_WORK, timerId, TIMER_WORK } from "../execution/work.ts";

/** Lets go of what a wait had: timers, token, queue entry, and, where asked, the job that runs. */
export async function cancelWait(
  tx: Tx,
  engine: Engine,
  { uid, cancel }: { uid: string; cancel: Extract<Effect, { kind: "cancel" }> },
): Promise<void> {
  const { wait, timers, stop, mapRunArn } = cancel;
  for (const purpose of timers)
    await engine.work.cancel(tx, TIMER_WORK, timerId(uid, wait, purpose));
  if (!cancel.isTask) {
    if (mapRunArn !== undefined && stop) await abortMapRun(tx, engine, mapRunArn);
    return;
  }
  const key = PENDING_TASK.key(uid, wait);
  const value = await tx.get(key);
  if (stop) await engine.work.cancel(tx, TASK_WORK, taskId(uid, wait));
  if (value === undefined) return;
  tx.delete(key);
  const { activity, childArn } = decodeRecord<PendingTaskRecord>(value);
  if (activity !== undefined)
    tx.delete(ACTIVITY_QUEUE.key(activity.uid, activity.scheduledMs, uid, wait));
  if (childArn !== undefined && stop) {
    await deliverEvent(tx, engine, { uid: uidOf(childArn), event: { kind: "aborted" } });
  }
}
