import type { Tx } from "../../../kernel/store.ts";
import type { Engine } from "../engine.ts";
import { advance } from "../interpreter/advance.ts";
import type { Failure } from "../interpreter/protocol.ts";
import { commitBatch } from "./commit.ts";
import { loadExecution } from "./execution.ts";
import { surroundingsOf } from "./run.ts";

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
  const batch = {
    transitions: [transition],
    consumed: execution.inbox.map(({ key }) => key),
    plans: new Map(),
  };
  const progress = await commitBatch(tx, engine, { execution, batch });
  return progress?.stopMs;
}
