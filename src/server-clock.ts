import type { AdjustableClock, OperatedClock } from "./kernel/clock.ts";
import type { Log } from "./kernel/log.ts";
import { restoreClock, saveClock, watchClock } from "./kernel/saved-clock.ts";
import type { Store } from "./kernel/store.ts";

export interface KeptClockOptions {
  readonly clock: AdjustableClock;
  readonly store: Store;
  /** Whether other nodes may move the clock, too. */
  readonly isShared: boolean;
  readonly log: Log;
}

/**
 * The clock as the outside moves it: every move is kept, so that a restart goes on from there, and
 * nodes that share the store follow. `restore` puts it where the last move left it.
 */
export function keptClock({
  clock,
  store,
  isShared,
  log,
}: KeptClockOptions): OperatedClock & { readonly restore: () => Promise<void> } {
  let last = Promise.resolve();
  // A move is kept before anything looks at what is kept: it would be taken back.
  const inTurn = (act: () => Promise<void>): Promise<void> => {
    const done = last.then(act);
    last = done.catch(() => {});
    return done;
  };
  const keepAfter = (move: () => void | Promise<void>): Promise<void> =>
    inTurn(async () => {
      // While the store is away the move could not be kept: it would be this node's alone.
      await store.check();
      await move();
      await saveClock(store, clock);
    });
  const restore = (): Promise<void> => inTurn(() => restoreClock(store, clock));
  if (isShared) {
    watchClock(store, () => {
      restore().catch((error: unknown) => log.warn("the clock cannot be looked up", { error }));
    });
  }
  return {
    now: () => clock.now(),
    state: () => clock.state(),
    freeze: () => keepAfter(() => clock.freeze()),
    set: (atMs) => keepAfter(() => clock.set(atMs)),
    advance: (durationMs) => keepAfter(() => clock.advance(durationMs)),
    resume: () => keepAfter(() => clock.resume()),
    restore,
  };
}
