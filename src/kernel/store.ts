import type { Key, KeyRange } from "./tuple.ts";

/**
 * Ordered keys and values with transactions: the only thing a service knows of where data lives.
 * Every semantic of every service is written once, above this contract.
 */
export interface Store {
  /**
   * Runs `body` as one transaction: all of its writes happen, or none. Resolves when they are
   * durable. Transactions are serializable in what they `get`, `getMany` and `claim`; `body` may run
   * again after a conflict (or once what it needs is loaded: `loading-store.ts`), so its only effects
   * are through `tx`. A body awaits nothing but `tx`.
   */
  transact<Result>(body: (tx: Tx) => Promise<Result>): Promise<Result>;
  /**
   * Runs `body` on a consistent state; resolves when all that it saw is durable. `body` may run again
   * when the state was lost half way, with the connection to it.
   */
  read<Result>(body: (reader: Snapshot) => Promise<Result>): Promise<Result>;
  /** Calls `listener` for each wake-up that a transaction of any node asked for, after its commit. */
  onWake(listener: (wake: Wake) => void): void;
  /** Removes every total, and every key but those of `kept`; all of it in one commit. */
  clear(kept?: readonly Key[]): Promise<void>;
  /** Rejects with a {@link StoreUnavailable} while the store cannot serve. */
  check(): Promise<void>;
  /** Finishes what runs, flushes and lets go of everything. */
  close(): Promise<void>;
}

export interface Entry {
  readonly key: Key;
  /** Not to be changed, and valid after the transaction. */
  readonly value: Uint8Array;
}

export interface RangeOptions {
  /** The most entries to answer; a positive whole number. */
  readonly limit: number;
  /** From the end of the range downwards. */
  readonly reverse?: boolean;
}

/** Reads. A transaction's reader sees what the transaction wrote. */
export interface Reader {
  /** The value at a key; undefined when there is none, as at a key that is too long to be written. */
  get(key: Key): Promise<Uint8Array | undefined>;
  /** Reads known together travel together: one round trip where the store is remote. */
  getMany(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]>;
  /** Entries in key order. Entries that other transactions add at the same time may be missing. */
  range(range: KeyRange, options: RangeOptions): Promise<Entry[]>;
  /** The total of all that was added at `key`, which is 0 at first. */
  sum(key: Key): Promise<number>;
}

/** A reader that also finds the totals that there are: what an export needs. */
export interface Snapshot extends Reader {
  /** Totals in key order, without those that are 0. */
  sums(range: KeyRange, limit: number): Promise<Total[]>;
}

export interface Total {
  readonly key: Key;
  readonly total: number;
}

export interface Tx extends Reader {
  /**
   * Fetches what is going to be read, so that each of these reads needs no round trip of its own. It
   * is no read: the transaction does not depend on it. Absent where the store is near.
   */
  prefetch?(keys: readonly Key[]): Promise<void>;
  /**
   * The first entries of a range that no other open transaction has claimed. They stay this
   * transaction's own until it ends; it normally deletes or moves them.
   */
  claim(range: KeyRange, limit: number): Promise<Entry[]>;
  put(key: Key, value: Uint8Array): void;
  delete(key: Key): void;
  /**
   * Adds a safe integer to the total at `key` without reading it, so that transactions which add never
   * collide.
   */
  add(key: Key, delta: number): void;
  /** Forgets the total at `key`. */
  clearSum(key: Key): void;
  /** After the commit, tells every node's {@link Store.onWake} listeners. */
  wake(wake: Wake): void;
  /** Runs on this node after the commit; for counters and logs, never for what must happen. */
  afterCommit(action: () => void): void;
}

/** Tells waiters of `topic` to look again. */
export interface Wake {
  readonly topic: string;
  /** How many waiters have reason to look; 1 by default. */
  readonly count?: number;
  /** When to look, in milliseconds of the epoch; at once when absent. */
  readonly atMs?: number;
}

/**
 * Tells waiters of every topic to look again: wake-ups of other nodes may have been lost. Listeners of
 * {@link Store.onWake} get it from stores that nodes share.
 */
export const WAKE_ALL: Wake = { topic: "*" };

/** The store cannot serve now: disk full or damaged, database gone. Nothing was half done. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}
