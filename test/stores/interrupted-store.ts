import type { Entry, Store, Tx } from "../../src/kernel/store.ts";
import type { Key, KeyRange } from "../../src/kernel/tuple.ts";

/**
 * A store of many nodes on which another node comes between: what a body has read is answered only
 * after that node's call has ended, so that a race happens each time, and always in the same way.
 */
export interface InterruptedStore {
  readonly store: Store;
  /** Runs `action` once, after the next read of an existing key, or of a range, within `range`. */
  interrupt(range: KeyRange, action: () => Promise<unknown>): void;
  /** True while the last interruption has not happened yet. */
  readonly isWaiting: boolean;
}

export function interruptedStore(inner: Store): InterruptedStore {
  let waiting: { readonly range: KeyRange; readonly action: () => Promise<unknown> } | undefined;
  const interrupt = async (isMet: (range: KeyRange) => boolean): Promise<void> => {
    if (waiting === undefined || !isMet(waiting.range)) return;
    const { action } = waiting;
    waiting = undefined;
    await action();
  };
  const keyed = async <Answer>(keys: readonly Key[], reading: Promise<Answer>): Promise<Answer> => {
    const answer = await reading;
    await interrupt(({ from, to }) => keys.some((key) => key >= from && key < to));
    return answer;
  };
  const ranged = async (read: KeyRange, reading: Promise<Entry[]>): Promise<Entry[]> => {
    const entries = await reading;
    await interrupt(({ from, to }) => read.from >= from && read.to <= to);
    return entries;
  };
  const watch = (tx: Tx): Tx => ({
    get: (key) => keyed([key], tx.get(key)),
    getMany: (keys) => keyed(keys, tx.getMany(keys)),
    range: (range, options) => ranged(range, tx.range(range, options)),
    claim: (range, limit) => ranged(range, tx.claim(range, limit)),
    sum: (key) => tx.sum(key),
    ...(tx.prefetch !== undefined && { prefetch: async (keys) => tx.prefetch?.(keys) }),
    put: (key, value) => tx.put(key, value),
    delete: (key) => tx.delete(key),
    add: (key, delta) => tx.add(key, delta),
    clearSum: (key) => tx.clearSum(key),
    wake: (wake) => tx.wake(wake),
    afterCommit: (action) => tx.afterCommit(action),
  });
  return {
    interrupt: (range, action) => {
      waiting = { range, action };
    },
    get isWaiting() {
      return waiting !== undefined;
    },
    store: {
      transact: (body) => inner.transact((tx) => body(watch(tx))),
      read: (body) => inner.read(body),
      onWake: (listener) => inner.onWake(listener),
      clear: (kept) => inner.clear(kept),
      check: () => inner.check(),
      close: () => inner.close(),
    },
  };
}
