import { setMaxListeners } from "node:events";
import type { Alarm, Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";
import { WAKE_ALL } from "./store.ts";
import type { Store } from "./store.ts";
import { describe, fireFirst, PAUSE_AFTER_FAILURE_MS, perform } from "./work-handling.ts";
import type { Handling } from "./work-handling.ts";
import { leaseDue, releaseLeases } from "./work-transitions.ts";
import type { Lease, LeasedWork } from "./work-transitions.ts";
import { WORK_DUE, WORK_LEASED, WORK_TOPIC } from "./work.ts";
import type { EffectHandler, TimerHandler, WorkHandler } from "./work.ts";

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

/**
 * Decides when to look for what is due, on this node, and hands it over to be handled. One per server.
 */
export class WorkRunner {
  readonly #options: WorkRunnerOptions;
  readonly #handling: Handling;
  readonly #kinds = new Map<string, KindState>();
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #leases = 0;
  /** What is due before the start waits for it, or a release might take what this node just leased. */
  #isAtWork = false;

  constructor(options: WorkRunnerOptions) {
    this.#options = options;
    const stopping = this.#stopping.signal;
    this.#handling = { ...options, stopping, own: (promise) => this.#own(promise) };
    // Node 20 takes more than 10 effects that listen for a leak, and says so on stderr.
    setMaxListeners(0, stopping);
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
      released = await store.transact((tx) =>
        releaseLeases(tx, node, { limit: RELEASE_LIMIT, nowMs: clock.now() }),
      );
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
      while (!this.#stopping.signal.aborted && (await fireFirst(this.#handling, kind, handler)));
    };
    if (!(await fireFirst(this.#handling, kind, handler))) return;
    await Promise.all(Array.from({ length: TIMERS_AT_ONCE }, worker));
  }

  async #performDue(state: KindState, handler: EffectHandler): Promise<void> {
    for (;;) {
      const free = handler.concurrency - state.performing;
      if (free <= 0) return;
      const items = await this.#lease(state.kind, free);
      // A node that stops keeps its leases; who owns the runner, or the next start, gives them back.
      if (this.#stopping.signal.aborted) return;
      for (const item of items) {
        state.performing += 1;
        const performed = perform(this.#handling, handler, item).finally(() => {
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
    const { node, store, clock } = this.#options;
    const nowMs = clock.now();
    const nextLease = (): Lease => ({ node, number: (this.#leases += 1) });
    return store.transact((tx) => leaseDue(tx, kind, { limit, nowMs, nextLease }));
  }

  #own(promise: Promise<void>): Promise<void> {
    this.#running.add(promise);
    return promise.finally(() => this.#running.delete(promise));
  }
}
