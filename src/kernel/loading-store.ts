import type { Store } from "./store.ts";

/** A transaction's body needs what is not loaded, for which it may not wait: it would keep its turn. */
export class NotLoaded extends Error {
  override readonly name = "NotLoaded";
  readonly load: () => Promise<unknown>;

  constructor(what: string, load: () => Promise<unknown>) {
    super(`${what} is not loaded`);
    this.load = load;
  }
}

/**
 * A store for services that are loaded when they are first needed: a transaction that throws
 * {@link NotLoaded} is rolled back as after a conflict, and runs again once that is loaded.
 */
export function loadingStore(store: Store): Store {
  return {
    async transact(body) {
      for (;;) {
        try {
          return await store.transact(body);
        } catch (error) {
          if (!(error instanceof NotLoaded)) throw error;
          await error.load();
        }
      }
    },
    read: (body) => store.read(body),
    onWake: (listener) => store.onWake(listener),
    clear: (kept) => store.clear(kept),
    check: () => store.check(),
    close: () => store.close(),
  };
}
