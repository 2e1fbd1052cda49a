import { encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import { PROGRESS } from "../keys.ts";
import { MAX_REDRIVE_TOKENS } from "../limits.ts";
import type { ExecutionRecord, ProgressRecord } from "../records.ts";
import { moveStatus } from "./complete.ts";
import {
  deadlineId,
  deliverEvent,
  EXPIRE_WORK,
  scheduleRun,
  TIMER_WORK,
} from "../execution/work.ts";
import type { TimerPayload } from "../execution/work.ts";

/** Makes an execution that did not succeed run again, from where it was; answers when that was. */
export async function redriveWithin(
  tx: Tx,
  engine: Engine,
  {
    record,
    progress,
    clientToken,
  }: { record: ExecutionRecord; progress: ProgressRecord; clientToken?: string | undefined },
): Promise<number> {
  const { uid, groups, startMs } = record;
  const nowMs = engine.clock.now();
  // The execution's own timeout begins anew.
  const { definition } = await revisionOf(engine, tx, record);
  const timeoutSeconds = record.mapRun ? undefined : definition.timeoutSeconds;
  const { stopMs: _, outcome: __, ...rest } = progress;
  // An Express one is started anew: its redrives are not told.
  const isTold = record.type === "STANDARD";
  const redriveCount = progress.redriveCount + (isTold ? 1 : 0);
  const redriven: ProgressRecord = {
    ...rest,
    status: "RUNNING",
    commit: progress.commit + 1,
    redriveCount,
    ...(isTold && { redriveMs: nowMs }),
    hasDeadline: timeoutSeconds !== undefined,
    ...(clientToken !== undefined && {
      redrives: [...(progress.redrives ?? []), { clientToken, atMs: nowMs }].slice(
        -MAX_REDRIVE_TOKENS,
      ),
    }),
  };
  tx.put(PROGRESS.key(uid), encodeRecord(redriven));
  moveStatus(tx, { groups, startMs, uid, from: progress.status, to: "RUNNING" });
  await engine.work.cancel(tx, EXPIRE_WORK, uid);
  if (timeoutSeconds !== undefined) {
    const payload: TimerPayload = { uid };
    const dueAtMs = nowMs + timeoutSeconds * 1000;
    await engine.work.schedule(tx, { kind: TIMER_WORK, id: deadlineId(uid), dueAtMs, payload });
  }
  if (isTold) await deliverEvent(tx, engine, { uid, event: { kind: "redriven", redriveCount } });
  else await scheduleRun(tx, engine, { uid, type: record.type, atMs: nowMs });
  return nowMs;
}
