/** What a subscription may do in the present second. */
export interface Share {
  readonly count: number;
  /** When the next second begins. */
  readonly nextMs: number;
}

interface Window {
  readonly startMs: number;
  used: number;
}

const SECOND_MS = 1_000;

/** Counts attempts by second, for subscriptions that have a limit on them. */
export class RateWindows {
  readonly #windows = new Map<string, Window>();

  /** Takes as much of what is wanted as the second still allows. */
  take(
    id: string,
    request: {
      readonly wanted: number;
      readonly perSecond: number | undefined;
      readonly nowMs: number;
    },
  ): Share {
    const { wanted, perSecond, nowMs } = request;
    if (perSecond === undefined) return { count: wanted, nextMs: nowMs };
    this.#forgetOld(nowMs);
    let window = this.#windows.get(id);
    if (window === undefined) {
      window = { startMs: nowMs, used: 0 };
      this.#windows.set(id, window);
    }
    const count = Math.min(wanted, Math.max(0, perSecond - window.used));
    window.used += count;
    return { count, nextMs: window.startMs + SECOND_MS };
  }

  /** Windows begin in the order of the map. */
  #forgetOld(nowMs: number): void {
    for (const [id, { startMs }] of this.#windows) {
      if (startMs <= nowMs && nowMs < startMs + SECOND_MS) return;
      this.#windows.delete(id);
    }
  }
}
