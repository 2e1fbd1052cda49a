import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { Engine } from "../engine.ts";
import { PROGRESS } from "../keys.ts";
import type { ProgressRecord } from "../records.ts";
import { startedEvent } from "../execution/start.ts";
import { complete } from "./complete.ts";
import { loadExecution } from "../execution/execution.ts";
import { runExpress } from "./express.ts";
import { callerOfExecution, surroundingsOf } from "../execution/surroundings.ts";

/** Runs an Express child of a map run in memory: at least once. Answers how to record its end. */
export async function runExpressChild(
  engine: Engine,
  uid: string,
  signal: AbortSignal,
): Promise<(tx: Tx) => Promise<void>> {
  const loading = engine.store.read((reader) => loadExecution(engine, reader, uid));
  const execution = await engine.clock.track(loading);
  if (execution?.progress.status !== "RUNNING") return async () => {};
  const { record, revision, progress } = execution;
  const { definition, context } = surroundingsOf(engine, execution, engine.clock.now());
  const run = {
    arn: record.arn,
    definition,
    context,
    caller: callerOfExecution(execution),
    input: JSON.parse(record.input),
    started: startedEvent(record, revision.record.roleArn),
    logging: revision.record.logging,
  };
  const outcome = await runExpress(engine, run, signal);
  return async (tx) => {
    const value = await tx.get(PROGRESS.key(record.uid));
    const current = value && decodeRecord<ProgressRecord>(value);
    // It was aborted with its map run meanwhile.
    if (current?.commit !== progress.commit) return;
    const ended = await complete(tx, engine, {
      execution,
      progress: { ...progress, commit: progress.commit + 1 },
      outcome,
    });
    tx.put(PROGRESS.key(record.uid), encodeRecord(ended));
  };
}
