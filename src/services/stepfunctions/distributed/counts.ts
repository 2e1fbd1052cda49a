import type { Reader, Tx } from "../../../kernel/store.ts";
import { MAP_RUN_COUNT } from "../keys.ts";

/** What the children of a map run are counted by. */
export type CountedStatus =
  | "total"
  | "running"
  | "succeeded"
  | "failed"
  | "timedOut"
  | "aborted"
  | "resultsWritten";

const STATUSES: readonly CountedStatus[] = [
  "total",
  "running",
  "succeeded",
  "failed",
  "timedOut",
  "aborted",
  "resultsWritten",
];

/** Names of all sums of a map run. */
export const COUNTS: readonly string[] = ["executions", "items"].flatMap((what) =>
  STATUSES.map((status) => `${what}.${status}`),
);

/** How an execution's status is counted. */
export const COUNTED_AS: Readonly<Record<string, CountedStatus>> = {
  RUNNING: "running",
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  TIMED_OUT: "timedOut",
  ABORTED: "aborted",
};

/** Counts children, and the items they have, without a read. */
export function count(
  tx: Tx,
  mapRunUid: string,
  change: { status: CountedStatus; children: number; items: number },
): void {
  const { status, children, items } = change;
  tx.add(MAP_RUN_COUNT.key(mapRunUid, `executions.${status}`), children);
  tx.add(MAP_RUN_COUNT.key(mapRunUid, `items.${status}`), items);
}

/** Counts of a map run's children, or of their items. */
export interface Counts extends Readonly<Record<CountedStatus, number>> {
  readonly pending: number;
  readonly failuresNotRedrivable: number;
  readonly pendingRedrive: number;
}

/** Reads the counts of a map run. */
export async function readCounts(
  reader: Reader,
  mapRunUid: string,
  what: "executions" | "items",
): Promise<Counts> {
  const sum = (status: CountedStatus): Promise<number> =>
    reader.sum(MAP_RUN_COUNT.key(mapRunUid, `${what}.${status}`));
  const counts = {
    total: await sum("total"),
    running: await sum("running"),
    succeeded: await sum("succeeded"),
    failed: await sum("failed"),
    timedOut: await sum("timedOut"),
    aborted: await sum("aborted"),
    resultsWritten: await sum("resultsWritten"),
  };
  const begun =
    counts.running + counts.succeeded + counts.failed + counts.timedOut + counts.aborted;
  return {
    ...counts,
    pending: Math.max(0, counts.total - begun),
    failuresNotRedrivable: 0,
    pendingRedrive: 0,
  };
}
