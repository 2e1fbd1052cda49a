import { bury } from "./dead-work.ts";
import type { Random } from "./random.ts";
import { decodeRecord, encodeRecord, PRESENT } from "./record.ts";
import type { Tx } from "./store.ts";
import { putDue, WORK_DUE, WORK_ITEM, WORK_LEASED } from "./work.ts";
import type { DueWork, RetryPolicy, WorkRecord } from "./work.ts";

/** The right to perform an item. */
export interface Lease {
  readonly node: string;
  /** Counts the leases of the node. */
  readonly number: number;
}

/** An item that a node performs. */
export interface LeasedWork extends DueWork {
  readonly lease: Lease;
}

/** Takes the first due item of a kind out; an item without its record counts as attempt 0. */
export async function takeDue(tx: Tx, kind: string, nowMs: number): Promise<DueWork | undefined> {
  const [due] = await tx.claim(WORK_DUE.between([kind], 0, nowMs + 1), 1);
  if (due === undefined) return undefined;
  const [, dueAtMs, id] = WORK_DUE.parts(due.key);
  const value = await tx.get(WORK_ITEM.key(kind, id));
  tx.delete(due.key);
  if (value === undefined) return { kind, id, dueAtMs, payload: undefined, attempt: 0 };
  const record = decodeRecord<WorkRecord>(value);
  tx.delete(WORK_ITEM.key(kind, id));
  return { kind, id, dueAtMs, payload: record.payload, attempt: record.failures + 1 };
}

/** Leases the first due items of a kind. */
export async function leaseDue(
  tx: Tx,
  kind: string,
  options: {
    readonly limit: number;
    readonly nowMs: number;
    readonly nextLease: () => Lease;
  },
): Promise<LeasedWork[]> {
  const due = await tx.claim(WORK_DUE.between([kind], 0, options.nowMs + 1), options.limit);
  const ids = due.map((entry) => WORK_DUE.parts(entry.key)[2]);
  const values = await tx.getMany(ids.map((id) => WORK_ITEM.key(kind, id)));
  const items: LeasedWork[] = [];
  for (const [index, entry] of due.entries()) {
    const id = ids[index] ?? "";
    const value = values[index];
    tx.delete(entry.key);
    if (value === undefined) continue;
    const record = decodeRecord<WorkRecord>(value);
    const lease = options.nextLease();
    const leased: WorkRecord = { ...record, leasedBy: lease.node, lease: lease.number };
    tx.put(WORK_ITEM.key(kind, id), encodeRecord(leased));
    tx.put(WORK_LEASED.key(lease.node, kind, id), PRESENT);
    const { dueAtMs, payload, failures } = record;
    items.push({ kind, id, dueAtMs, payload, attempt: failures + 1, lease });
  }
  return items;
}

/** Makes some of what a node had leased due again; answers how many leases it gave back. */
export async function releaseLeases(
  tx: Tx,
  node: string,
  { limit, nowMs }: { readonly limit: number; readonly nowMs: number },
): Promise<number> {
  const leases = await tx.claim(WORK_LEASED.below(node), limit);
  const keys = leases.map((lease) => WORK_LEASED.parts(lease.key));
  const values = await tx.getMany(keys.map(([, kind, id]) => WORK_ITEM.key(kind, id)));
  for (const [index, [, kind, id]] of keys.entries()) {
    tx.delete(WORK_LEASED.key(node, kind, id));
    const value = values[index];
    if (value === undefined) continue;
    const record = decodeRecord<WorkRecord>(value);
    if (record.leasedBy !== node) continue;
    const { payload, failures, next } = record;
    putDue(tx, { kind, id, dueAtMs: nowMs, payload, next }, failures);
  }
  return leases.length;
}

/** Removes the item, or makes due what follows it. Undefined, and no change, without the lease. */
export async function endLease(tx: Tx, item: LeasedWork): Promise<WorkRecord | undefined> {
  const { kind, id, lease } = item;
  const value = await tx.get(WORK_ITEM.key(kind, id));
  const record = value && decodeRecord<WorkRecord>(value);
  if (record?.leasedBy !== lease.node || record.lease !== lease.number) return undefined;
  tx.delete(WORK_LEASED.key(lease.node, kind, id));
  if (record.next === undefined) tx.delete(WORK_ITEM.key(kind, id));
  else putDue(tx, { kind, id, ...record.next }, 0);
  return record;
}

/** What an item's retry is decided by. */
export interface PutBackOptions {
  readonly policy: RetryPolicy;
  /** Why it failed, for operators. */
  readonly reason: string;
  readonly nowMs: number;
  readonly random: Random;
}

/** Makes an item that failed, and whose lease or due time is taken, due again; or dead. */
export async function putBack(
  tx: Tx,
  item: DueWork,
  options: PutBackOptions,
): Promise<"due" | "dead"> {
  const { kind, id, payload, attempt } = item;
  const { policy, reason, nowMs, random } = options;
  if (attempt < policy.maxAttempts) {
    const dueAtMs = nowMs + retryDelayMs(policy, attempt, random);
    putDue(tx, { kind, id, dueAtMs, payload }, attempt);
    return "due";
  }
  tx.delete(WORK_ITEM.key(kind, id));
  await bury(tx, item, { reason, nowMs });
  return "dead";
}

/** Exponential, between half and all of the step so that what failed together spreads out. */
function retryDelayMs(policy: RetryPolicy, attempt: number, random: Random): number {
  const step = Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (attempt - 1));
  return Math.round(step * (0.5 + random.fraction() / 2));
}
