import type { Tx } from "../../kernel/store.ts";
import type { Key } from "../../kernel/tuple.ts";
import { COMMIT_GROUP, commitValues } from "./commit.ts";
import type { Commit } from "./commit.ts";
import { StatementFailed } from "./driver.ts";
import type { Statement } from "./driver.ts";
import { keyArray, keyFromColumn } from "./encoding.ts";
import type { KnownValues } from "./known.ts";
import { MAX_GROUP_BYTES, MAX_REPLAY_TRIPS } from "./limits.ts";
import { Member } from "./member.ts";
import type { Outcome } from "./member.ts";
import { PendingWrites } from "./pending-writes.ts";
import { Requests } from "./requests.ts";
import { STALE } from "./schema.ts";
import type { Lane } from "./session.ts";

/** A transaction that a caller waits for. */
export interface Job {
  readonly body: (tx: Tx) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** How often it met a conflict with another node or lane. */
  conflicts: number;
}

/** A job whose body has run, with what it did. */
interface Done {
  readonly job: Job;
  readonly member: Member;
  readonly outcome: Outcome;
}

/** What became of a group's jobs. */
export interface GroupEnd {
  /** Committed, or they threw on reads that hold: to be told. */
  readonly finished: readonly Done[];
  /** To be run anew: at once, after a commit of this node, or after a conflict. */
  readonly again: readonly Job[];
  readonly deferred: readonly { readonly job: Job; readonly until: Promise<void> }[];
  readonly stale: readonly Job[];
}

export interface GroupOptions {
  /** The commit of this node that is writing a key now. */
  readonly busy: (key: Key) => Promise<void> | undefined;
  readonly known: KnownValues;
}

const BEGIN: Statement = { text: "BEGIN" };
const COMMIT: Statement = { text: "COMMIT" };
const VERSIONS: Statement = {
  name: "versions",
  text: "SELECT key, xmin FROM entry WHERE key = ANY($1::bytea[])",
};

/**
 * Transactions that share a database transaction:
 *
 *   all bodies run at once, their reads travel together
 *     └─▶ one by one in the order they ended they are taken in; one that read what an earlier one
 *         wrote runs again on top of it, mostly without any round trip
 *           └─▶ one statement checks the reads of all and writes everything, with the COMMIT behind it
 *                 └─▶ stale reads: nothing is written, all run again
 *
 * So the order in which they were taken in is the serial order.
 */
export class Group {
  readonly #lane: Lane;
  readonly #requests: Requests;
  readonly #busy: (key: Key) => Promise<void> | undefined;
  readonly #known: KnownValues;
  readonly #base = new PendingWrites();
  readonly #taken: Done[] = [];
  readonly #again: Job[] = [];
  readonly #deferred: { job: Job; until: Promise<void> }[] = [];

  constructor(lane: Lane, { busy, known }: GroupOptions) {
    this.#lane = lane;
    this.#busy = busy;
    this.#known = known;
    this.#requests = new Requests(lane.connection, BEGIN, known);
  }

  /** Keys that the commit will write. */
  get written(): Iterable<Key> {
    return this.#base.entries.keys();
  }

  /** How many rows the commit leaves dead, which are to be vacuumed. */
  get deadRows(): number {
    const { found } = this.#requests;
    let count = 0;
    for (const [key, value] of this.#base.entries) {
      if (value === undefined || found.get(key)?.value !== undefined) count += 1;
    }
    return count;
  }

  /** Runs the bodies; afterwards all is ready for the commit. */
  async execute(jobs: readonly Job[]): Promise<void> {
    const ended: Done[] = [];
    const running = jobs.map(async (job) => {
      ended.push(await this.#run(job, new PendingWrites()));
    });
    await Promise.race([Promise.all(running), this.#requests.failure]);
    const replays = ended.filter((done) => !this.#take(done));
    const lastTrip = this.#requests.trips + MAX_REPLAY_TRIPS;
    for (const { job, member } of replays) {
      if (this.#requests.trips >= lastTrip) {
        this.#again.push(job);
        continue;
      }
      this.#requests.unclaim(member.claimed.keys());
      const replay = this.#run(job, this.#base);
      const done = await Promise.race([replay, this.#requests.failure]);
      if (!this.#take(done)) this.#again.push(job);
    }
  }

  /** Commits what the bodies wrote. Rejects when the database does not answer: see {@link needsFate}. */
  async commit(): Promise<GroupEnd> {
    if (this.#base.empty) return this.#endReads();
    const { connection } = this.#lane;
    for (const key of this.#base.entries.keys()) this.#known.forget(key);
    const values = commitValues(this.#lane, this.#commit());
    if (!this.#requests.begun) void connection.run(BEGIN).catch(() => {});
    const written = connection.run(COMMIT_GROUP, values);
    const committed = connection.run(COMMIT);
    written.catch(() => {});
    const { command } = await committed;
    try {
      await written;
    } catch (error) {
      if (!(error instanceof StatementFailed) || error.sqlState !== STALE) throw error;
      return this.#splitStale();
    }
    if (command !== "COMMIT") throw new Error(`a commit was answered with ${command}`);
    this.#lane.sequence += 1;
    return this.#end();
  }

  /** True when a lost connection leaves open whether the commit happened. */
  get needsFate(): boolean {
    return !this.#base.empty;
  }

  /** What became of the jobs once the commit is known to have happened. */
  end(): GroupEnd {
    return this.#end();
  }

  async #run(job: Job, base: PendingWrites): Promise<Done> {
    const member = new Member({ requests: this.#requests, base, busy: this.#busy });
    return { job, member, outcome: await member.run(job.body) };
  }

  /** Takes a run in behind the others; false when it read or claimed what one of them wrote. */
  #take(done: Done): boolean {
    const { member, outcome, job } = done;
    if (outcome.kind === "deferred") {
      this.#deferred.push({ job, until: outcome.until });
      return true;
    }
    const written = this.#base.entries;
    for (const key of member.reads) if (written.has(key)) return false;
    for (const key of member.claimed.keys()) if (written.has(key)) return false;
    if (this.#base.sizeBytes + member.writes.sizeBytes > MAX_GROUP_BYTES && !this.#base.empty) {
      this.#again.push(job);
      return true;
    }
    this.#taken.push(done);
    if (outcome.kind === "returned") this.#base.append(member.writes);
    return true;
  }

  #commit(): Commit {
    const reads = new Set<Key>();
    const claimed = new Set<Key>();
    for (const done of this.#taken) {
      if (needsCheck(done)) for (const key of done.member.reads) reads.add(key);
      for (const key of done.member.claimed.keys()) claimed.add(key);
    }
    return { writes: this.#base, reads, claimed, found: this.#requests.found };
  }

  /** Nothing is written: only what was read in several trips must still be there together. */
  async #endReads(): Promise<GroupEnd> {
    const { connection } = this.#lane;
    const { reads } = this.#commit();
    const checked = reads.size > 0 ? this.#staleKeys([...reads]) : undefined;
    const ended = this.#requests.begun ? connection.run(COMMIT) : undefined;
    ended?.catch(() => {});
    const stale = await checked;
    // What was claimed and left is free for others before anybody hears of the end.
    if (this.#requests.hasClaimed) await ended;
    return stale?.size ? this.#split(stale) : this.#end();
  }

  async #splitStale(): Promise<GroupEnd> {
    return this.#split(await this.#staleKeys([...this.#commit().reads]));
  }

  /** Nothing was committed: those who read what has changed met a conflict, the others did not. */
  #split(staleKeys: ReadonlySet<Key>): GroupEnd {
    for (const key of staleKeys) this.#known.forget(key);
    const stale: Job[] = [];
    const again = [...this.#again];
    for (const done of this.#taken) {
      // None is stale any more where the other transaction took back what it did.
      const met = staleKeys.size === 0 || [...done.member.reads].some((key) => staleKeys.has(key));
      (met ? stale : again).push(done.job);
    }
    return { finished: [], again, deferred: this.#deferred, stale };
  }

  async #staleKeys(keys: readonly Key[]): Promise<Set<Key>> {
    const { rows } = await this.#lane.connection.run(VERSIONS, [keyArray(keys)]);
    const versions = new Map(rows.map(([key, xmin]) => [keyFromColumn(key), Number(xmin)]));
    const isStale = (key: Key): boolean =>
      (versions.get(key) ?? 0) !== (this.#requests.found.get(key)?.version ?? 0);
    return new Set(keys.filter(isStale));
  }

  #end(): GroupEnd {
    return { finished: this.#taken, again: this.#again, deferred: this.#deferred, stale: [] };
  }
}

/** Whether a run's reads must hold at the commit, or were there at one time at least. */
function needsCheck({ member, outcome }: Done): boolean {
  if (!member.readAtOnce) return true;
  return outcome.kind === "returned" && !member.writes.empty;
}
