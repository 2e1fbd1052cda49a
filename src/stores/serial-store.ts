import type { Log } from "../kernel/log.ts";
import { StoreUnavailable } from "../kernel/store.ts";
import type { Entry, RangeOptions, Snapshot, Store, Total, Tx, Wake } from "../kernel/store.ts";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import { assertDelta, assertLimit, isTooLong, writable } from "./limits.ts";

/**
 * Where a {@link SerialStore} keeps its entries. Reads and writes happen at once and only while a
 * transaction's body runs, between `begin` and `end`.
 */
export interface Tables {
  /** Before a body runs. Rejects with a {@link StoreUnavailable} while nothing can be stored. */
  begin(): Promise<void> | undefined;
  /** Takes back all writes of the body. */
  rollback(): void;
  /** After a body ran. Resolves when all that is written is durable; undefined if it is now. */
  end(): Promise<void> | undefined;
  get(key: Key): Uint8Array | undefined;
  range(range: KeyRange, options: RangeOptions): Entry[];
  /** Sets or, without a value, deletes. */
  write(key: Key, value: Uint8Array | undefined): void;
  /** Removes all but what is at `kept`, in one commit. Only while no body runs. */
  clear(kept: readonly Key[]): Promise<void>;
  /** Only while no body runs: what failed may be opened anew under it. */
  check(): Promise<void>;
  /** Once all is durable. */
  close(): Promise<void>;
}

/** Totals live beside the entries, where no space's range reaches: spaces end before 0xfffe. */
const SUM_PREFIX = "\xff\xfe";

/**
 * The transactions of a store that one process has for itself. Bodies await nothing but their
 * transaction, so they run one at a time, each to its end: that is serializable, has no conflicts,
 * and needs no locks. They wait for their flush together, outside of that order.
 */
export class SerialStore implements Store {
  readonly #tables: Tables;
  readonly #log: Log;
  readonly #listeners: ((wake: Wake) => void)[] = [];
  readonly #order = new Order();
  /** How many calls run or wait for the disk. */
  #unfinished = 0;
  #onIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(tables: Tables, log: Log) {
    this.#tables = tables;
    this.#log = log;
  }

  async transact<Result>(body: (tx: Tx) => Promise<Result>): Promise<Result> {
    const tx = new SerialTx(this.#tables);
    const result = await this.#inOrder(tx, body);
    for (const wake of tx.wakes) {
      for (const listener of this.#listeners) this.#isolate(() => listener(wake));
    }
    for (const action of tx.actions) this.#isolate(action);
    return result;
  }

  read<Result>(body: (reader: Snapshot) => Promise<Result>): Promise<Result> {
    return this.#inOrder(new SerialTx(this.#tables), body);
  }

  onWake(listener: (wake: Wake) => void): void {
    this.#listeners.push(listener);
  }

  clear(kept: readonly Key[] = []): Promise<void> {
    return this.#betweenBodies(() => this.#tables.clear(kept));
  }

  check(): Promise<void> {
    return this.#betweenBodies(() => this.#tables.check());
  }

  close(): Promise<void> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<void> {
    if (this.#unfinished > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    await this.#tables.close();
  }

  /**
   * Runs `body` after all earlier ones. Settles when what it saw and wrote is durable, also when it
   * threw: what it threw may tell of what others wrote.
   */
  async #inOrder<Result>(tx: SerialTx, body: (tx: SerialTx) => Promise<Result>): Promise<Result> {
    this.#enter();
    let durable: Promise<void> | undefined;
    try {
      const earlier = this.#order.begin();
      if (earlier !== undefined) await earlier;
      try {
        const ready = this.#tables.begin();
        if (ready !== undefined) await ready;
        try {
          const result = await body(tx);
          tx.writeTotals();
          return result;
        } catch (error) {
          this.#tables.rollback();
          throw error;
        } finally {
          tx.close();
          durable = this.#tables.end();
        }
      } finally {
        this.#order.end();
      }
    } finally {
      try {
        if (durable !== undefined) await durable;
      } finally {
        this.#leave();
      }
    }
  }

  async #betweenBodies(action: () => Promise<void>): Promise<void> {
    this.#enter();
    try {
      await this.#order.begin();
      try {
        await action();
      } finally {
        this.#order.end();
      }
    } finally {
      this.#leave();
    }
  }

  #enter(): void {
    if (this.#closing !== undefined) throw closedError();
    this.#unfinished += 1;
  }

  #leave(): void {
    this.#unfinished -= 1;
    if (this.#unfinished === 0) this.#onIdle?.();
  }

  #isolate(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#log.error("an action after a commit failed", { error });
    }
  }
}

/** Who runs one at a time, in the order in which they asked to. */
class Order {
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  /** Resolves when all earlier ones have called {@link Order.end}; undefined: they have. */
  begin(): Promise<void> | undefined {
    if (this.#isTaken) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#isTaken = true;
    return undefined;
  }

  end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isTaken = false;
    else next();
  }
}

/** One transaction; also the reader of `read`. */
class SerialTx implements Tx, Snapshot {
  readonly wakes: Wake[] = [];
  readonly actions: (() => void)[] = [];
  readonly #tables: Tables;
  /** What is added to totals, by where they are kept; written once, at the end. */
  #added: Map<Key, number> | undefined;
  #over = false;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  /** Nothing more may be read or written. */
  close(): void {
    this.#over = true;
  }

  writeTotals(): void {
    if (this.#added === undefined) return;
    for (const [at, delta] of this.#added) {
      const total = this.#total(at) + delta;
      this.#tables.write(at, total === 0 ? undefined : encodeTotal(total));
    }
  }

  async get(key: Key): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    return this.#get(key);
  }

  async getMany(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]> {
    this.#assertOpen();
    return keys.map((key) => this.#get(key));
  }

  async range(range: KeyRange, options: RangeOptions): Promise<Entry[]> {
    this.#assertOpen();
    assertLimit(options.limit);
    return this.#tables.range(range, options);
  }

  async sum(key: Key): Promise<number> {
    this.#assertOpen();
    if (isTooLong(key)) return 0;
    const at = sumKey(key);
    return this.#total(at) + (this.#added?.get(at) ?? 0);
  }

  async sums({ from, to }: KeyRange, limit: number): Promise<Total[]> {
    const entries = await this.range({ from: sumKey(from), to: sumKey(to) }, { limit });
    return entries.map(({ key, value }) => ({
      key: key.slice(SUM_PREFIX.length) as Key, // sumKey() was given a key
      total: decodeTotal(value),
    }));
  }

  /** No other transaction is ever open, so nothing is claimed. */
  claim(range: KeyRange, limit: number): Promise<Entry[]> {
    return this.range(range, { limit });
  }

  put(key: Key, value: Uint8Array): void {
    this.#write(writable(key), value);
  }

  delete(key: Key): void {
    if (!isTooLong(key)) this.#write(key, undefined);
  }

  add(key: Key, delta: number): void {
    this.#assertOpen();
    assertDelta(delta);
    const at = sumKey(key);
    this.#added ??= new Map();
    this.#added.set(at, (this.#added.get(at) ?? 0) + delta);
  }

  clearSum(key: Key): void {
    const at = sumKey(key);
    this.#added?.delete(at);
    this.#write(at, undefined);
  }

  wake(wake: Wake): void {
    this.wakes.push(wake);
  }

  afterCommit(action: () => void): void {
    this.actions.push(action);
  }

  #get(key: Key): Uint8Array | undefined {
    return isTooLong(key) ? undefined : this.#tables.get(key);
  }

  #write(key: Key, value: Uint8Array | undefined): void {
    this.#assertOpen();
    this.#tables.write(key, value);
  }

  #total(at: Key): number {
    const value = this.#tables.get(at);
    return value === undefined ? 0 : decodeTotal(value);
  }

  #assertOpen(): void {
    if (this.#over) throw new Error("a transaction was used after its end");
  }
}

function sumKey(key: Key): Key {
  return (SUM_PREFIX + writable(key)) as Key; // what sorts as it should is a key
}

function encodeTotal(total: number): Uint8Array {
  const value = Buffer.allocUnsafe(8);
  value.writeDoubleBE(total);
  return value;
}

function decodeTotal(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset, 8).getFloat64(0);
}

function closedError(): StoreUnavailable {
  return new StoreUnavailable("the store is closed");
}
