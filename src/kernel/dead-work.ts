import { decodeRecord, encodeRecord } from "./record.ts";
import { space } from "./spaces.ts";
import type { Space } from "./spaces.ts";
import type { Reader, Snapshot, Store, Tx } from "./store.ts";
import { keyAfter } from "./tuple.ts";
import type { Key, KeyRange } from "./tuple.ts";
import { putDue, WORK_ITEM } from "./work.ts";
import type { DueWork } from "./work.ts";

/**
 * Work whose retry policy gave up. It is kept until an operator has it tried again or removes it, so
 * that what it stood for - a delivery, a deadline - is never lost without anybody's having decided so.
 */
export const WORK_DEAD: Space<[kind: string, id: string]> = space({
  number: 4,
  name: "work dead",
  layout: ["kind", "id"],
  value: "DeadWork",
  lifetime: "from when its retry policy gave up until an operator retries or removes it",
});
/** How much of a kind is dead: a store sum. */
export const WORK_DEAD_COUNT: Space<[kind: string]> = space({
  number: 8,
  name: "work dead count",
  layout: ["kind"],
  value: "sum",
  lifetime: "as the dead work of its kind",
});

/** The most of a reason that is kept, in characters. */
const MAX_REASON_LENGTH = 4_000;
/** How many are retried or removed in one transaction. */
const DEAD_PER_TRANSACTION = 100;
/** More kinds than all services have. */
const MAX_KINDS = 1_000;

export interface DeadWork {
  readonly payload: unknown;
  readonly failures: number;
  /** What its last try threw. */
  readonly error: string;
  readonly diedAtMs: number;
}

/** Dead work with its name. */
export interface DeadItem extends DeadWork {
  readonly kind: string;
  readonly id: string;
}

/** One item of a kind, or all of the kind. */
export interface DeadSelection {
  readonly kind: string;
  readonly id?: string | undefined;
}

/** Declares an item dead that is neither due nor leased any more. */
export async function bury(
  tx: Tx,
  { kind, id, payload, attempt }: DueWork,
  { reason, nowMs }: { readonly reason: string; readonly nowMs: number },
): Promise<void> {
  const key = WORK_DEAD.key(kind, id);
  // One of this name may have died before, and been scheduled anew since.
  if ((await tx.get(key)) === undefined) tx.add(WORK_DEAD_COUNT.key(kind), 1);
  const error = reason.slice(0, MAX_REASON_LENGTH);
  const dead: DeadWork = { payload, failures: attempt, error, diedAtMs: nowMs };
  tx.put(key, encodeRecord(dead));
}

/** How much is dead, by kind; kinds of which nothing is dead are left out. */
export async function countDead(snapshot: Snapshot): Promise<Record<string, number>> {
  const totals = await snapshot.sums(WORK_DEAD_COUNT.below(), MAX_KINDS);
  return Object.fromEntries(totals.map(({ key, total }) => [WORK_DEAD_COUNT.parts(key)[0], total]));
}

/** One page of what is dead, by kind and id; `next` is where the next page begins. */
export async function listDead(
  reader: Reader,
  { from, to }: KeyRange,
  limit: number,
): Promise<{ readonly items: DeadItem[]; readonly next?: Key }> {
  const entries = await reader.range({ from, to }, { limit: limit + 1 });
  const next = entries[limit]?.key;
  const items = entries.slice(0, limit).map(readDead);
  return next === undefined ? { items } : { items, next };
}

/**
 * Makes dead work due now, as if it had never been tried; answers how much. An item that was scheduled
 * anew since it died stays as that says.
 */
export function retryDead(store: Store, which: DeadSelection, nowMs: number): Promise<number> {
  return takeDead(store, which, async (tx, items) => {
    const newer = await tx.getMany(items.map(({ kind, id }) => WORK_ITEM.key(kind, id)));
    for (const [index, { kind, id, payload }] of items.entries()) {
      if (newer[index] === undefined) putDue(tx, { kind, id, dueAtMs: nowMs, payload }, 0);
    }
  });
}

/** Forgets dead work; answers how much. */
export function removeDead(store: Store, which: DeadSelection): Promise<number> {
  return takeDead(store, which, async () => {});
}

/** Takes dead work out in parts; what dies again meanwhile is not taken again. */
async function takeDead(
  store: Store,
  which: DeadSelection,
  use: (tx: Tx, items: readonly DeadItem[]) => Promise<void>,
): Promise<number> {
  let { from, to } = rangeOf(which);
  for (let count = 0; ;) {
    const taken = await store.transact(async (tx) => {
      const entries = await tx.claim({ from, to }, DEAD_PER_TRANSACTION);
      for (const { key } of entries) tx.delete(key);
      if (entries.length > 0) tx.add(WORK_DEAD_COUNT.key(which.kind), -entries.length);
      await use(tx, entries.map(readDead));
      return entries;
    });
    count += taken.length;
    const last = taken.at(-1);
    if (last === undefined || taken.length < DEAD_PER_TRANSACTION) return count;
    from = keyAfter(last.key);
  }
}

function rangeOf({ kind, id }: DeadSelection): KeyRange {
  if (id === undefined) return WORK_DEAD.below(kind);
  const key = WORK_DEAD.key(kind, id);
  return { from: key, to: keyAfter(key) };
}

function readDead({ key, value }: { readonly key: Key; readonly value: Uint8Array }): DeadItem {
  const [kind, id] = WORK_DEAD.parts(key);
  return { kind, id, ...decodeRecord<DeadWork>(value) };
}
