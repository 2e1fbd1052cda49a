import { encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { moveStatus } from "../driver/complete.ts";
import { redriveWithin } from "../driver/redrive.ts";
import type { Engine } from "../engine.ts";
import { findExecution, redriveStatus } from "../execution/executions.ts";
import type { StoredExecution } from "../execution/executions.ts";
import { EXECUTION_BY_STATUS, PROGRESS } from "../keys.ts";
import { entriesOf } from "../page.ts";
import type { ExecutionStatusName, MapRunChild } from "../records.ts";
import { recount, setCount } from "../execution/counts.ts";
import { readProgress, saveProgress } from "../execution/lifecycle.ts";
import type { StoredMapRun } from "../execution/map-runs.ts";

/** How many children are looked up at once. */
const CHUNK = 200;
const UNSUCCESSFUL = ["FAILED", "TIMED_OUT", "ABORTED"] as const;

/** Has every child that did not succeed wait to be redriven, but for those that cannot be. */
export async function awaitRedrive(
  engine: Engine,
  { record, progress }: StoredMapRun,
  signal: AbortSignal,
): Promise<void> {
  const left = { children: 0, items: 0 };
  for (const status of UNSUCCESSFUL) {
    for await (const uid of childrenOf(engine, { mapRun: record.uid, status, signal })) {
      const refused = await engine.store.transact((tx) => waitForRedrive(tx, engine, uid));
      if (refused === undefined) continue;
      left.children += 1;
      left.items += refused.itemCount;
    }
  }
  await engine.store.transact(async (tx) => {
    const current = await readProgress(tx, record.uid);
    // It was stopped, and perhaps redriven once more, meanwhile.
    if (current?.wait !== progress.wait) return;
    await setCount(tx, record.uid, { status: "failuresNotRedrivable", ...left });
    saveProgress(tx, record.uid, { ...current, isRedriving: false });
  });
}

/** Lets up to `limit` of the children that wait to be redriven go on, the oldest first. */
export async function redriveSome(
  engine: Engine,
  { record }: StoredMapRun,
  limit: number,
): Promise<void> {
  await engine.store.transact(async (tx) => {
    const current = await readProgress(tx, record.uid);
    if (current?.status !== "RUNNING") return;
    const waiting = EXECUTION_BY_STATUS.below(record.uid, "PENDING_REDRIVE");
    for (const { key } of await tx.range(waiting, { limit })) {
      const child = await findChild(tx, EXECUTION_BY_STATUS.parts(key)[3]);
      if (child?.progress.status !== "PENDING_REDRIVE") continue;
      recountChild(tx, child, "RUNNING");
      await redriveWithin(tx, engine, child);
    }
  });
}

/** What still waits to be redriven when a map run is over is again what it was. */
export async function giveUpRedrive(
  engine: Engine,
  { record }: StoredMapRun,
  signal: AbortSignal,
): Promise<void> {
  const waiting = { mapRun: record.uid, status: "PENDING_REDRIVE", signal } as const;
  for await (const uid of childrenOf(engine, waiting)) {
    await engine.store.transact(async (tx) => {
      const child = await findChild(tx, uid);
      const current = await readProgress(tx, record.uid);
      if (child?.progress.status !== "PENDING_REDRIVE" || current?.status === "RUNNING") return;
      setStatus(tx, child, child.progress.outcome?.status ?? "FAILED");
    });
  }
}

/** Answers the child when it cannot be redriven. */
async function waitForRedrive(
  tx: Tx,
  engine: Engine,
  uid: string,
): Promise<MapRunChild | undefined> {
  const child = await findChild(tx, uid);
  if (child === undefined) return undefined;
  const { status } = await redriveStatus(tx, child, engine.clock.now());
  if (status === "NOT_REDRIVABLE") return child.record.mapRun;
  setStatus(tx, child, "PENDING_REDRIVE");
  return undefined;
}

async function* childrenOf(
  engine: Engine,
  asked: {
    readonly mapRun: string;
    readonly status: ExecutionStatusName;
    readonly signal: AbortSignal;
  },
): AsyncIterable<string> {
  const range = EXECUTION_BY_STATUS.below(asked.mapRun, asked.status);
  for await (const { key } of entriesOf(engine.store, range, CHUNK)) {
    if (asked.signal.aborted) throw new Error("the node stops");
    yield EXECUTION_BY_STATUS.parts(key)[3];
  }
}

/** An execution that a map run started. */
interface Child extends StoredExecution {
  readonly record: StoredExecution["record"] & { readonly mapRun: MapRunChild };
}

async function findChild(tx: Tx, uid: string): Promise<Child | undefined> {
  const found = await findExecution(tx, uid);
  const mapRun = found?.record.mapRun;
  return found && mapRun && { ...found, record: { ...found.record, mapRun } };
}

function setStatus(tx: Tx, child: Child, to: ExecutionStatusName): void {
  const { record, progress } = child;
  const { uid, groups, startMs } = record;
  recountChild(tx, child, to);
  moveStatus(tx, { groups, startMs, uid, from: progress.status, to });
  tx.put(PROGRESS.key(uid), encodeRecord({ ...progress, status: to }));
}

function recountChild(tx: Tx, { record: { mapRun }, progress }: Child, to: string): void {
  const { uid, itemCount } = mapRun;
  recount(tx, uid, { itemCount, from: progress.status, to });
}
