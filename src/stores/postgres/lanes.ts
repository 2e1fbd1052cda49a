import type { Log } from "../../kernel/log.ts";
import type { Random } from "../../kernel/random.ts";
import { StoreUnavailable } from "../../kernel/store.ts";
import type { Tx, Wake } from "../../kernel/store.ts";
import type { Key } from "../../kernel/tuple.ts";
import { Admission } from "./admission.ts";
import { ConnectionLost, StatementFailed } from "./driver.ts";
import { isTransient, toCaller } from "./errors.ts";
import { Group } from "./group.ts";
import type { GroupEnd, Job } from "./group.ts";
import { KnownValues } from "./known.ts";
import {
  CONNECT_PAUSE_MS,
  FATE_TIMEOUT_MS,
  MAX_ATTEMPTS,
  MAX_BACKOFF_MS,
  MAX_GROUP,
  READ_ALONE_MS,
} from "./limits.ts";
import { Pool } from "./pool.ts";
import type { Reach } from "./pool.ts";
import { LANE_CLOSED } from "./schema.ts";
import { closeLane, hurried, openLane, settleLane } from "./session.ts";
import type { Lane, SessionOptions } from "./session.ts";

export interface LanesOptions {
  readonly session: SessionOptions;
  readonly reach: Reach;
  /** How many connections write. */
  readonly size: number;
  readonly log: Log;
  readonly random: Random;
  readonly machineNow: () => number;
  /** Told after a commit, with how many rows it left dead. */
  readonly onCommit: (wakes: readonly Wake[], deadRows: number) => void;
}

/**
 * Runs transactions in groups. While one group's bodies read, the transactions that arrive wait and
 * become the next group, which starts when the first one commits: so groups grow with the load, a
 * node never conflicts with itself, and an idle node answers at once.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #pool: Pool<Lane>;
  readonly #admission = new Admission();
  /** Transactions to run, and those that met a conflict, which are kept out of the others' way. */
  #waiting: Job[] = [];
  #contended: Job[] = [];
  /** Those of groups of which one was too much for the database: each runs by itself. */
  #alone: Job[] = [];
  /** Keys that commits of this node are writing. */
  readonly #busy = new Map<Key, Promise<void>>();
  readonly #known: KnownValues;
  readonly #groups = new Set<Promise<void>>();
  #reading = 0;
  #scheduled = false;

  constructor(options: LanesOptions) {
    this.#options = options;
    this.#known = new KnownValues(options.machineNow);
    this.#pool = new Pool({
      size: options.size,
      reach: options.reach,
      open: (nowMs) => this.#open(nowMs),
      close: closeLane,
    });
  }

  transact<Result>(body: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.#admission.admit(
      () =>
        new Promise<Result>((resolve, reject) => {
          // The result is what this body returned.
          const settle = (result: unknown): void => resolve(result as Result);
          this.#waiting.push({ body, resolve: settle, reject, conflicts: 0 });
          this.#schedule();
        }),
    );
  }

  /** Finishes what runs and lets go of the connections. */
  async close(): Promise<void> {
    await this.#admission.close();
    await Promise.all(this.#groups);
    await this.#pool.close();
  }

  async #open(nowMs: number): Promise<Lane> {
    const lane = await openLane(this.#options.session, nowMs);
    // It may be another server than before, with another past.
    this.#known.clear();
    return lane;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // What arrives with the same turn of the event loop belongs together.
    setImmediate(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  #start(): void {
    if (this.#reading > 0 || this.#groups.size >= this.#options.size) return;
    const jobs = this.#takeJobs();
    if (jobs.length === 0) return;
    const group = this.#runGroup(jobs);
    this.#groups.add(group);
    void group.finally(() => {
      this.#groups.delete(group);
      this.#schedule();
    });
  }

  #takeJobs(): Job[] {
    if (this.#alone.length > 0) return this.#alone.splice(0, 1);
    const contendedFirst = this.#contended.length > 0 && this.#options.random.fraction() < 0.5;
    if (contendedFirst || this.#waiting.length === 0) return this.#contended.splice(0, MAX_GROUP);
    return this.#waiting.splice(0, MAX_GROUP);
  }

  async #runGroup(jobs: readonly Job[]): Promise<void> {
    const endReading = this.#beginReading();
    let lane: Lane | undefined;
    try {
      lane = await this.#pool.take();
      const busy = (key: Key): Promise<void> | undefined => this.#busy.get(key);
      const group = new Group(lane, { busy, known: this.#known });
      await this.#runOn(lane, group, { jobs, endReading });
    } catch (error) {
      await this.#recover(jobs, lane, error);
    } finally {
      endReading();
      if (lane !== undefined) this.#pool.putBack(lane);
    }
  }

  async #runOn(
    lane: Lane,
    group: Group,
    { jobs, endReading }: { jobs: readonly Job[]; endReading: () => void },
  ): Promise<void> {
    await group.execute(jobs);
    const sequence = lane.sequence + 1;
    let end: GroupEnd;
    const release = this.#markBusy(group.written);
    endReading();
    try {
      end = await group.commit();
    } catch (error) {
      if (!(error instanceof ConnectionLost) || !group.needsFate) throw error;
      if (!(await this.#happened(lane, sequence))) throw error;
      end = group.end();
    } finally {
      release();
    }
    this.#finish(end, group.deadRows);
  }

  /** Counts a group as reading until the returned function is called, or for READ_ALONE_MS. */
  #beginReading(): () => void {
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      this.#reading -= 1;
      this.#schedule();
    };
    this.#reading += 1;
    const timer = setTimeout(end, READ_ALONE_MS);
    return end;
  }

  #markBusy(written: Iterable<Key>): () => void {
    const keys = [...written];
    let release!: () => void;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const key of keys) this.#busy.set(key, released);
    return () => {
      for (const key of keys) if (this.#busy.get(key) === released) this.#busy.delete(key);
      release();
    };
  }

  #finish({ finished, again, deferred, stale }: GroupEnd, deadRows: number): void {
    const wakes: Wake[] = [];
    for (const { job, member, outcome } of finished) {
      if (outcome.kind === "threw") {
        job.reject(outcome.error);
        continue;
      }
      if (outcome.kind !== "returned") continue;
      wakes.push(...member.wakes);
      for (const action of member.actions) this.#isolate(action);
      job.resolve(outcome.result);
    }
    this.#options.onCommit(wakes, deadRows);
    if (again.length > 0) this.#waiting.unshift(...again);
    for (const { job, until } of deferred) {
      void until.then(() => {
        this.#waiting.push(job);
        this.#schedule();
      });
    }
    for (const job of stale) this.#conflict(job);
    this.#schedule();
  }

  /** Runs a job again that met a conflict with another node: soon, and later each time. */
  #conflict(job: Job): void {
    job.conflicts += 1;
    if (job.conflicts >= MAX_ATTEMPTS) {
      job.reject(new StoreUnavailable("a transaction met too many conflicts"));
      return;
    }
    const add = (): void => {
      this.#contended.push(job);
      this.#schedule();
    };
    if (job.conflicts < 2) return add();
    const longestMs = Math.min(MAX_BACKOFF_MS, 2 ** job.conflicts);
    setTimeout(add, longestMs * this.#options.random.fraction());
  }

  /** Decides for jobs whose group failed as a whole and wrote nothing. */
  async #recover(jobs: readonly Job[], lane: Lane | undefined, error: unknown): Promise<void> {
    // Whatever went wrong: the next group must not begin in what this one left open.
    if (!lane?.connection.lost) {
      await lane?.connection.run({ text: "ROLLBACK" }).catch(() => {});
    }
    if (error instanceof StoreUnavailable) return rejectAll(jobs, error);
    // Nothing was written, and a connection may be lost alone: a new one says if more is wrong.
    if (error instanceof ConnectionLost || isTransient(error)) {
      if (error instanceof StatementFailed && error.sqlState === LANE_CLOSED) {
        lane?.connection.destroy();
      }
      for (const job of jobs) this.#conflict(job);
      return;
    }
    // One of them is at fault: alone, each gets what is its own.
    if (jobs.length > 1) this.#alone.push(...jobs);
    else rejectAll(jobs, toCaller(error));
  }

  /**
   * Finds out whether a commit happened whose answer was lost; if not, it never will. Asks on new
   * connections, in the place of the lane that was lost.
   */
  async #happened(lane: Lane, sequence: number): Promise<boolean> {
    const { session, machineNow, log } = this.#options;
    const deadlineMs = machineNow() + FATE_TIMEOUT_MS;
    log.warn("the answer to a commit was lost", { lane: lane.id, sequence });
    for (;;) {
      try {
        const leftMs = deadlineMs - machineNow();
        return await settleLane(hurried(session, leftMs), { id: lane.id, sequence });
      } catch (error) {
        if (machineNow() + CONNECT_PAUSE_MS >= deadlineMs) {
          const message = "PostgreSQL was lost during a commit; whether it happened is not known";
          throw new StoreUnavailable(message, { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
      }
    }
  }

  #isolate(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.log.error("an action after a commit failed", { error });
    }
  }
}

function rejectAll(jobs: readonly Job[], error: unknown): void {
  for (const job of jobs) job.reject(error);
}
