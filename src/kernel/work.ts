import { decodeRecord, encodeRecord, PRESENT } from "./record.ts";
import { space } from "./spaces.ts";
import type { Space } from "./spaces.ts";
import type { Tx } from "./store.ts";

/**
 * Durable deadlines and durable to-dos, one mechanism: an item is due at a time and is handled by
 * its kind's handler, once it is due, on any node.
 *
 *   due ──claim──▶ (timer) handled and removed in one transaction
 *    ▲     │
 *    │     └─────▶ leased by this node ──performed──▶ removed with the handler's own changes
 *    │                    │
 *    ├──── retry policy ──┴──── gave up ──▶ dead (`dead-work.ts`)
 *    └───────── retried by an operator ───────┘
 */
export const WORK_ITEM: Space<[kind: string, id: string]> = space({
  number: 1,
  name: "work item",
  layout: ["kind", "id"],
  value: "WorkRecord",
  lifetime: "from being scheduled until handled, cancelled or dead",
});
export const WORK_DUE: Space<[kind: string, dueAtMs: number, id: string]> = space({
  number: 2,
  name: "work due",
  layout: ["kind", "due at (ms)", "id"],
  value: "empty",
  lifetime: "while the item waits for its time or for a node",
});
export const WORK_LEASED: Space<[node: string, kind: string, id: string]> = space({
  number: 3,
  name: "work leased",
  layout: ["node", "kind", "id"],
  value: "empty",
  lifetime: "while a node performs the item",
});

/** What is scheduled. `payload` is JSON. */
export interface WorkItem {
  readonly kind: string;
  /** Unique in its kind: scheduling it again replaces it. */
  readonly id: string;
  readonly dueAtMs: number;
  readonly payload: unknown;
}

/** An item as a handler gets it. */
export interface DueWork extends WorkItem {
  /** 1 the first time. */
  readonly attempt: number;
}

export interface WorkRecord {
  readonly dueAtMs: number;
  readonly payload: unknown;
  /** How often it was tried and failed. */
  readonly failures: number;
  /** The node that performs it. */
  readonly leasedBy?: string;
  /** Its number at that node, which tells it from an earlier lease of an item with the same id. */
  readonly lease?: number;
  /** Scheduled while it was being performed: what it becomes after that. */
  readonly next?: { readonly dueAtMs: number; readonly payload: unknown };
}

/** What a failed item does next. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 20,
  firstDelayMs: 200,
  maxDelayMs: 60_000,
};

/** Handles an item inside the transaction that removes it: exactly once. */
export interface TimerHandler {
  readonly kind: "timer";
  readonly fire: (tx: Tx, item: DueWork) => Promise<void>;
}

/**
 * Handles an item outside of transactions, at least once: it acts on the world and returns what to
 * write, which commits with the removal of the item. It may schedule the same item anew there. When
 * the item was cancelled meanwhile, or leased by another node, what it returned is not written.
 */
export interface EffectHandler {
  readonly kind: "effect";
  readonly perform: (item: DueWork, signal: AbortSignal) => Promise<(tx: Tx) => Promise<void>>;
  /** How many of this kind run at once on a node. */
  readonly concurrency: number;
  /**
   * Set where performing may itself wait for the clock: a clock that is advanced does not wait for it
   * then, so the handler tracks what it does between its waits.
   */
  readonly waitsForClock?: true;
  readonly retry?: RetryPolicy;
  /** Runs in the transaction that declares an item dead. */
  readonly giveUp?: (tx: Tx, item: DueWork, error: unknown) => Promise<void>;
}

export type WorkHandler = TimerHandler | EffectHandler;
export type WorkHandlers = Readonly<Record<string, WorkHandler>>;

/** The part of work that services use: scheduling is a write like any other. */
export interface WorkQueue {
  /**
   * Makes an item due, replacing one with the same kind and id. If a node performs that one now, the
   * new one takes its place when it is done.
   */
  schedule(tx: Tx, item: WorkItem): Promise<void>;
  /**
   * Makes sure that an item is due by then: one that is due no later stays as it is. Writes nothing
   * in that case, so that many transactions can ask for the same item without colliding.
   */
  ensure(tx: Tx, item: WorkItem): Promise<void>;
  /** Fetches together what `schedule` and `ensure` of these items read; see {@link Tx.prefetch}. */
  prefetch(tx: Tx, kind: string, ids: readonly string[]): Promise<void>;
  /**
   * Forgets an item. One that a node performs now is not interrupted, but neither tried again, and
   * what it returns is not written.
   */
  cancel(tx: Tx, kind: string, id: string): Promise<void>;
}

/** Prefix of the wake-up topic that says a kind has something due. */
export const WORK_TOPIC = "work:";

/** {@link WorkQueue} on any store: needs nothing but the transaction. */
export const workQueue: WorkQueue = {
  async schedule(tx, { kind, id, dueAtMs, payload }) {
    const key = WORK_ITEM.key(kind, id);
    const existing = await tx.get(key);
    const record = existing && decodeRecord<WorkRecord>(existing);
    if (record?.leasedBy !== undefined) {
      tx.put(key, encodeRecord({ ...record, next: { dueAtMs, payload } } satisfies WorkRecord));
      return;
    }
    if (record !== undefined) tx.delete(WORK_DUE.key(kind, record.dueAtMs, id));
    putDue(tx, { kind, id, dueAtMs, payload }, 0);
  },

  async ensure(tx, item) {
    const existing = await tx.get(WORK_ITEM.key(item.kind, item.id));
    const record = existing && decodeRecord<WorkRecord>(existing);
    const present = record?.leasedBy === undefined ? record : record.next;
    if (present === undefined || present.dueAtMs > item.dueAtMs) await workQueue.schedule(tx, item);
  },

  async prefetch(tx, kind, ids) {
    await tx.prefetch?.(ids.map((id) => WORK_ITEM.key(kind, id)));
  },

  async cancel(tx, kind, id) {
    const key = WORK_ITEM.key(kind, id);
    const existing = await tx.get(key);
    if (existing === undefined) return;
    const record = decodeRecord<WorkRecord>(existing);
    if (record.leasedBy === undefined) tx.delete(WORK_DUE.key(kind, record.dueAtMs, id));
    else tx.delete(WORK_LEASED.key(record.leasedBy, kind, id));
    tx.delete(key);
  },
};

interface ItemToPut extends WorkItem {
  /** What follows it, when it was given back while it had that. */
  readonly next?: WorkRecord["next"] | undefined;
}

/** Writes an item as due and says so to every node. */
export function putDue(tx: Tx, item: ItemToPut, failures: number): void {
  const { kind, id, dueAtMs, payload, next } = item;
  const record: WorkRecord = { dueAtMs, payload, failures, ...(next !== undefined && { next }) };
  tx.put(WORK_ITEM.key(kind, id), encodeRecord(record));
  tx.put(WORK_DUE.key(kind, dueAtMs, id), PRESENT);
  tx.wake({ topic: WORK_TOPIC + kind, atMs: dueAtMs });
}
