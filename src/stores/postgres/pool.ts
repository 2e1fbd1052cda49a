import type { Log } from "../../kernel/log.ts";
import { StoreUnavailable } from "../../kernel/store.ts";
import type { Connection } from "./driver.ts";
import { CONNECT_PAUSE_MS, MAX_CONNECTION_AGE_MS } from "./limits.ts";

/** What a pool keeps: a connection, and what belongs to it. */
export interface Pooled {
  readonly connection: Connection;
  readonly openedAtMs: number;
}

export interface ReachOptions {
  readonly log: Log;
  readonly machineNow: () => number;
}

/**
 * Whether the database is within reach. What one connection learns at the price of a time-out counts
 * for all of this node: after a loss, those that are idle may be as dead and not know it.
 */
export class Reach {
  readonly #options: ReachOptions;
  #losses = 0;
  #failure: { readonly error: StoreUnavailable; readonly atMs: number } | undefined;

  constructor(options: ReachOptions) {
    this.#options = options;
  }

  /** How many connections were lost so far. */
  get losses(): number {
    return this.#losses;
  }

  /** Counts each loss of a connection. */
  watch(connection: Connection): void {
    connection.onLost(() => {
      this.#losses += 1;
    });
  }

  /** Opens something; throws a {@link StoreUnavailable}, at once for a while after it did so. */
  async open<Item>(open: (nowMs: number) => Promise<Item>): Promise<Item> {
    const { log, machineNow } = this.#options;
    const failure = this.#failure;
    const nowMs = machineNow();
    if (failure && Math.abs(nowMs - failure.atMs) < CONNECT_PAUSE_MS) throw failure.error;
    try {
      const item = await open(nowMs);
      this.#failure = undefined;
      return item;
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      const error = new StoreUnavailable(message, { cause });
      this.#failure = { error, atMs: machineNow() };
      log.warn("PostgreSQL is not available", { error: message });
      throw error;
    }
  }

  /** Whether what was opened then is young enough to be used again. */
  isFresh({ openedAtMs }: Pooled): boolean {
    return this.#options.machineNow() - openedAtMs < MAX_CONNECTION_AGE_MS;
  }
}

export interface PoolOptions<Item extends Pooled> {
  /** The most connections, whether they are used or idle. */
  readonly size: number;
  readonly reach: Reach;
  readonly open: (nowMs: number) => Promise<Item>;
  /** Says goodbye to one that is idle; never rejects. */
  readonly close: (item: Item) => Promise<void>;
}

/** Connections of one kind. Who takes one puts it back, whatever became of it. */
export class Pool<Item extends Pooled> {
  readonly #options: PoolOptions<Item>;
  /** With how many losses there had been when it was last of use. */
  readonly #idle: { readonly item: Item; readonly losses: number }[] = [];
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(options: PoolOptions<Item>) {
    this.#options = options;
  }

  /** One that is idle, or a new one; waits while all are taken. */
  async take(): Promise<Item> {
    const { size, reach, open } = this.#options;
    if (this.#taken < size) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      const idle = this.#takeIdle();
      if (idle !== undefined) return idle;
      const item = await reach.open(open);
      reach.watch(item.connection);
      return item;
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  putBack(item: Item): void {
    const { losses } = this.#options.reach;
    if (!item.connection.lost) this.#idle.push({ item, losses });
    this.#leave();
  }

  /** Lets go of all that are idle; to be called when none is taken. */
  async close(): Promise<void> {
    const usable: Item[] = [];
    for (let item = this.#takeIdle(); item; item = this.#takeIdle()) usable.push(item);
    await Promise.all(usable.map(this.#options.close));
  }

  #takeIdle(): Item | undefined {
    const { reach, close } = this.#options;
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      const { item, losses } = idle;
      if (item.connection.lost) continue;
      if (losses !== reach.losses) item.connection.destroy();
      else if (reach.isFresh(item)) return item;
      else void close(item);
    }
    return undefined;
  }

  /** Hands the place over to who waits longest. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
