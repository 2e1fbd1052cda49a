import { StoreUnavailable } from "../../kernel/store.ts";
import type { Snapshot } from "../../kernel/store.ts";
import { Admission } from "./admission.ts";
import { ConnectionLost } from "./driver.ts";
import type { Statement } from "./driver.ts";
import { isTransient, toCaller } from "./errors.ts";
import { MAX_GROUP } from "./limits.ts";
import { Member } from "./member.ts";
import { PendingWrites } from "./pending-writes.ts";
import { Pool } from "./pool.ts";
import type { Pooled, Reach } from "./pool.ts";
import { Requests } from "./requests.ts";
import { openSession } from "./session.ts";
import type { SessionOptions } from "./session.ts";

export interface SnapshotsOptions {
  readonly session: SessionOptions;
  readonly reach: Reach;
  /** How many connections read. */
  readonly size: number;
}

interface ReadJob {
  readonly body: (reader: Snapshot) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** How often it met what may well be over when it is done again. */
  failures: number;
}

const BEGIN: Statement = { text: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY" };
const END: Statement = { text: "COMMIT" };
const ROLLBACK: Statement = { text: "ROLLBACK" };
const NEVER_BUSY = (): undefined => undefined;

/** How often a read is tried while its connection is lost or another one stands in its way. */
const MAX_TRIES = 3;

/** Consistent reads: those that arrive together share a snapshot. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #pool: Pool<Pooled>;
  readonly #admission = new Admission();
  readonly #groups = new Set<Promise<void>>();
  #waiting: ReadJob[] = [];
  /** Those of snapshots that one of them broke: each gets its own. */
  #alone: ReadJob[] = [];
  #scheduled = false;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    this.#pool = new Pool<Pooled>({
      size: options.size,
      reach: options.reach,
      open: async (openedAtMs) => ({ connection: await openSession(options.session), openedAtMs }),
      close: ({ connection }) => connection.end(),
    });
  }

  read<Result>(body: (reader: Snapshot) => Promise<Result>): Promise<Result> {
    return this.#admission.admit(
      () =>
        new Promise<Result>((resolve, reject) => {
          // The result is what this body returned.
          const settle = (result: unknown): void => resolve(result as Result);
          this.#waiting.push({ body, resolve: settle, reject, failures: 0 });
          this.#schedule();
        }),
    );
  }

  /** Runs one statement outside of any snapshot. */
  run(statement: Statement): Promise<void> {
    return this.#admission.admit(async () => {
      const session = await this.#pool.take();
      try {
        await session.connection.run(statement);
      } catch (error) {
        throw toCaller(error);
      } finally {
        this.#pool.putBack(session);
      }
    });
  }

  async close(): Promise<void> {
    await this.#admission.close();
    await Promise.all(this.#groups);
    await this.#pool.close();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#groups.size >= this.#options.size) return;
      const jobs = this.#takeJobs();
      if (jobs.length === 0) return;
      const group = this.#runGroup(jobs);
      this.#groups.add(group);
      void group.finally(() => {
        this.#groups.delete(group);
        this.#schedule();
      });
      this.#schedule();
    });
  }

  #takeJobs(): ReadJob[] {
    if (this.#alone.length > 0) return this.#alone.splice(0, 1);
    return this.#waiting.splice(0, MAX_GROUP);
  }

  async #runGroup(jobs: readonly ReadJob[]): Promise<void> {
    const open = new Set(jobs);
    let session: Pooled | undefined;
    try {
      session = await this.#pool.take();
      const { connection } = session;
      const requests = new Requests(connection, BEGIN);
      const running = jobs.map(async (job) => {
        const member = new Member({ requests, base: new PendingWrites(), busy: NEVER_BUSY });
        const outcome = await member.run(job.body);
        open.delete(job);
        if (outcome.kind === "returned") job.resolve(outcome.result);
        else if (outcome.kind === "threw") job.reject(outcome.error);
      });
      await Promise.race([Promise.all(running), requests.failure]);
      if (requests.begun) await connection.run(END);
    } catch (error) {
      // The next snapshot must not begin in what this one left open.
      if (!session?.connection.lost) await session?.connection.run(ROLLBACK).catch(() => {});
      this.#recover([...open], error);
    } finally {
      if (session !== undefined) this.#pool.putBack(session);
    }
  }

  #recover(open: readonly ReadJob[], error: unknown): void {
    if (error instanceof ConnectionLost || isTransient(error)) {
      for (const job of open) {
        job.failures += 1;
        if (job.failures < MAX_TRIES) this.#waiting.push(job);
        else job.reject(toCaller(error));
      }
      return;
    }
    // One of them is at fault: alone, each gets what is its own.
    if (open.length > 1 && !(error instanceof StoreUnavailable)) this.#alone.push(...open);
    else for (const job of open) job.reject(toCaller(error));
  }
}
