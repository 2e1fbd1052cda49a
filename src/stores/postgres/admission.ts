import { StoreUnavailable } from "../../kernel/store.ts";
import { MAX_WAITING } from "./limits.ts";

/** Lets calls in until it is closed, as many as may wait at one time. */
export class Admission {
  readonly #leaveListeners: (() => void)[] = [];
  #inside = 0;
  #closed = false;

  /** Runs a call; rejects with a {@link StoreUnavailable} where it is not let in. */
  admit<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreUnavailable("the store is closed"));
    if (this.#inside >= MAX_WAITING) {
      return Promise.reject(new StoreUnavailable("too many calls wait for PostgreSQL"));
    }
    this.#inside += 1;
    const running = call();
    const leave = (): void => this.#leave();
    running.then(leave, leave);
    return running;
  }

  /** Lets nobody in any more; resolves when all have left. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#inside === 0) return;
    await new Promise<void>((resolve) => this.#leaveListeners.push(resolve));
  }

  #leave(): void {
    this.#inside -= 1;
    if (this.#inside > 0) return;
    for (const listener of this.#leaveListeners.splice(0)) listener();
  }
}
