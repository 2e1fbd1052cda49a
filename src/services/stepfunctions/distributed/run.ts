import type { Reader, Tx } from "../../../kernel/store.ts";
import type { ParsedRevision } from "../definitions.ts";
import { deliverEvent } from "../execution/work.ts";
import { stopExecution } from "../driver/stop.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import type { ExecutionEvent } from "../interpreter/protocol.ts";
import { mapStateAt } from "../interpreter/transition.ts";
import { EXECUTION_BY_STATUS } from "../keys.ts";
import type { MapState } from "../language/definition.ts";
import { StatesError } from "../language/errors.ts";
import type { Json } from "../language/json.ts";
import { MAP_RUN_START_CHUNK, MAX_DISTRIBUTED_MAP_CONCURRENCY } from "../limits.ts";
import type { ExecutionRecord, MapRunProgress } from "../records.ts";
import { createExecution, newMapRunChild, writeStart } from "../execution/start.ts";
import { commitAhead, lookAhead } from "./ahead.ts";
import type { Ahead } from "./ahead.ts";
import { nextChild } from "./batches.ts";
import type { ChildInput } from "./batches.ts";
import { count, readCounts, setCount } from "../execution/counts.ts";
import type { Counts, Tally } from "../execution/counts.ts";
import { openItems } from "./items.ts";
import { isTotalKnown, readProgress, saveProgress } from "../execution/lifecycle.ts";
import { findMapRun } from "../execution/map-runs.ts";
import type { StoredMapRun } from "../execution/map-runs.ts";
import { awaitRedrive, giveUpRedrive, redriveSome } from "./redrive.ts";
import { collectResults } from "./results.ts";
import type { Collected } from "./results.ts";

/** How many children are looked up at once. */
const CHUNK = 200;

interface MapRun extends StoredMapRun {
  readonly revision: ParsedRevision;
  readonly state: MapState;
  /** Counts of its children, and of their items. */
  readonly children: Counts;
  readonly items: Counts;
}

/** Does what a map run needs now: starts children, ends it, or ends its children. */
export async function runMapRun(engine: Engine, uid: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    if (signal.aborted) throw new Error("the node stops");
    const run = await loadMapRun(engine, uid);
    if (run === undefined) return;
    const { status, isRedriving } = run.progress;
    if (status !== "RUNNING") return finish(engine, run, signal);
    if (isRedriving) {
      if ((await stopChildren(engine, run, signal)) === "waits") return;
      await awaitRedrive(engine, run, signal);
    } else if ((await goOn(engine, run)) === "waits") return;
  }
}

/** Does what is left to do when a map run is over. */
async function finish(engine: Engine, run: MapRun, signal: AbortSignal): Promise<void> {
  const { record, progress } = run;
  await engine.cursors.close(record.uid);
  engine.mapRuns.forget(record.uid);
  if (progress.status === "SUCCEEDED") return;
  if ((await stopChildren(engine, run, signal)) === "waits") return;
  await giveUpRedrive(engine, run, signal);
  await exportLeft(engine, run);
}

async function loadMapRun(engine: Engine, uid: string): Promise<MapRun | undefined> {
  return engine.store.read(async (reader) => {
    const found = await findOwn(engine, reader, uid);
    if (found === undefined) return undefined;
    const revision = await revisionOf(engine, reader, found.record);
    const { definition } = revision;
    const { graph, state } = found.record.call;
    const { executions: children, items } = await readCounts(reader, uid);
    return {
      ...found,
      revision,
      state: mapStateAt(definition, graph, state),
      children,
      items,
    };
  });
}

async function findOwn(
  engine: Engine,
  reader: Reader,
  uid: string,
): Promise<StoredMapRun | undefined> {
  const record = engine.mapRuns.find(uid);
  if (record === undefined) {
    const found = await findMapRun(reader, uid);
    if (found !== undefined) engine.mapRuns.keep(found.record);
    return found;
  }
  const progress = await readProgress(reader, uid);
  return progress && { record, progress };
}

async function goOn(engine: Engine, run: MapRun): Promise<"again" | "waits"> {
  const { record, progress, children, items } = run;
  if (isOverThreshold(progress, items)) {
    const cause = "The specified tolerated failure threshold was exceeded";
    await end(engine, run, { error: "States.ExceedToleratedFailureThreshold", cause });
    return "again";
  }
  try {
    const limit = Math.min(
      progress.maxConcurrency || MAX_DISTRIBUTED_MAP_CONCURRENCY,
      MAX_DISTRIBUTED_MAP_CONCURRENCY,
    );
    const free = Math.min(limit - children.running, MAP_RUN_START_CHUNK);
    if (children.pendingRedrive > 0 && free > 0) {
      await redriveSome(engine, run, free);
      return "again";
    }
    if (!progress.isRead && free > 0) {
      await startChildren(engine, run, free);
      return "again";
    }
    if (!progress.isRead || children.running > 0) return "waits";
    await end(engine, run, await collectResults(engine, record, run.state));
    return "again";
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    await end(engine, run, { error: error.name, cause: error.cause });
    return "again";
  }
}

/** More children failed than are tolerated, by number or by share of all items that there are. */
function isOverThreshold(progress: MapRunProgress, items: Counts): boolean {
  const {
    toleratedFailureCount: maximum,
    toleratedFailurePercentage: percentage,
    isRead,
  } = progress;
  const failed = items.failed + items.timedOut;
  if (failed === 0) return false;
  if (maximum === undefined && percentage === undefined) return true;
  if (maximum !== undefined && failed > maximum) return true;
  return (
    percentage !== undefined && isRead && (failed * 100) / Math.max(1, items.total) > percentage
  );
}

async function startChildren(engine: Engine, run: MapRun, limit: number): Promise<void> {
  const { record, progress } = run;
  const { children, readItems, isRead } = await takeChildren(engine, run, limit);
  const starts: Start[] = [];
  for (const [index, child] of children.entries())
    starts.push(await newChild(engine, { run, child, index: progress.started + index }));
  await engine.store.transact(async (tx) => {
    const current = await readProgress(tx, record.uid);
    // Somebody else started these, or ended the map run.
    if (current?.status !== "RUNNING" || current.readItems !== progress.readItems) return;
    for (const start of starts) await startChild(tx, engine, start);
    const counted = {
      children: children.length,
      items: children.reduce((sum, child) => sum + child.itemCount, 0),
    };
    if (!isTotalKnown(record)) count(tx, record.uid, { status: "total", ...counted });
    count(tx, record.uid, { status: "running", ...counted });
    saveProgress(tx, record.uid, {
      ...current,
      readItems,
      started: progress.started + children.length,
      isRead,
    });
  });
}

interface TakenChildren {
  readonly children: readonly ChildInput[];
  /** How many items were read, with those of before. */
  readonly readItems: number;
  /** True at the end of the items. */
  readonly isRead: boolean;
}

/** Reads the items of as many children. */
function takeChildren(engine: Engine, run: MapRun, limit: number): Promise<TakenChildren> {
  const { record, progress, state } = run;
  const open = (): AsyncIterable<Json> => openItems(engine.settings, record, state);
  const batching = { record, state, random: engine.random, nowMs: engine.clock.now() };
  return engine.cursors.read(
    { uid: record.uid, position: progress.readItems, open },
    async (cursor) => {
      const children: ChildInput[] = [];
      while (children.length < limit) {
        const child = await nextChild(cursor, batching);
        if (child === undefined) return { children, readItems: cursor.position, isRead: true };
        children.push(child);
      }
      return { children, readItems: cursor.position, isRead: false };
    },
  );
}

/** A child that is to be started, perhaps with what it comes to at once. */
interface Start {
  readonly record: ExecutionRecord;
  readonly ahead: Ahead | undefined;
}

async function newChild(
  engine: Engine,
  { run, child, index }: { run: MapRun; child: ChildInput; index: number },
): Promise<Start> {
  const { record, state, revision } = run;
  const { accountId, region, machineName, machineUid, revisionId, label, uid, arn, call } = record;
  const { executionType } = state.processor;
  const started = newMapRunChild({
    accountId,
    region,
    machineName,
    machineUid,
    revisionId,
    label,
    name: engine.random.uuid(),
    input: JSON.stringify(child.input),
    type: executionType,
    ...(executionType === "EXPRESS" && { unique: engine.random.uuid() }),
    nowMs: engine.clock.now(),
    mapRun: { uid, arn, index, itemCount: child.itemCount, graph: [...call.graph, call.state, 0] },
  });
  return { record: started, ahead: await lookAhead(engine, started, revision) };
}

async function startChild(tx: Tx, engine: Engine, { record, ahead }: Start): Promise<void> {
  if (ahead === undefined) return createExecution(tx, engine, record);
  await writeStart(tx, engine, ahead.execution);
  await commitAhead(tx, engine, ahead);
}

type End = Collected | { readonly error: string; readonly cause: string };

/** Ends a map run and tells its execution, unless it was ended meanwhile. */
async function end(engine: Engine, { record }: MapRun, ending: End): Promise<void> {
  await engine.store.transact(async (tx) => {
    const current = await readProgress(tx, record.uid);
    if (current?.status !== "RUNNING") return;
    const { thread, wait } = current;
    const isGood = "output" in ending;
    const event: ExecutionEvent = isGood
      ? { kind: "succeeded", thread, wait, output: ending.output }
      : { kind: "failed", thread, wait, ...ending };
    if (isGood) await setCount(tx, record.uid, { status: "resultsWritten", ...ending.written });
    saveProgress(tx, record.uid, {
      ...current,
      status: isGood ? "SUCCEEDED" : "FAILED",
      stopMs: engine.clock.now(),
    });
    await deliverEvent(tx, engine, { uid: record.executionUid, event });
  });
}

/** Writes the results that there are of a map run that did not succeed, once. */
async function exportLeft(engine: Engine, { record, progress, state }: MapRun): Promise<void> {
  if (progress.isExported === true || state.resultWriter?.resource === undefined) return;
  let written: Tally = { children: 0, items: 0 };
  try {
    ({ written } = await collectResults(engine, record, state));
  } catch (error) {
    // It failed already, perhaps for this.
    if (!(error instanceof StatesError)) throw error;
  }
  await engine.store.transact(async (tx) => {
    const current = await readProgress(tx, record.uid);
    // It was redriven meanwhile.
    if (current?.wait !== progress.wait || current.status === "RUNNING") return;
    await setCount(tx, record.uid, { status: "resultsWritten", ...written });
    saveProgress(tx, record.uid, { ...current, isExported: true });
  });
}

/** Ends the children that run: Standard ones at once, Express ones by themselves ("Redriving Map Runs"). */
async function stopChildren(
  engine: Engine,
  { record, state, children }: MapRun,
  signal: AbortSignal,
): Promise<"over" | "waits"> {
  if (state.processor.executionType === "EXPRESS") return children.running > 0 ? "waits" : "over";
  await abortChildren(engine, record.uid, signal);
  return "over";
}

async function abortChildren(engine: Engine, uid: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const running = await engine.store.read((reader) =>
      reader.range(EXECUTION_BY_STATUS.below(uid, "RUNNING"), { limit: CHUNK }),
    );
    if (running.length === 0) return;
    for (const { key } of running) {
      if (signal.aborted) throw new Error("the node stops");
      const child = EXECUTION_BY_STATUS.parts(key)[3];
      await engine.store.transact((tx) => stopExecution(tx, engine, { uid: child, failure: {} }));
    }
  }
}
