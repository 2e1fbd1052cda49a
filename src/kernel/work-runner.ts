import { setMaxListeners } from "node:events";
import type { Alarm, Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";
import { decodeRecord, encodeRecord, PRESENT } from "./record.ts";
import { StoreUnavailable, WAKE_ALL } from "./store.ts";
import type { Store, Tx } from "./store.ts";
import {
  DEFAULT_RETRY,
  putDue,
  retryDelayMs,
  takeDue,
  WORK_DEAD,
  WORK_DUE,
  WORK_ITEM,
  WORK_LEASED,
  WORK_TOPIC,
} from "./work.ts";
import type {
  DeadWork,
  DueWork,
  EffectHandler,
  LeasedWork,
  RetryPolicy,
  TimerHandler,
  WorkHandler,
  WorkRecord,
} from "./work.ts";

export interface WorkRunnerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  /** Unique among the nodes of a store. */
  readonly node: string;
  /** Finds the handler of a kind; loads its service. */
  readonly handlerOf: (kind: string) => Promise<WorkHandler | undefined>;
}

/** How many transactions fire timers of one kind side by side, so that they share flushes. */
const TIMERS_AT_ONCE = 16;
/** Wait before a kind is looked at again after the store or one of its timers failed. */
const PAUSE_AFTER_FAILURE_MS = 1_000;
/** How many leases one transaction gives back. */
const RELEASE_LIMIT = 500;

interface KindState {
  readonly kind: string;
  alarm: Alarm | undefined;
  alarmAtMs: number;
  /** True while a round looks for due items; `again` asks for another one after it. */
  looking: boolean;
  again: boolean;
  /** How many effects of this kind run here. */
  performing: number;
}

/** Handles what is due, on this node. One per server. */
export class WorkRunner {
  readonly #options: WorkRunnerOptions;
  readonly #kinds = new Map<string, KindState>();
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #leases = 0;
  /** What is due before the start waits for it, or a release might take what this node just leased. */
  #isAtWork = false;

  constructor(options: WorkRunnerOptions) {
    this.#options = options;
    // Node 20 takes more than 10 effects that listen for a leak, and says so on stderr.
    setMaxListeners(0, this.#stopping.signal);
    options.store.onWake((wake) => {
      if (wake.topic === WAKE_ALL.topic) void this.#own(this.#startAnew());
      if (!wake.topic.startsWith(WORK_TOPIC)) return;
      this.#lookAt(wake.topic.slice(WORK_TOPIC.length), wake.atMs ?? 0);
    });
  }

  /** Starts to look after every kind that has something due. Costs one read per kind. */
  async start(): Promise<void> {
    this.#isAtWork = true;
    let { from, to } = WORK_DUE.below();
    for (;;) {
      const [first] = await this.#options.store.read((reader) =>
        reader.range({ from, to }, { limit: 1 }),
      );
      if (first === undefined) return;
      const [kind, dueAtMs] = WORK_DUE.parts(first.key);
      this.#lookAt(kind, dueAtMs);
      from = WORK_DUE.below(kind).to;
    }
  }

  /**
   * Makes all that `node` had leased due again: it is gone, or this one before its start. Then looks
   * after every kind, for it may have ended before it told of what it had scheduled.
   */
  async release(node: string): Promise<void> {
    const { store, clock } = this.#options;
    for (let released = RELEASE_LIMIT; released === RELEASE_LIMIT;) {
      released = await store.transact(async (tx) => {
        const leases = await tx.claim(WORK_LEASED.below(node), RELEASE_LIMIT);
        const keys = leases.map((lease) => WORK_LEASED.parts(lease.key));
        const values = await tx.getMany(keys.map(([, kind, id]) => WORK_ITEM.key(kind, id)));
        for (const [index, [, kind, id]] of keys.entries()) {
          tx.delete(WORK_LEASED.key(node, kind, id));
          const value = values[index];
          if (value === undefined) continue;
          const record = decodeRecord<WorkRecord>(value);
          if (record.leasedBy !== node) continue;
          const { payload, failures, next } = record;
          putDue(tx, { kind, id, dueAtMs: clock.now(), payload, next }, failures);
        }
        return leases.length;
      });
    }
    await this.#startAnew();
  }

  /** Makes due whatever any node had leased: before the start, if nobody else has the store open. */
  async releaseAll(): Promise<void> {
    for (;;) {
      const leases = WORK_LEASED.below();
      const [lease] = await this.#options.store.read((reader) =>
        reader.range(leases, { limit: 1 }),
      );
      if (lease === undefined) return;
      await this.release(WORK_LEASED.parts(lease.key)[0]);
    }
  }

  /** Stops taking items, tells running effects to end, and waits for them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const state of this.#kinds.values()) state.alarm?.cancel();
    // What runs may have begun something else before it heard of it.
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Looks after every kind, again and again until the store can say what is due. */
  async #startAnew(): Promise<void> {
    const { clock, log } = this.#options;
    if (!this.#isAtWork || this.#stopping.signal.aborted) return;
    try {
      await this.start();
    } catch (error) {
      log.warn("work cannot be looked for", { error: describe(error) });
      clock.alarm(clock.now() + PAUSE_AFTER_FAILURE_MS, () => this.#own(this.#startAnew()));
    }
  }

  #lookAt(kind: string, atMs: number): void {
    if (!this.#isAtWork || this.#stopping.signal.aborted) return;
    const state = this.#stateOf(kind);
    if (state.looking && atMs <= this.#options.clock.now()) {
      state.again = true;
      return;
    }
    if (atMs >= state.alarmAtMs) return;
    state.alarm?.cancel();
    if (atMs <= this.#options.clock.now()) {
      state.alarm = undefined;
      state.alarmAtMs = Infinity;
      void this.#options.clock.track(this.#own(this.#look(state)));
      return;
    }
    state.alarmAtMs = atMs;
    state.alarm = this.#options.clock.alarm(atMs, () => {
      state.alarm = undefined;
      state.alarmAtMs = Infinity;
      return this.#own(this.#look(state));
    });
  }

  #stateOf(kind: string): KindState {
    let state = this.#kinds.get(kind);
    if (state === undefined) {
      state = {
        kind,
        alarm: undefined,
        alarmAtMs: Infinity,
        looking: false,
        again: false,
        performing: 0,
      };
      this.#kinds.set(kind, state);
    }
    return state;
  }

  /** One round over a kind: handles what is due, then sets the alarm for what is not yet. */
  async #look(state: KindState): Promise<void> {
    if (state.looking) {
      state.again = true;
      return;
    }
    state.looking = true;
    try {
      const handler = await this.#options.handlerOf(state.kind);
      if (handler === undefined) {
        this.#options.log.error("work of an unknown kind waits", { kind: state.kind });
        return;
      }
      do {
        state.again = false;
        if (handler.kind === "timer") await this.#fireDue(state.kind, handler);
        else await this.#performDue(state, handler);
      } while (state.again && !this.#stopping.signal.aborted);
      state.looking = false;
      await this.#setAlarm(state, handler);
    } catch (error) {
      state.looking = false;
      if (this.#stopping.signal.aborted) return;
      this.#options.log.error("work paused", { kind: state.kind, error: describe(error) });
      this.#lookAt(state.kind, this.#options.clock.now() + PAUSE_AFTER_FAILURE_MS);
    }
  }

  async #setAlarm(state: KindState, handler: WorkHandler): Promise<void> {
    // A kind at its limit looks again when one of its effects ends.
    if (handler.kind === "effect" && state.performing >= handler.concurrency) return;
    const due = WORK_DUE.below(state.kind);
    const [next] = await this.#options.store.read((reader) => reader.range(due, { limit: 1 }));
    if (next !== undefined) this.#lookAt(state.kind, WORK_DUE.parts(next.key)[1]);
  }

  async #fireDue(kind: string, handler: TimerHandler): Promise<void> {
    const worker = async (): Promise<void> => {
      while (!this.#stopping.signal.aborted && (await this.#fireOne(kind, handler)));
    };
    if (!(await this.#fireOne(kind, handler))) return;
    await Promise.all(Array.from({ length: TIMERS_AT_ONCE }, worker));
  }

  /** Fires the first due timer of a kind; false when there is none. */
  async #fireOne(kind: string, handler: TimerHandler): Promise<boolean> {
    const nowMs = this.#options.clock.now();
    let item: DueWork | undefined;
    try {
      await this.#options.store.transact(async (tx) => {
        item = await takeDue(tx, kind, nowMs);
        if (item?.attempt) await handler.fire(tx, item);
      });
    } catch (error) {
      if (item === undefined || error instanceof StoreUnavailable) throw error;
      await this.#retryTimer(item, error);
    }
    return item !== undefined;
  }

  /** Puts a timer whose handler threw back for later, so that it does not hold up the others. */
  async #retryTimer(failed: DueWork, error: unknown): Promise<void> {
    const { kind, id, attempt } = failed;
    this.#options.log.error("timer failed", { kind, id, attempt, error: describe(error) });
    await this.#options.store.transact(async (tx) => {
      const value = await tx.get(WORK_ITEM.key(kind, id));
      const record = value && decodeRecord<WorkRecord>(value);
      if (record?.dueAtMs !== failed.dueAtMs) return;
      tx.delete(WORK_DUE.key(kind, record.dueAtMs, id));
      this.#putBack(tx, DEFAULT_RETRY, failed, error);
    });
  }

  async #performDue(state: KindState, handler: EffectHandler): Promise<void> {
    for (;;) {
      const free = handler.concurrency - state.performing;
      if (free <= 0) return;
      const items = await this.#lease(state.kind, free);
      // A node that stops keeps its leases: the items are performed when it starts.
      if (this.#stopping.signal.aborted) return;
      for (const item of items) {
        state.performing += 1;
        const performed = this.#perform(handler, item).finally(() => {
          state.performing -= 1;
          this.#lookAt(state.kind, this.#options.clock.now());
        });
        const owned = this.#own(performed);
        if (handler.waitsForClock === undefined) void this.#options.clock.track(owned);
      }
      if (items.length < free) return;
    }
  }

  #lease(kind: string, limit: number): Promise<LeasedWork[]> {
    const nowMs = this.#options.clock.now();
    const { node, store } = this.#options;
    return store.transact(async (tx) => {
      const due = await tx.claim(WORK_DUE.between([kind], 0, nowMs + 1), limit);
      const ids = due.map((entry) => WORK_DUE.parts(entry.key)[2]);
      const values = await tx.getMany(ids.map((id) => WORK_ITEM.key(kind, id)));
      const items: LeasedWork[] = [];
      for (const [index, entry] of due.entries()) {
        const id = ids[index] ?? "";
        const value = values[index];
        tx.delete(entry.key);
        if (value === undefined) continue;
        const record = decodeRecord<WorkRecord>(value);
        const lease = (this.#leases += 1);
        tx.put(
          WORK_ITEM.key(kind, id),
          encodeRecord({ ...record, leasedBy: node, lease } satisfies WorkRecord),
        );
        tx.put(WORK_LEASED.key(node, kind, id), PRESENT);
        const { dueAtMs, payload, failures } = record;
        items.push({ kind, id, dueAtMs, payload, attempt: failures + 1, lease });
      }
      return items;
    });
  }

  async #perform(handler: EffectHandler, item: LeasedWork): Promise<void> {
    const { clock, store, log } = this.#options;
    try {
      const finish = await handler.perform(item, this.#stopping.signal);
      await clock.track(
        store.transact(async (tx) => {
          // Without its lease the item is cancelled, or another node's: then that one's result counts.
          if ((await this.#endLease(tx, item)) !== undefined) await finish(tx);
        }),
      );
    } catch (error) {
      // A node that stops keeps its lease: the item is performed anew when it starts.
      if (this.#stopping.signal.aborted) return;
      log.warn("work failed", {
        kind: item.kind,
        id: item.id,
        attempt: item.attempt,
        error: describe(error),
      });
      await this.#endFailed(handler, item, error);
    }
  }

  /** Puts an item that failed back; while the store is away, again and again. */
  async #endFailed(handler: EffectHandler, item: LeasedWork, error: unknown): Promise<void> {
    const { clock, store, log } = this.#options;
    const { kind, id } = item;
    if (this.#stopping.signal.aborted) return;
    try {
      await store.transact((tx) => this.#fail(tx, handler, item, error));
    } catch (failure) {
      const isAway = failure instanceof StoreUnavailable;
      const message = isAway ? "work stays leased for now" : "work stays leased until restart";
      log.error(message, { kind, id, error: describe(failure) });
      if (!isAway) return;
      clock.alarm(clock.now() + PAUSE_AFTER_FAILURE_MS, () =>
        this.#own(this.#endFailed(handler, item, error)),
      );
    }
  }

  /** Removes the item, or makes due what follows it. Undefined, and no change, without the lease. */
  async #endLease(tx: Tx, item: LeasedWork): Promise<WorkRecord | undefined> {
    const { node } = this.#options;
    const { kind, id, lease } = item;
    const value = await tx.get(WORK_ITEM.key(kind, id));
    const record = value && decodeRecord<WorkRecord>(value);
    if (record?.leasedBy !== node || record.lease !== lease) return undefined;
    tx.delete(WORK_LEASED.key(node, kind, id));
    if (record.next === undefined) tx.delete(WORK_ITEM.key(kind, id));
    else putDue(tx, { kind, id, ...record.next }, 0);
    return record;
  }

  async #fail(tx: Tx, handler: EffectHandler, item: LeasedWork, error: unknown): Promise<void> {
    const policy = handler.retry ?? DEFAULT_RETRY;
    const record = await this.#endLease(tx, item);
    if (record === undefined || record.next !== undefined) return;
    if (this.#putBack(tx, policy, item, error) === "dead") await handler.giveUp?.(tx, item, error);
  }

  #putBack(tx: Tx, policy: RetryPolicy, item: DueWork, error: unknown): "due" | "dead" {
    const { kind, id, payload, attempt } = item;
    const nowMs = this.#options.clock.now();
    if (attempt < policy.maxAttempts) {
      const dueAtMs = nowMs + retryDelayMs(policy, attempt, this.#options.random);
      putDue(tx, { kind, id, dueAtMs, payload }, attempt);
      return "due";
    }
    const dead: DeadWork = { payload, failures: attempt, error: describe(error), diedAtMs: nowMs };
    tx.delete(WORK_ITEM.key(kind, id));
    tx.put(WORK_DEAD.key(kind, id), encodeRecord(dead));
    return "dead";
  }

  #own(promise: Promise<void>): Promise<void> {
    this.#running.add(promise);
    return promise.finally(() => this.#running.delete(promise));
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
