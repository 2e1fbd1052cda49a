import type { Tx } from "../../../kernel/store.ts";
import type { Engine } from "../engine.ts";
import { planTask } from "../integrations/plan.ts";
import type { TaskPlan } from "../integrations/plan.ts";
import { advance } from "../interpreter/advance.ts";
import type { Effect, ExecutionEvent } from "../interpreter/protocol.ts";
import { readyThread, ThreadsMissing } from "../interpreter/state.ts";
import type { Transition } from "../interpreter/transition.ts";
import { MAX_TRANSITIONS_PER_COMMIT } from "../limits.ts";
import type { ProgressRecord } from "../records.ts";
import { CallRefused, commitBatch } from "./commit.ts";
import type { Batch } from "./commit.ts";
import {
  loadConcerned,
  loadExecution,
  loadInbox,
  lookAgain,
  takeIn,
} from "../execution/execution.ts";
import type { Execution, InboxEntry, Look } from "../execution/execution.ts";
import { callerOfExecution, surroundingsOf } from "../execution/surroundings.ts";
import { RUN_WORK } from "../execution/work.ts";

/** After how many commits in a row the inbox is looked at, so that a busy execution can be ended. */
const COMMITS_PER_LOOK = 8;

/** What is still to be written when an execution ends or waits: it commits with the end of the work. */
type Rest = (tx: Tx) => Promise<void>;

const NOTHING: Rest = async () => {};

/**
 * Advances a Standard execution until it ends or waits. Each commit checks that nobody else advanced it, so
 * that whoever else tries loses and reads it again. Answers the last one, for the caller to make.
 * Rejects when `signal` aborts: the lease stays.
 */
export async function runExecution(
  engine: Engine,
  uid: string,
  signal: AbortSignal,
): Promise<Rest> {
  const execution = await engine.store.read((reader) => loadConcerned(engine, reader, uid));
  return execution?.progress.status === "RUNNING"
    ? runLoaded(engine, execution, signal)
    : clearInbox(engine, uid);
}

async function runLoaded(engine: Engine, loaded: Execution, signal: AbortSignal): Promise<Rest> {
  let execution: Execution | undefined = loaded;
  const { uid } = loaded.record;
  for (
    let commits = 1;
    execution !== undefined && execution.progress.status === "RUNNING";
    commits += 1
  ) {
    if (signal.aborted) throw new Error("the node stops");
    let batch: Batch | undefined;
    try {
      batch = await nextBatch(engine, execution);
    } catch (error) {
      if (!(error instanceof ThreadsMissing)) throw error;
      // Nothing of what was made is written, so it is made anew.
      execution = await engine.store.read((reader) => loadExecution(engine, reader, uid));
      continue;
    }
    if (batch === undefined) {
      if (!execution.hasMore) return NOTHING;
      await look(engine, execution);
      continue;
    }
    if (isLast(execution, batch)) return restOf(engine, execution, batch);
    if (!(await commit(engine, execution, batch))) {
      execution = await engine.store.read((reader) => loadConcerned(engine, reader, uid));
    } else if (commits % COMMITS_PER_LOOK === 0) {
      await look(engine, execution);
    }
  }
  return NOTHING;
}

/** Whether nothing can follow a batch at once: no call that may refuse or answer, and nobody goes on. */
export function isLast({ inbox, hasMore, state }: Execution, { plans }: Batch): boolean {
  if (plans.size > 0 || inbox.length > 0 || hasMore) return false;
  return readyThread(state) === undefined;
}

/** Reads what happened to an execution meanwhile. */
async function look(engine: Engine, execution: Execution): Promise<void> {
  takeIn(execution, await engine.store.read((reader) => lookAgain(reader, execution)));
}

function restOf(engine: Engine, execution: Execution, batch: Batch): Rest {
  return async (tx) => {
    if ((await commitBatch(tx, engine, { execution, batch })) !== undefined) return;
    // Somebody else advanced it meanwhile.
    await runAgain(tx, engine, execution.record.uid);
  };
}

/** Has the execution looked at again, after the run that goes on now. */
async function runAgain(tx: Tx, engine: Engine, uid: string): Promise<void> {
  const dueAtMs = engine.clock.now();
  await engine.work.ensure(tx, { kind: RUN_WORK, id: uid, dueAtMs, payload: {} });
}

/** Makes transitions until the execution waits, something must be committed first, or enough are made. */
export async function nextBatch(engine: Engine, execution: Execution): Promise<Batch | undefined> {
  const transitions: Transition[] = [];
  const consumed: InboxEntry["key"][] = [];
  const plans = new Map<Effect, TaskPlan>();
  const around = surroundingsOf(engine, execution, engine.clock.now());
  while (transitions.length < MAX_TRANSITIONS_PER_COMMIT) {
    const event = nextEvent(execution, consumed);
    if (event === undefined) break;
    const nowMs = engine.clock.now();
    const transition = await advance(
      execution.state,
      event,
      nowMs === around.nowMs ? around : { ...around, nowMs },
    );
    transitions.push(transition);
    if (transition.effects.some(({ kind }) => kind !== "timer" && kind !== "cancel")) {
      await planTasks(engine, execution, { transition, plans });
      break;
    }
  }
  return transitions.length === 0 ? undefined : { transitions, consumed, plans };
}

function nextEvent(
  execution: Execution,
  consumed: InboxEntry["key"][],
): ExecutionEvent | undefined {
  const entry = execution.inbox.shift();
  if (entry !== undefined) {
    consumed.push(entry.key);
    return entry.event;
  }
  const thread = readyThread(execution.state);
  return thread && { kind: "step", thread: thread.id };
}

async function planTasks(
  engine: Engine,
  execution: Execution,
  { transition, plans }: { transition: Transition; plans: Map<Effect, TaskPlan> },
): Promise<void> {
  for (const effect of transition.effects) {
    if (effect.kind !== "task") continue;
    plans.set(effect, await planTask(engine, effect.call, callerOfExecution(execution)));
  }
}

/** Commits a batch; false when somebody else advanced the execution meanwhile. */
async function commit(engine: Engine, execution: Execution, batch: Batch): Promise<boolean> {
  const hasResult = batch.plans.size > 0;
  const write = async (tx: Tx): Promise<Written | undefined> => {
    const progress = await commitBatch(tx, engine, { execution, batch });
    return progress && { progress, look: hasResult ? await lookAgain(tx, execution) : undefined };
  };
  try {
    const written = await engine.store.transact(write);
    if (written === undefined) return false;
    execution.progress = written.progress;
    if (written.look !== undefined) takeIn(execution, written.look);
    return true;
  } catch (error) {
    if (!(error instanceof CallRefused)) throw error;
    const plan = batch.plans.get(error.effect);
    const failure = plan?.kind === "call" ? plan.toFailure(error.refusal) : {};
    const plans = new Map(batch.plans).set(error.effect, { kind: "refused", failure });
    return commit(engine, execution, { ...batch, plans });
  }
}

interface Written {
  readonly progress: ProgressRecord;
  readonly look: Look | undefined;
}

/** An execution that is over takes nothing in any more. */
async function clearInbox(engine: Engine, uid: string): Promise<Rest> {
  const left = await engine.store.read((reader) => loadInbox(reader, uid));
  return async (tx) => {
    for (const { key } of left.inbox) tx.delete(key);
    if (left.hasMore) await runAgain(tx, engine, uid);
  };
}
