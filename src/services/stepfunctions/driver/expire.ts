import type { Tx } from "../../../kernel/store.ts";
import type { KeyRange } from "../../../kernel/tuple.ts";
import type { DueWork } from "../../../kernel/work.ts";
import { COUNTS } from "../execution/counts.ts";
import type { Engine } from "../engine.ts";
import { findExecution } from "../execution/executions.ts";
import {
  EXECUTION,
  EXECUTION_BY_START,
  EXECUTION_BY_STATUS,
  HISTORY,
  INBOX,
  MAP_RUN,
  MAP_RUN_BY_EXECUTION,
  MAP_RUN_COUNT,
  MAP_RUN_PROGRESS,
  MAP_RUN_RESULT,
  PROGRESS,
  THREAD,
  THREAD_DATA,
} from "../keys.ts";
import { entriesOf } from "../page.ts";

/** How many keys one transaction removes. */
const CHUNK = 500;

/** Removes an execution whose history was kept long enough, unless it was redriven meanwhile. */
export async function expireExecution(
  engine: Engine,
  item: DueWork,
  signal: AbortSignal,
): Promise<(tx: Tx) => Promise<void>> {
  await removeExecution(engine, item.id, signal);
  return async () => {};
}

/** Removes all that is kept of an execution that is over. */
export async function removeExecution(
  engine: Engine,
  uid: string,
  signal: AbortSignal,
): Promise<void> {
  const execution = await engine.store.read((reader) => findExecution(reader, uid));
  if (execution === undefined || execution.progress.status === "RUNNING") return;
  await removeMapRuns(engine, uid, signal);
  for (const range of [
    HISTORY.below(uid),
    THREAD.below(uid),
    THREAD_DATA.below(uid),
    INBOX.below(uid),
  ]) {
    await removeRange(engine, range, signal);
  }
  const { groups, startMs } = execution.record;
  await engine.store.transact(async (tx) => {
    for (const group of groups) {
      tx.delete(EXECUTION_BY_START.key(group, startMs, uid));
      tx.delete(EXECUTION_BY_STATUS.key(group, execution.progress.status, startMs, uid));
    }
    tx.delete(EXECUTION.key(uid));
    tx.delete(PROGRESS.key(uid));
    return Promise.resolve();
  });
}

async function removeMapRuns(engine: Engine, uid: string, signal: AbortSignal): Promise<void> {
  const { store } = engine;
  for await (const { key } of entriesOf(store, MAP_RUN_BY_EXECUTION.below(uid), CHUNK)) {
    const [, , mapRun] = MAP_RUN_BY_EXECUTION.parts(key);
    for await (const child of entriesOf(store, EXECUTION_BY_START.below(mapRun), CHUNK)) {
      if (signal.aborted) throw new Error("the node stops");
      await removeExecution(engine, EXECUTION_BY_START.parts(child.key)[2], signal);
    }
    await removeRange(engine, MAP_RUN_RESULT.below(mapRun), signal);
    await store.transact(async (tx) => {
      for (const count of COUNTS) tx.clearSum(MAP_RUN_COUNT.key(mapRun, count));
      tx.delete(MAP_RUN.key(mapRun));
      tx.delete(MAP_RUN_PROGRESS.key(mapRun));
      tx.delete(key);
      return Promise.resolve();
    });
  }
}

/** Removes every key of a range, some in each transaction. */
export async function removeRange(
  engine: Engine,
  range: KeyRange,
  signal: AbortSignal,
): Promise<void> {
  for (let removed = CHUNK; removed === CHUNK;) {
    if (signal.aborted) throw new Error("the node stops");
    removed = await engine.store.transact(async (tx) => {
      const entries = await tx.range(range, { limit: CHUNK });
      for (const { key } of entries) tx.delete(key);
      return entries.length;
    });
  }
}
