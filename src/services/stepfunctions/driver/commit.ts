import { ServiceError } from "../../../kernel/errors.ts";
import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { Key } from "../../../kernel/tuple.ts";
import type { Engine } from "../engine.ts";
import { startMapRun, redriveMapRun } from "../execution/lifecycle.ts";
import type { TaskPlan } from "../integrations/plan.ts";
import type { Effect, ExecutionEvent, HistoryRecord } from "../interpreter/protocol.ts";
import { readyThread } from "../interpreter/state.ts";
import type { Transition } from "../interpreter/transition.ts";
import { PENDING_TASK, PROGRESS } from "../keys.ts";
import type { Json } from "../language/json.ts";
import { MAX_STANDARD_DURATION_MS } from "../limits.ts";
import { putHistory } from "../history.ts";
import { logWhenCommitted } from "../logging.ts";
import type { ProgressRecord } from "../records.ts";
import { scheduleActivity } from "./activity.ts";
import { cancelWait } from "./cancel.ts";
import { startChild } from "./child.ts";
import { complete } from "./complete.ts";
import type { Execution } from "../execution/execution.ts";
import { saveThread } from "../execution/threads.ts";
import { deadlineId, putEvent, taskId, TASK_WORK, timerId, TIMER_WORK } from "../execution/work.ts";
import type { TimerPayload } from "../execution/work.ts";

/** Transitions that are to be committed together. */
export interface Batch {
  readonly transitions: readonly Transition[];
  /** Keys of the inbox that they took in. */
  readonly consumed: readonly Key[];
  /** How the task of each task effect is going to be done. */
  readonly plans: ReadonlyMap<Effect, TaskPlan>;
}

/** Thrown out of a transaction when the operation that was to be part of it refuses. */
export class CallRefused extends Error {
  override readonly name = "CallRefused";
  readonly effect: Effect;
  readonly refusal: ServiceError;

  constructor(effect: Effect, refusal: ServiceError) {
    super(refusal.message);
    this.effect = effect;
    this.refusal = refusal;
  }
}

/**
 * Writes a batch in `tx`, unless the execution was changed by someone else since it was read: then
 * nothing is written and the answer is undefined. Throws {@link CallRefused}.
 */
export async function commitBatch(
  tx: Tx,
  engine: Engine,
  options: { execution: Execution; batch: Batch },
): Promise<ProgressRecord | undefined> {
  const { execution, batch } = options;
  const { uid } = execution.record;
  const value = await tx.get(PROGRESS.key(uid));
  const current = value && decodeRecord<ProgressRecord>(value);
  if (current?.commit !== execution.progress.commit) return undefined;
  writeState(tx, engine, { execution, batch });
  const isWaiting = readyThread(execution.state) === undefined;
  let progress: ProgressRecord = { ...nextProgress(execution, batch), isWaiting };
  for (const key of batch.consumed) tx.delete(key);
  for (const transition of batch.transitions) {
    for (const effect of transition.effects) {
      progress = await perform(tx, engine, { execution, batch, effect, progress });
    }
  }
  if (progress.status === "RUNNING" && !progress.hasDeadline && isWaiting) {
    progress = { ...progress, hasDeadline: true };
    const payload: TimerPayload = { uid };
    const dueAtMs = execution.record.startMs + MAX_STANDARD_DURATION_MS;
    await engine.work.schedule(tx, { kind: TIMER_WORK, id: deadlineId(uid), dueAtMs, payload });
  }
  tx.put(PROGRESS.key(uid), encodeRecord(progress));
  return progress;
}

interface Performing {
  readonly execution: Execution;
  readonly batch: Batch;
  readonly effect: Effect;
  readonly progress: ProgressRecord;
}

function writeState(
  tx: Tx,
  engine: Engine,
  { execution, batch }: { execution: Execution; batch: Batch },
): void {
  const { record, state, progress, revision } = execution;
  const changed = new Set<number>();
  const changedData = new Set<number>();
  const history: HistoryRecord[] = [];
  for (const { touched, touchedData, removed, events } of batch.transitions) {
    for (const id of touched) changed.add(id);
    for (const id of removed) changed.add(id);
    for (const id of touchedData) changedData.add(id);
    history.push(...events);
  }
  putHistory(tx, record.uid, history);
  const isDone = batch.transitions.at(-1)?.effects.some(isSuccess) === true;
  for (const id of changed) {
    // The end of the execution deletes those that are left.
    if (isDone && state.threads.has(id)) continue;
    saveThread(tx, record.uid, {
      id,
      thread: state.threads.get(id),
      hasNewData: changedData.has(id),
    });
  }
  const { arn } = record;
  const logged = { arn, redriveCount: progress.redriveCount, logging: revision.record.logging };
  logWhenCommitted(tx, engine.log, { execution: logged, events: history });
}

function isSuccess(effect: Effect): boolean {
  return effect.kind === "complete" && effect.status === "SUCCEEDED";
}

function nextProgress({ progress, state }: Execution, batch: Batch): ProgressRecord {
  const { lastEvent, nextThread, nextWait } = state;
  return {
    ...progress,
    commit: progress.commit + batch.transitions.length,
    lastEvent,
    nextThread,
    nextWait,
  };
}

async function perform(tx: Tx, engine: Engine, performing: Performing): Promise<ProgressRecord> {
  const { execution, effect, progress } = performing;
  const { uid } = execution.record;
  switch (effect.kind) {
    case "timer": {
      const { thread, wait, purpose, atMs } = effect;
      const payload: TimerPayload = { uid, timer: { thread, wait, purpose } };
      await engine.work.schedule(tx, {
        kind: TIMER_WORK,
        id: timerId(uid, wait, purpose),
        dueAtMs: atMs,
        payload,
      });
      return progress;
    }
    case "cancel":
      await cancelWait(tx, engine, { uid, cancel: effect });
      return progress;
    case "task":
      await performTask(tx, engine, { ...performing, effect });
      return progress;
    case "mapRun":
      await startMapRun(tx, engine, { execution, effect });
      return progress;
    case "redriveMapRun":
      await redriveMapRun(tx, engine, { effect });
      return progress;
    case "complete":
      return complete(tx, engine, {
        execution,
        progress,
        outcome: effect,
        endMs: performing.batch.transitions.at(-1)?.nowMs,
      });
  }
}

async function performTask(
  tx: Tx,
  engine: Engine,
  { execution, batch, effect }: Performing & { effect: Extract<Effect, { kind: "task" }> },
): Promise<void> {
  const { thread, wait, call } = effect;
  const { uid } = execution.record;
  const plan = batch.plans.get(effect);
  if (plan === undefined || plan.kind === "refused") {
    const failure = plan?.failure ?? {};
    return putEvent(tx, engine, { uid, event: { kind: "failed", thread, wait, ...failure } });
  }
  if (plan.kind === "activity") return scheduleActivity(tx, engine, { uid, effect, arn: plan.arn });
  if (plan.kind === "child") return startChild(tx, engine, { execution, effect, plan });
  const { token, heartbeatSeconds } = call;
  if (token !== undefined) {
    const pending = { thread, token, ...(heartbeatSeconds !== undefined && { heartbeatSeconds }) };
    tx.put(PENDING_TASK.key(uid, wait), encodeRecord(pending));
  }
  if (plan.kind === "call" && plan.isTransaction) {
    const output = await callWithin(tx, engine, { effect, plan });
    return putEvent(tx, engine, { uid, event: resultEvent(effect, output) });
  }
  await engine.work.schedule(tx, {
    kind: TASK_WORK,
    id: taskId(uid, wait),
    dueAtMs: engine.clock.now(),
    payload: { uid, effect },
  });
}

async function callWithin(
  tx: Tx,
  engine: Engine,
  { effect, plan }: { effect: Effect; plan: Extract<TaskPlan, { kind: "call" }> },
): Promise<Json> {
  try {
    return plan.toOutput(await engine.operations.callWithin(tx, plan.call));
  } catch (error) {
    // What the operation wrote before it refused must not commit.
    if (error instanceof ServiceError) throw new CallRefused(effect, error);
    throw error;
  }
}

/** What the answer to a task's call is to the execution: its result, or the start of a wait. */
export function resultEvent(
  { thread, wait, call }: Extract<Effect, { kind: "task" }>,
  output: Json,
): ExecutionEvent {
  const isCallback = call.resource.kind === "service" && call.resource.pattern === "token";
  return { kind: isCallback ? "submitted" : "succeeded", thread, wait, output };
}
