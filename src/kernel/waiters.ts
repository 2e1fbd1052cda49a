import type { Alarm, Clock } from "./clock.ts";
import { WAKE_ALL } from "./store.ts";
import type { Wake } from "./store.ts";

/**
 * Those who wait for something to be there: long polls, consumers, sockets. A waiter enters before
 * it looks, so that nothing which arrives while it looks is missed:
 *
 *   using waiter = waiters.enter(topic);
 *   for (;;) {
 *     const found = await look();
 *     if (found || (await waiter.woken(deadlineMs, signal)) !== "woken") return found;
 *   }
 *
 * A wake-up goes to as many waiters as it says, longest waiting first. One that leaves without
 * having used its wake-up passes it on.
 */
export class Waiters {
  readonly #clock: Clock;
  readonly #topics = new Map<string, Topic>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  enter(topicName: string): Waiter {
    let topic = this.#topics.get(topicName);
    if (topic === undefined) {
      topic = { name: topicName, waiters: new Set(), alarm: undefined, alarmAtMs: Infinity };
      this.#topics.set(topicName, topic);
    }
    const waiter = new Waiter(this.#clock, {
      leave: (left) => this.#leave(topic, left),
      wakeAt: (atMs) => this.#wakeAt(topic, atMs),
    });
    topic.waiters.add(waiter);
    if (this.#closed) waiter.close();
    return waiter;
  }

  /** Passes a wake-up on to waiters of its topic, now or at the time it names. */
  wake({ topic: topicName, count = 1, atMs }: Wake): void {
    if (topicName === WAKE_ALL.topic) {
      for (const topic of this.#topics.values()) wakeSome(topic, Infinity);
      return;
    }
    const topic = this.#topics.get(topicName);
    if (topic === undefined) return;
    if (atMs !== undefined && atMs > this.#clock.now()) this.#wakeAt(topic, atMs);
    else wakeSome(topic, count);
  }

  /** How many wait on a topic now. */
  waiting(topicName: string): number {
    return this.#topics.get(topicName)?.waiters.size ?? 0;
  }

  /** Ends every wait, now and later, with "closed". */
  close(): void {
    this.#closed = true;
    for (const topic of this.#topics.values()) {
      topic.alarm?.cancel();
      for (const waiter of topic.waiters) waiter.close();
    }
  }

  #wakeAt(topic: Topic, atMs: number): void {
    if (atMs >= topic.alarmAtMs) return;
    topic.alarm?.cancel();
    topic.alarmAtMs = atMs;
    topic.alarm = this.#clock.alarm(atMs, () => {
      topic.alarm = undefined;
      topic.alarmAtMs = Infinity;
      wakeSome(topic, 1);
    });
  }

  #leave(topic: Topic, waiter: Waiter): void {
    topic.waiters.delete(waiter);
    if (topic.waiters.size > 0) {
      if (waiter.hasUnusedWake) wakeSome(topic, 1);
      return;
    }
    topic.alarm?.cancel();
    if (this.#topics.get(topic.name) === topic) this.#topics.delete(topic.name);
  }
}

interface Topic {
  readonly name: string;
  readonly waiters: Set<Waiter>;
  alarm: Alarm | undefined;
  alarmAtMs: number;
}

function wakeSome(topic: Topic, count: number): void {
  let left = count;
  for (const waiter of topic.waiters) {
    if (left <= 0) return;
    if (waiter.wake()) left -= 1;
  }
}

interface WaiterRoom {
  leave(waiter: Waiter): void;
  wakeAt(atMs: number): void;
}

export type WaitEnd = "woken" | "timeout" | "aborted" | "closed";

/** One who waits. Leaves when disposed. */
export class Waiter implements Disposable {
  readonly #clock: Clock;
  readonly #room: WaiterRoom;
  #woken = false;
  #closed = false;
  #end: ((end: WaitEnd) => void) | undefined;

  constructor(clock: Clock, room: WaiterRoom) {
    this.#clock = clock;
    this.#room = room;
  }

  get hasUnusedWake(): boolean {
    return this.#woken;
  }

  /** Has the topic woken at `atMs`, for what becomes visible then without a transaction. */
  wakeAt(atMs: number): void {
    this.#room.wakeAt(atMs);
  }

  /** Waits for a wake-up, until `deadlineMs` on the clock or until `signal` aborts. */
  async woken(deadlineMs: number, signal?: AbortSignal): Promise<WaitEnd> {
    if (this.#closed) return "closed";
    if (signal?.aborted) {
      // It may have left instead of looking after its last wake-up: another one has to.
      this.#woken = true;
      return "aborted";
    }
    if (this.#woken) {
      this.#woken = false;
      return "woken";
    }
    if (deadlineMs <= this.#clock.now()) return "timeout";
    let resolve!: (end: WaitEnd) => void;
    const promise = new Promise<WaitEnd>((settle) => {
      resolve = settle;
    });
    this.#end = resolve;
    const alarm = this.#clock.alarm(deadlineMs, () => resolve("timeout"));
    const abort = (): void => resolve("aborted");
    signal?.addEventListener("abort", abort, { once: true });
    const end = await promise;
    signal?.removeEventListener("abort", abort);
    alarm.cancel();
    this.#end = undefined;
    // A wake-up that came while the wait was ending in another way is still unused.
    if (end === "woken") this.#woken = false;
    return end;
  }

  /** Wakes the waiter; false when it already has a wake-up that it did not use. */
  wake(): boolean {
    if (this.#woken) return false;
    this.#woken = true;
    this.#end?.("woken");
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#end?.("closed");
  }

  [Symbol.dispose](): void {
    this.#room.leave(this);
  }
}
