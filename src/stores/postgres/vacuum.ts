import type { Log } from "../../kernel/log.ts";
import {
  MAX_VACUUM_MS,
  VACUUM_AFTER_ROWS,
  VACUUM_PAUSE_FACTOR,
  VACUUM_PAUSE_MS,
} from "./limits.ts";
import type { Connection, Statement } from "./driver.ts";
import { openSession } from "./session.ts";
import type { SessionOptions } from "./session.ts";

export interface VacuumOptions {
  readonly session: SessionOptions;
  readonly log: Log;
  readonly machineNow: () => number;
}

/** One node at a time. */
const TRY_LOCK: Statement = {
  text: "SELECT pg_try_advisory_lock(hashtext(current_schema()::text), -2)",
};
const VACUUM: Statement = { text: "VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) entry, total" };

/**
 * Cleans up behind queues: what is consumed leaves dead index entries at the head, which every claim
 * walks over until they are vacuumed. PostgreSQL's own autovacuum looks once a minute, which is too
 * late under load; so nodes that delete much vacuum, one at a time, and no more than a tenth of the time.
 */
export class Vacuum {
  readonly #options: VacuumOptions;
  #deadRows = 0;
  #notBeforeMs = 0;
  #running: Promise<void> | undefined;
  #connection: Connection | undefined;
  #closed = false;

  constructor(options: VacuumOptions) {
    this.#options = options;
  }

  /** Counts rows that are dead; vacuums when they are many. */
  count(deadRows: number): void {
    this.#deadRows += deadRows;
    if (this.#deadRows < VACUUM_AFTER_ROWS || this.#running !== undefined || this.#closed) return;
    if (this.#options.machineNow() < this.#notBeforeMs) return;
    this.#deadRows = 0;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Ends a vacuum that runs; another one takes up its work. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#connection?.destroy();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { log, machineNow } = this.#options;
    const startedMs = machineNow();
    try {
      await this.#vacuum();
    } catch (error) {
      if (!this.#closed) log.warn("the tables could not be vacuumed", { error });
    }
    const tookMs = machineNow() - startedMs;
    this.#notBeforeMs = machineNow() + Math.max(VACUUM_PAUSE_MS, VACUUM_PAUSE_FACTOR * tookMs);
  }

  async #vacuum(): Promise<void> {
    const connection = await openSession({
      ...this.#options.session,
      statementTimeoutMs: MAX_VACUUM_MS,
      answerTimeoutMs: MAX_VACUUM_MS,
    });
    this.#connection = connection;
    try {
      const { rows } = await connection.run(TRY_LOCK);
      if (rows[0]?.[0] === "t" && !this.#closed) await connection.run(VACUUM);
    } finally {
      this.#connection = undefined;
      await connection.end();
    }
  }
}
