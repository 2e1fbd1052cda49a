import { PRESENT } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { onChildEnd } from "../execution/lifecycle.ts";
import type { Engine } from "../engine.ts";
import type { Outcome } from "../interpreter/protocol.ts";
import { allThreads } from "../interpreter/state.ts";
import { EXECUTION_BY_STATUS, THREAD, THREAD_DATA } from "../keys.ts";
import { EXECUTION_RETENTION_MS } from "../limits.ts";
import type { ProgressRecord } from "../records.ts";
import { tellParent } from "./child.ts";
import type { Execution } from "../execution/execution.ts";
import { deadlineId, EXPIRE_WORK, TIMER_WORK } from "../execution/work.ts";

/** Ends an execution: its indexes, those who wait for it, and when its history goes. */
export async function complete(
  tx: Tx,
  engine: Engine,
  {
    execution,
    progress,
    outcome,
    endMs = engine.clock.now(),
  }: {
    execution: Execution;
    progress: ProgressRecord;
    outcome: Outcome & { kind?: unknown };
    /** The time of its last event. */
    endMs?: number | undefined;
  },
): Promise<ProgressRecord> {
  const { record, state } = execution;
  const { uid, groups, startMs } = record;
  const { kind: _, ...rest } = outcome;
  const ended: ProgressRecord = {
    ...progress,
    status: outcome.status,
    stopMs: endMs,
    outcome: rest,
    hasDeadline: false,
  };
  moveStatus(tx, { groups, startMs, uid, from: "RUNNING", to: outcome.status });
  if (progress.hasDeadline) await engine.work.cancel(tx, TIMER_WORK, deadlineId(uid));
  // What did not succeed keeps its threads: a redrive goes on from them.
  if (outcome.status === "SUCCEEDED" && record.type === "STANDARD") {
    for (const { id } of allThreads(state)) {
      tx.delete(THREAD.key(uid, id));
      tx.delete(THREAD_DATA.key(uid, id));
    }
  }
  if (record.mapRun === undefined) {
    await engine.work.schedule(tx, {
      kind: EXPIRE_WORK,
      id: uid,
      dueAtMs: endMs + EXECUTION_RETENTION_MS,
      payload: {},
    });
  } else {
    await onChildEnd(tx, engine, { record, mapRun: record.mapRun, outcome: rest });
  }
  if (record.parent !== undefined)
    await tellParent(tx, engine, { record, parent: record.parent, progress: ended });
  return ended;
}

/** Moves an execution from one status to another in every list that it is in. */
export function moveStatus(
  tx: Tx,
  move: {
    readonly groups: readonly string[];
    readonly startMs: number;
    readonly uid: string;
    readonly from: string;
    readonly to: string;
  },
): void {
  for (const group of move.groups) {
    tx.delete(EXECUTION_BY_STATUS.key(group, move.from, move.startMs, move.uid));
    tx.put(EXECUTION_BY_STATUS.key(group, move.to, move.startMs, move.uid), PRESENT);
  }
}
