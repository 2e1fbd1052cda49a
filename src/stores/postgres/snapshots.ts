import { StoreUnavailable } from "../../kernel/store.ts";
import type { Snapshot } from "../../kernel/store.ts";
import { ConnectionLost } from "./driver.ts";
import type { Connection, Statement } from "./driver.ts";
import { CONNECT_PAUSE_MS, MAX_GROUP, MAX_WAITING } from "./limits.ts";
import { Member } from "./member.ts";
import { Overlay } from "./overlay.ts";
import { Requests } from "./requests.ts";
import { openSession } from "./session.ts";
import type { SessionOptions } from "./session.ts";

export interface SnapshotsOptions {
  readonly session: SessionOptions;
  /** How many connections read. */
  readonly size: number;
  readonly machineNow: () => number;
}

interface ReadJob {
  readonly body: (reader: Snapshot) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  lost: number;
}

const BEGIN: Statement = { text: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" };
const END: Statement = { text: "COMMIT" };
const NEVER_BUSY = (): undefined => undefined;

/** How often a read is tried anew after its connection was lost. */
const MAX_LOST = 3;

/** Consistent reads: those that arrive together share a snapshot. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #idle: Connection[] = [];
  readonly #groups = new Set<Promise<void>>();
  #waiting: ReadJob[] = [];
  #unfinished = 0;
  #scheduled = false;
  #closed = false;
  #closing: (() => void)[] = [];
  #failure: { readonly error: StoreUnavailable; readonly atMs: number } | undefined;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  read<Result>(body: (reader: Snapshot) => Promise<Result>): Promise<Result> {
    if (this.#closed) return Promise.reject(new StoreUnavailable("the store is closed"));
    if (this.#unfinished >= MAX_WAITING) {
      return Promise.reject(new StoreUnavailable("too many reads wait for PostgreSQL"));
    }
    this.#unfinished += 1;
    const reading = new Promise<Result>((resolve, reject) => {
      // The result is what this body returned.
      const settle = (result: unknown): void => resolve(result as Result);
      this.#waiting.push({ body, resolve: settle, reject, lost: 0 });
      this.#schedule();
    });
    const forget = (): void => this.#forget();
    reading.then(forget, forget);
    return reading;
  }

  /** Runs one statement outside of any snapshot. */
  async run(statement: Statement): Promise<void> {
    if (this.#closed) throw new StoreUnavailable("the store is closed");
    const connection = await this.#connection();
    try {
      await connection.run(statement);
    } catch (error) {
      throw unavailable(error);
    } finally {
      this.#putBack(connection);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#unfinished > 0) await new Promise<void>((resolve) => this.#closing.push(resolve));
    await Promise.all(this.#groups);
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()));
  }

  #forget(): void {
    this.#unfinished -= 1;
    if (this.#unfinished === 0) for (const resolve of this.#closing.splice(0)) resolve();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#waiting.length === 0 || this.#groups.size >= this.#options.size) return;
      const group = this.#runGroup(this.#waiting.splice(0, MAX_GROUP));
      this.#groups.add(group);
      void group.finally(() => {
        this.#groups.delete(group);
        this.#schedule();
      });
      this.#schedule();
    });
  }

  async #runGroup(jobs: readonly ReadJob[]): Promise<void> {
    const open = new Set(jobs);
    let connection: Connection | undefined;
    try {
      connection = await this.#connection();
      const requests = new Requests(connection, BEGIN);
      const running = jobs.map(async (job) => {
        const member = new Member({ requests, base: new Overlay(), busy: NEVER_BUSY });
        const outcome = await member.run(job.body);
        open.delete(job);
        if (outcome.kind === "returned") job.resolve(outcome.result);
        else if (outcome.kind === "threw") job.reject(outcome.error);
      });
      await Promise.race([Promise.all(running), requests.failure]);
      if (requests.begun) await connection.run(END);
    } catch (error) {
      this.#recover(open, error);
      // A failed statement leaves its transaction behind.
      if (connection !== undefined) connection.destroy();
    } finally {
      if (connection !== undefined) this.#putBack(connection);
    }
  }

  #recover(open: Iterable<ReadJob>, error: unknown): void {
    for (const job of open) {
      job.lost += 1;
      if (error instanceof ConnectionLost && job.lost < MAX_LOST) this.#waiting.push(job);
      else job.reject(unavailable(error));
    }
  }

  async #connection(): Promise<Connection> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) if (!idle.lost) return idle;
    const { session, machineNow } = this.#options;
    const failure = this.#failure;
    if (failure && Math.abs(machineNow() - failure.atMs) < CONNECT_PAUSE_MS) throw failure.error;
    try {
      const connection = await openSession(session);
      this.#failure = undefined;
      return connection;
    } catch (error) {
      this.#failure = { error: unavailable(error), atMs: machineNow() };
      throw this.#failure.error;
    }
  }

  #putBack(connection: Connection): void {
    if (!connection.lost) this.#idle.push(connection);
  }
}

function unavailable(error: unknown): StoreUnavailable {
  if (error instanceof StoreUnavailable) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StoreUnavailable(message, { cause: error });
}
