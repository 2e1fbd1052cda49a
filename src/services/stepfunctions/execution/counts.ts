import type { Reader, Tx } from "../../../kernel/store.ts";
import { MAP_RUN_COUNT } from "../keys.ts";

const STATUSES = [
  "total",
  "running",
  "succeeded",
  "failed",
  "timedOut",
  "aborted",
  "pendingRedrive",
  "failuresNotRedrivable",
  "resultsWritten",
] as const;

/** What the children of a map run are counted by. */
export type CountedStatus = (typeof STATUSES)[number];

/** Names of all sums of a map run. */
export const COUNTS: readonly string[] = ["executions", "items"].flatMap((what) =>
  STATUSES.map((status) => `${what}.${status}`),
);

/** How an execution's status is counted. */
const COUNTED_AS: Readonly<Record<string, CountedStatus>> = {
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  TIMED_OUT: "timedOut",
  ABORTED: "aborted",
  PENDING_REDRIVE: "pendingRedrive",
};

/** A number of children, and of the items they have. */
export interface Tally {
  readonly children: number;
  readonly items: number;
}

/** Counts children, and the items they have, without a read. */
export function count(tx: Tx, mapRunUid: string, change: Tally & { status: CountedStatus }): void {
  const { status, children, items } = change;
  tx.add(MAP_RUN_COUNT.key(mapRunUid, `executions.${status}`), children);
  tx.add(MAP_RUN_COUNT.key(mapRunUid, `items.${status}`), items);
}

/** Counts one child, and its items, as of another status. */
export function recount(
  tx: Tx,
  mapRunUid: string,
  move: { readonly itemCount: number; readonly from: string; readonly to: string },
): void {
  const { itemCount, from, to } = move;
  const status = (name: string): CountedStatus => COUNTED_AS[name] ?? "failed";
  count(tx, mapRunUid, { status: status(from), children: -1, items: -itemCount });
  count(tx, mapRunUid, { status: status(to), children: 1, items: itemCount });
}

/** Replaces a count, which what was counted before is read for. */
export async function setCount(
  tx: Tx,
  mapRunUid: string,
  { status, children, items }: Tally & { status: CountedStatus },
): Promise<void> {
  const [childrenBefore, itemsBefore] = await Promise.all([
    tx.sum(MAP_RUN_COUNT.key(mapRunUid, `executions.${status}`)),
    tx.sum(MAP_RUN_COUNT.key(mapRunUid, `items.${status}`)),
  ]);
  const change = { children: children - childrenBefore, items: items - itemsBefore };
  count(tx, mapRunUid, { status, ...change });
}

/** Counts of a map run's children, or of their items. */
export interface Counts extends Readonly<Record<CountedStatus, number>> {
  readonly pending: number;
}

/** Reads the counts of a map run's children and of their items, in one round trip. */
export async function readCounts(
  reader: Reader,
  mapRunUid: string,
): Promise<{ readonly executions: Counts; readonly items: Counts }> {
  const [executions, items] = await Promise.all([
    readEach(reader, mapRunUid, "executions"),
    readEach(reader, mapRunUid, "items"),
  ]);
  return { executions, items };
}

async function readEach(
  reader: Reader,
  mapRunUid: string,
  what: "executions" | "items",
): Promise<Counts> {
  const sums = STATUSES.map((status) =>
    reader.sum(MAP_RUN_COUNT.key(mapRunUid, `${what}.${status}`)),
  );
  // In the statuses' order.
  const [
    total = 0,
    running = 0,
    succeeded = 0,
    failed = 0,
    timedOut = 0,
    aborted = 0,
    pendingRedrive = 0,
    failuresNotRedrivable = 0,
    resultsWritten = 0,
  ] = await Promise.all(sums);
  const begun = running + succeeded + failed + timedOut + aborted + pendingRedrive;
  return {
    total,
    running,
    succeeded,
    failed,
    timedOut,
    aborted,
    pendingRedrive,
    failuresNotRedrivable,
    resultsWritten,
    pending: Math.max(0, total - begun),
  };
}
