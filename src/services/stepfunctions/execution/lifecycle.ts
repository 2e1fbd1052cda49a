import { assert } from "../../../kernel/errors.ts";
import { decodeRecord, encodeRecord, PRESENT } from "../../../kernel/record.ts";
import type { Reader, Tx } from "../../../kernel/store.ts";
import type { Execution } from "./execution.ts";
import { deliverEvent, MAP_RUN_WORK } from "./work.ts";
import type { Engine } from "../engine.ts";
import type { Effect, Outcome } from "../interpreter/protocol.ts";
import { MAP_RUN, MAP_RUN_BY_EXECUTION, MAP_RUN_PROGRESS, MAP_RUN_RESULT } from "../keys.ts";
import type {
  ExecutionRecord,
  MapRunChild,
  MapRunProgress,
  MapRunRecord,
  MapRunResult,
} from "../records.ts";
import { uidOf } from "../uids.ts";
import { count, recount } from "./counts.ts";
import { findMapRun } from "./map-runs.ts";

/*
 *   RUNNING ──all children ended──▶ SUCCEEDED
 *      │ ▲
 *      │ └──redrive── FAILED (too many failures, or its items cannot be read)
 *      └──▶ FAILED, or ABORTED with its execution: Standard children that run are aborted, Express ones end,
 *           and the results that there are go to the ResultWriter
 *
 * A redriven one first sees to it that nothing of the attempt before runs, and has its children that did not
 * succeed wait (PENDING_REDRIVE); they go on as many at once as its concurrency allows.
 */

/** Starts a map run, in the transition of the Map state that asks for it. */
export async function startMapRun(
  tx: Tx,
  engine: Engine,
  { execution, effect }: { execution: Execution; effect: Extract<Effect, { kind: "mapRun" }> },
): Promise<void> {
  const {
    accountId,
    region,
    uid: executionUid,
    arn: executionArn,
    machineName,
    machineUid,
    revisionId,
    mapRun,
  } = execution.record;
  const { mapRunArn: arn, settings, items } = effect.mapRun;
  // A child knows places in its processor only.
  const graph = [...(mapRun?.graph ?? []), ...effect.mapRun.graph];
  const uid = uidOf(arn);
  const startMs = engine.clock.now();
  const label = arn.split("/")[1]?.split(":")[0] ?? "";
  const machine = { machineName, machineUid, revisionId, label };
  const record: MapRunRecord = {
    accountId,
    region,
    uid,
    arn,
    startMs,
    executionUid,
    executionArn,
    ...machine,
    call: { ...effect.mapRun, graph },
  };
  const { toleratedFailureCount, toleratedFailurePercentage, maxConcurrency } = settings;
  const progress: MapRunProgress = {
    status: "RUNNING",
    thread: effect.thread,
    wait: effect.wait,
    maxConcurrency,
    ...(toleratedFailureCount !== undefined && { toleratedFailureCount }),
    ...(toleratedFailurePercentage !== undefined && { toleratedFailurePercentage }),
    readItems: 0,
    started: 0,
    isRead: items?.length === 0,
    isRedriving: false,
    redriveCount: 0,
  };
  tx.put(MAP_RUN.key(uid), encodeRecord(record));
  tx.put(MAP_RUN_PROGRESS.key(uid), encodeRecord(progress));
  tx.put(MAP_RUN_BY_EXECUTION.key(executionUid, startMs, uid), PRESENT);
  if (isTotalKnown(record))
    count(tx, uid, { status: "total", children: items?.length ?? 0, items: items?.length ?? 0 });
  await driveMapRun(tx, engine, uid);
}

/** True when the items are at hand and each gets a child of its own, so that all are counted at the start. */
export function isTotalKnown({ call: { items, settings } }: MapRunRecord): boolean {
  const isBatched =
    settings.maxItemsPerBatch !== undefined || settings.maxInputBytesPerBatch !== undefined;
  return items !== undefined && !isBatched;
}

/** Ends a map run because its execution ended; its children are aborted by its own work. */
export async function abortMapRun(tx: Tx, engine: Engine, arn: string): Promise<void> {
  const uid = uidOf(arn);
  const progress = await readProgress(tx, uid);
  if (progress?.status !== "RUNNING") return;
  saveProgress(tx, uid, { ...progress, status: "ABORTED", stopMs: engine.clock.now() });
  await driveMapRun(tx, engine, uid);
}

/** Fails a map run that cannot be advanced because of a bug, so that its execution does not wait for ever. */
export async function failBrokenMapRun(tx: Tx, engine: Engine, uid: string): Promise<void> {
  const found = await findMapRun(tx, uid);
  if (found?.progress.status !== "RUNNING") return;
  const { record, progress } = found;
  saveProgress(tx, uid, { ...progress, status: "FAILED", stopMs: engine.clock.now() });
  const { thread, wait } = progress;
  const cause = "The map run could not be advanced because of an internal error.";
  const event = { kind: "failed", thread, wait, error: "States.Runtime", cause } as const;
  await deliverEvent(tx, engine, { uid: record.executionUid, event });
  // Its children are aborted by its own work.
  await driveMapRun(tx, engine, uid);
}

/** Lets a map run that did not succeed go on, with its execution. */
export async function redriveMapRun(
  tx: Tx,
  engine: Engine,
  { effect }: { effect: Extract<Effect, { kind: "redriveMapRun" }> },
): Promise<void> {
  const uid = uidOf(effect.mapRunArn);
  const progress = await readProgress(tx, uid);
  assert(progress, "an execution waits for a map run that is stored");
  const { stopMs: _, isExported: __, ...rest } = progress;
  saveProgress(tx, uid, {
    ...rest,
    status: "RUNNING",
    thread: effect.thread,
    wait: effect.wait,
    isRedriving: true,
    redriveCount: progress.redriveCount + 1,
    redriveMs: engine.clock.now(),
  });
  await driveMapRun(tx, engine, uid);
}

/** Counts a child that ended, keeps its result, and lets its map run go on. */
export async function onChildEnd(
  tx: Tx,
  engine: Engine,
  { record, mapRun, outcome }: { record: ExecutionRecord; mapRun: MapRunChild; outcome: Outcome },
): Promise<void> {
  const { uid, index, itemCount } = mapRun;
  const result: MapRunResult = { ...outcome, executionUid: record.uid, itemCount };
  tx.put(MAP_RUN_RESULT.key(uid, index), encodeRecord(result));
  recount(tx, uid, { itemCount, from: "RUNNING", to: outcome.status });
  await driveMapRun(tx, engine, uid);
}

/** Has a map run looked after. */
export async function driveMapRun(tx: Tx, engine: Engine, uid: string): Promise<void> {
  await engine.work.ensure(tx, {
    kind: MAP_RUN_WORK,
    id: uid,
    dueAtMs: engine.clock.now(),
    payload: {},
  });
}

/** How far a map run is; undefined when there is none. */
export async function readProgress(
  reader: Reader,
  uid: string,
): Promise<MapRunProgress | undefined> {
  const value = await reader.get(MAP_RUN_PROGRESS.key(uid));
  return value && decodeRecord<MapRunProgress>(value);
}

/** Writes how far a map run is. */
export function saveProgress(tx: Tx, uid: string, progress: MapRunProgress): void {
  tx.put(MAP_RUN_PROGRESS.key(uid), encodeRecord(progress));
}
