import { encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { ParsedRevision } from "../definitions.ts";
import { commitBatch } from "../driver/commit.ts";
import type { Batch } from "../driver/commit.ts";
import { complete } from "../driver/complete.ts";
import { newExecution } from "../execution/execution.ts";
import type { Execution } from "../execution/execution.ts";
import { isLast, nextBatch } from "../driver/run.ts";
import type { Engine } from "../engine.ts";
import { PROGRESS } from "../keys.ts";
import { logWhenCommitted } from "../logging.ts";
import type { ExecutionRecord } from "../records.ts";

/** What an execution that is not started yet comes to, before it ends or waits. */
export interface Ahead {
  readonly execution: Execution;
  readonly batch: Batch;
}

/**
 * Makes the transitions of an execution that is about to be started, when nothing but the interpreter is
 * needed for them until it ends or waits: they can commit with its start. Undefined otherwise.
 */
export async function lookAhead(
  engine: Engine,
  record: ExecutionRecord,
  revision: ParsedRevision,
): Promise<Ahead | undefined> {
  const execution = newExecution(record, revision);
  let batch: Batch | undefined;
  try {
    batch = await nextBatch(engine, execution);
  } catch {
    // A bug must not hold up the others: the execution meets it by itself, and is failed for it.
    return undefined;
  }
  if (batch === undefined || !isLast(execution, batch)) return undefined;
  // Nothing of its first thread is stored yet, whatever changed in it.
  const [first] = batch.transitions;
  first?.touched.add(0);
  first?.touchedData.add(0);
  const ahead = { execution, batch };
  // An Express execution that waits does so in memory.
  return record.type === "STANDARD" || outcomeOf(ahead) !== undefined ? ahead : undefined;
}

/** Writes what was looked ahead to, in the transaction that starts the execution. */
export async function commitAhead(tx: Tx, engine: Engine, ahead: Ahead): Promise<void> {
  const { execution, batch } = ahead;
  const { record, progress, revision } = execution;
  if (record.type === "STANDARD") {
    await commitBatch(tx, engine, { execution, batch });
    return;
  }
  const outcome = outcomeOf(ahead);
  if (outcome === undefined) return;
  const over = { ...progress, commit: progress.commit + 1 };
  const ended = await complete(tx, engine, { execution, progress: over, outcome });
  tx.put(PROGRESS.key(record.uid), encodeRecord(ended));
  const logged = { arn: record.arn, redriveCount: 0, logging: revision.record.logging };
  const events = batch.transitions.flatMap((transition) => transition.events);
  logWhenCommitted(tx, engine.log, { execution: logged, events });
}

function outcomeOf({ batch }: Ahead): Parameters<typeof complete>[2]["outcome"] | undefined {
  for (const { effects } of batch.transitions) {
    for (const effect of effects) if (effect.kind === "complete") return effect;
  }
  return undefined;
}
