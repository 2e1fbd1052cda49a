import type { Tx } from "../../../kernel/store.ts";
import type { Engine } from "../engine.ts";
import { advance } from "../interpreter/advance.ts";
import { failExecution } from "../interpreter/failure.ts";
import type { Failure } from "../interpreter/protocol.ts";
import { Transition } from "../interpreter/transition.ts";
import { commitBatch } from "./commit.ts";
import { loadExecution } from "../execution/execution.ts";
import type { Execution } from "../execution/execution.ts";
import { surroundingsOf } from "../execution/surroundings.ts";

/**
 * Aborts a running execution within `tx`. Whoever advances it at the same time loses. Does nothing to
 * one that is over; answers the time of its end, or undefined when there is no such execution.
 */
export async function stopExecution(
  tx: Tx,
  engine: Engine,
  { uid, failure }: { readonly uid: string; readonly failure: Failure },
): Promise<number | undefined> {
  const execution = await loadExecution(engine, tx, uid);
  if (execution === undefined) return undefined;
  const { status, stopMs } = execution.progress;
  if (status !== "RUNNING") return stopMs;
  // An abort evaluates nothing, so this awaits nothing but the transaction.
  const around = surroundingsOf(engine, execution, engine.clock.now());
  const transition = await advance(execution.state, { kind: "aborted", ...failure }, around);
  return end(tx, engine, { execution, transition });
}

/** Fails an execution that cannot be advanced because of a bug, so that it does not wait for ever. */
export async function failBroken(tx: Tx, engine: Engine, uid: string): Promise<void> {
  const execution = await loadExecution(engine, tx, uid);
  if (execution?.progress.status !== "RUNNING") return;
  const transition = new Transition(
    execution.state,
    surroundingsOf(engine, execution, engine.clock.now()),
  );
  const cause = "The execution could not be advanced because of an internal error.";
  failExecution(transition, transition.thread(0), { error: "States.Runtime", cause });
  await end(tx, engine, { execution, transition });
}

async function end(
  tx: Tx,
  engine: Engine,
  { execution, transition }: { execution: Execution; transition: Transition },
): Promise<number | undefined> {
  const consumed = execution.inbox.map(({ key }) => key);
  const batch = { transitions: [transition], consumed, plans: new Map() };
  const progress = await commitBatch(tx, engine, { execution, batch });
  return progress?.stopMs;
}
