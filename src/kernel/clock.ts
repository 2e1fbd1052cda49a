import { assert } from "./errors.ts";

/** Where time comes from. Milliseconds of the epoch throughout. */
export interface Clock {
  now(): number;
  /**
   * Calls `action` once when the clock reaches `atMs`, or at once (never synchronously) when it has.
   * A clock that is being advanced waits for the promise that `action` returns before it goes on.
   */
  alarm(atMs: number, action: () => void | Promise<void>): Alarm;
  /**
   * The machine's time in whole milliseconds, which nobody moves and which never goes back here:
   * for numbers that must not repeat, wherever the clock is set.
   */
  steadyNow(): number;
  /** Makes an advancing clock wait for `pending` before it moves on. Returns `pending`. */
  track<Result>(pending: Promise<Result>): Promise<Result>;
}

export interface Alarm {
  cancel(): void;
}

/** How a {@link AdjustableClock} stands: running `offsetMs` ahead of the machine, or frozen. */
export interface ClockState {
  readonly mode: "running" | "frozen";
  readonly nowMs: number;
  readonly offsetMs: number;
}

/** A server's clock as its operators see it: it can be moved, for every service at once. */
export interface OperatedClock {
  now(): number;
  state(): ClockState;
  /** Stops time where it is. */
  freeze(): Promise<void>;
  /** Moves to a time, running what becomes due on the way, in order. */
  set(atMs: number): Promise<void>;
  /** Moves forward, running what becomes due on the way, in order. */
  advance(durationMs: number): Promise<void>;
  /** Lets frozen time run on. */
  resume(): Promise<void>;
}

/** The machine's time; the only place that reads it. */
export const machineNow = (): number => Date.now();

/**
 * How long a Node timer sleeps before the time is looked at again: it does not notice when a machine
 * was suspended, or its clock set forward.
 */
const MAX_TIMER_MS = 10_000;

/** The last time that a Date holds; as far before 1970, the first one. */
export const LAST_MS = 8.64e15;

/** Whether a clock can be set to this, in milliseconds of the epoch. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= LAST_MS;
}

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void | Promise<void>;
  /** Place in the heap, or -1 when it has left. */
  index: number;
}

/**
 * The clock of a server: it runs with the machine's until it is frozen, set or advanced. Setting or
 * advancing it runs every alarm that became due, in order, each at its own time.
 */
export class AdjustableClock implements Clock {
  readonly #machineNow: () => number;
  readonly #heap: Pending[] = [];
  readonly #tracked = new Set<Promise<unknown>>();
  #order = 0;
  #steadyMs = 0;
  #offsetMs = 0;
  /** Where time stands; undefined while it runs. It also stands while it is being moved. */
  #frozenAtMs: number | undefined;
  /** False once it is frozen: then it stands after a move, too. */
  #runs: boolean;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #advancing: Promise<void> = Promise.resolve();
  /** True while a move runs what is due, so that nothing else does. */
  #moving = false;
  #closed = false;

  constructor(options: { readonly frozenAtMs?: number; readonly machineNow?: () => number } = {}) {
    this.#machineNow = options.machineNow ?? machineNow;
    this.#frozenAtMs = options.frozenAtMs;
    this.#runs = options.frozenAtMs === undefined;
  }

  now(): number {
    return this.#frozenAtMs ?? this.#machineNow() + this.#offsetMs;
  }

  steadyNow(): number {
    this.#steadyMs = Math.max(this.#steadyMs, Math.trunc(this.#machineNow()));
    return this.#steadyMs;
  }

  state(): ClockState {
    const nowMs = this.now();
    if (this.#runs) return { mode: "running", nowMs, offsetMs: this.#offsetMs };
    return { mode: "frozen", nowMs, offsetMs: nowMs - this.#machineNow() };
  }

  alarm(atMs: number, action: () => void | Promise<void>): Alarm {
    const pending: Pending = { atMs, order: this.#order, action, index: -1 };
    this.#order += 1;
    this.#push(pending);
    this.#arm();
    return { cancel: () => this.#remove(pending) };
  }

  track<Result>(pending: Promise<Result>): Promise<Result> {
    const settled = pending.then(
      () => {},
      () => {},
    );
    this.#tracked.add(settled);
    void settled.then(() => this.#tracked.delete(settled));
    return pending;
  }

  /** Stops time where it is. Alarms that are due by then still run. */
  freeze(): void {
    this.#runs = false;
    this.#frozenAtMs = this.now();
    this.#arm();
  }

  /** Lets a frozen clock run on from where it stands. */
  resume(): void {
    if (this.#runs || this.#frozenAtMs === undefined) return;
    this.#runs = true;
    this.#offsetMs = this.#frozenAtMs - this.#machineNow();
    if (!this.#moving) this.#runOn();
  }

  /**
   * Moves time forward by `durationMs`, running what becomes due on the way, in order. What passes
   * on the machine meanwhile passes on a running clock as well, after that. Rejects with a RangeError
   * when `durationMs` is not a whole number from 0, or ends after the last time that a Date holds.
   */
  advance(durationMs: number): Promise<void> {
    return this.#exclusively(async () => {
      checkTime(durationMs);
      await this.#moveTo(this.now() + durationMs);
    });
  }

  /** Moves time to `atMs`; moving back runs nothing and leaves alarms where they are. */
  set(atMs: number): Promise<void> {
    return this.#exclusively(() => this.#moveTo(atMs));
  }

  /** Resolves when every alarm that is due has run and all tracked promises have settled. */
  async settle(): Promise<void> {
    await this.#exclusively(() => this.#moveTo(this.now()));
  }

  /** Drops every alarm. */
  close(): void {
    this.#closed = true;
    this.#heap.length = 0;
    this.#arm();
  }

  #exclusively(move: () => Promise<void>): Promise<void> {
    const moved = this.#advancing.then(move);
    this.#advancing = moved.catch(() => {});
    return moved;
  }

  async #moveTo(targetMs: number): Promise<void> {
    checkTime(targetMs);
    this.#frozenAtMs = this.now();
    this.#moving = true;
    this.#arm();
    try {
      await this.#runUntil(targetMs);
      this.#jump(targetMs);
    } finally {
      this.#moving = false;
      if (this.#runs) this.#runOn();
      else this.#arm();
    }
  }

  /** Moves the time that stands, and with it how far ahead of the machine's it will run on. */
  #jump(toMs: number): void {
    this.#offsetMs += toMs - this.now();
    this.#frozenAtMs = toMs;
  }

  #runOn(): void {
    this.#frozenAtMs = undefined;
    this.#arm();
  }

  async #runUntil(targetMs: number): Promise<void> {
    await this.#settleTracked();
    for (let next = this.#heap[0]; next && next.atMs <= targetMs; next = this.#heap[0]) {
      this.#jump(Math.max(this.now(), next.atMs));
      this.#remove(next);
      await next.action();
      await this.#settleTracked();
    }
  }

  /** Waits until nothing is tracked, yielding to I/O so that what was just started can register. */
  async #settleTracked(): Promise<void> {
    do {
      await Promise.all(this.#tracked);
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.#tracked.size > 0);
  }

  /** Keeps one Node timer set for the earliest alarm; while time stands still only if it is due. */
  #arm(): void {
    const first = this.#moving || this.#closed ? undefined : this.#heap[0];
    const next = first && first.atMs > (this.#frozenAtMs ?? Infinity) ? undefined : first;
    const atMs = next?.atMs ?? Infinity;
    if (atMs === this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = undefined;
    if (next === undefined) return;
    const delayMs = Math.min(Math.max(0, Math.ceil(atMs - this.now())), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#ring(), delayMs);
    this.#timer.unref();
  }

  #ring(): void {
    this.#timerAtMs = Infinity;
    const nowMs = this.now();
    for (let next = this.#heap[0]; next && next.atMs <= nowMs; next = this.#heap[0]) {
      this.#remove(next);
      const running = next.action();
      if (running) void this.track(running);
    }
    this.#arm();
  }

  #push(pending: Pending): void {
    if (this.#closed) return;
    pending.index = this.#heap.length;
    this.#heap.push(pending);
    this.#siftUp(pending.index);
  }

  #remove(pending: Pending): void {
    const index = pending.index;
    if (index === -1) return;
    const last = this.#heap.pop();
    assert(last, "a clock's heap holds the alarm that leaves it");
    pending.index = -1;
    if (last === pending) return;
    this.#place(last, index);
    this.#siftUp(index);
    this.#siftDown(last.index);
  }

  #siftUp(from: number): void {
    let index = from;
    const moving = this.#at(index);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(moving, this.#at(parent))) break;
      this.#place(this.#at(parent), index);
      index = parent;
    }
    this.#place(moving, index);
  }

  #siftDown(from: number): void {
    let index = from;
    const moving = this.#at(index);
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#heap.length) break;
      const right = child + 1;
      if (right < this.#heap.length && isBefore(this.#at(right), this.#at(child))) child = right;
      if (!isBefore(this.#at(child), moving)) break;
      this.#place(this.#at(child), index);
      index = child;
    }
    this.#place(moving, index);
  }

  #place(pending: Pending, index: number): void {
    this.#heap[index] = pending;
    pending.index = index;
  }

  #at(index: number): Pending {
    const pending = this.#heap[index];
    assert(pending, "a clock's heap has no holes");
    return pending;
  }
}

function checkTime(ms: unknown): void {
  if (isTime(ms)) return;
  throw new RangeError(`${String(ms)} is no whole number of milliseconds from 0 to ${LAST_MS}`);
}

function isBefore(a: Pending, b: Pending): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
