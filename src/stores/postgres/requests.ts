import type { Entry, RangeOptions, Total } from "../../kernel/store.ts";
import type { Key, KeyRange } from "../../kernel/tuple.ts";
import type { Connection, Reply, Statement } from "./driver.ts";
import { bytesFromColumn, keyArray, keyBytes, keyFromColumn } from "./encoding.ts";
import type { KnownValues } from "./known.ts";

const GET: Statement = {
  name: "get",
  text: "SELECT key, xmin, value FROM entry WHERE key = ANY($1::bytea[])",
};
const RANGE_UP: Statement = {
  name: "range_up",
  text: "SELECT key, value FROM entry WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3",
};
const RANGE_DOWN: Statement = {
  name: "range_down",
  text: "SELECT key, value FROM entry WHERE key >= $1 AND key < $2 ORDER BY key DESC LIMIT $3",
};
const CLAIM: Statement = {
  name: "claim",
  text: "SELECT key, value FROM entry WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3 FOR UPDATE SKIP LOCKED",
};
const SUM: Statement = {
  name: "sum",
  text: "SELECT key, sum(amount)::text FROM total WHERE key = ANY($1::bytea[]) GROUP BY key",
};

const SUMS: Statement = {
  name: "sums",
  text: "SELECT key, sum(amount)::text FROM total WHERE key >= $1 AND key < $2 GROUP BY key HAVING sum(amount) <> 0 ORDER BY key LIMIT $3",
};

/** What the database held at a key when it was first read. */
export interface Found {
  readonly value: Uint8Array | undefined;
  /** The row's xmin, which changes with its value; 0 where there is none. */
  readonly version: number;
  /**
   * The number of the round trip that read it: what one trip read was there at one time. 0 for what
   * an earlier transaction read.
   */
  readonly trip: number;
}

interface ClaimRequest {
  readonly range: KeyRange;
  readonly limit: number;
  readonly resolve: (entries: Entry[]) => void;
}

interface Answers {
  /** Resolved when the answers are in. */
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/**
 * The reads of all bodies of a group. What is asked for before the bodies stop to wait is one round
 * trip; what is asked while that is on its way joins the next. Reads that fail never answer: the
 * group ends with {@link Requests.failure} and the bodies are run anew.
 */
export class Requests {
  /** What was read so far. */
  readonly found: Map<Key, Found> = new Map();
  /** Rejects when the database does not answer. */
  readonly failure: Promise<never>;
  trips = 0;
  /** True when a body has claimed something, whatever became of it. */
  hasClaimed = false;
  readonly #connection: Connection;
  readonly #begin: Statement;
  readonly #known: KnownValues | undefined;
  /** Entries that a body of this group has claimed; the database does not keep its own from it. */
  readonly #claimed = new Set<Key>();
  #keys = new Set<Key>();
  #sumKeys = new Map<Key, number>();
  #ranges: (() => Promise<void>)[] = [];
  #claims: ClaimRequest[] = [];
  #next: Answers = answers();
  #scheduled = false;
  #begun = false;
  #fail!: (error: unknown) => void;

  /** Takes from `known` what its owner checks at the end. */
  constructor(connection: Connection, begin: Statement, known?: KnownValues) {
    this.#connection = connection;
    this.#begin = begin;
    this.#known = known;
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => {});
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Resolves when all of `keys` are in {@link Requests.found}. */
  async load(keys: readonly Key[]): Promise<void> {
    let missing = false;
    for (const key of keys) {
      if (this.found.has(key)) continue;
      const known = this.#known?.get(key);
      if (known !== undefined) {
        this.found.set(key, { ...known, trip: 0 });
        continue;
      }
      this.#keys.add(key);
      missing = true;
    }
    if (missing) await this.#nextTrip();
  }

  async range({ from, to }: KeyRange, { limit, reverse }: RangeOptions): Promise<Entry[]> {
    let entries: Entry[] = [];
    this.#ranges.push(async () => {
      const statement = reverse ? RANGE_DOWN : RANGE_UP;
      entries = readEntries(await this.#run(statement, [keyBytes(from), keyBytes(to), limit]));
    });
    await this.#nextTrip();
    return entries;
  }

  async sums({ from, to }: KeyRange, limit: number): Promise<Total[]> {
    let totals: Total[] = [];
    this.#ranges.push(async () => {
      const { rows } = await this.#run(SUMS, [keyBytes(from), keyBytes(to), limit]);
      totals = rows.map(([key, total]) => ({ key: keyFromColumn(key), total: Number(total) }));
    });
    await this.#nextTrip();
    return totals;
  }

  /** The first entries of `range` that neither another transaction nor a body of this group has. */
  claim(range: KeyRange, limit: number): Promise<Entry[]> {
    this.hasClaimed = true;
    return new Promise((resolve) => {
      this.#claims.push({ range, limit, resolve });
      this.#schedule();
    });
  }

  /** Lets other bodies of this group claim what one that runs anew had claimed. */
  unclaim(keys: Iterable<Key>): void {
    for (const key of keys) this.#claimed.delete(key);
  }

  async sum(key: Key): Promise<number> {
    const sums = this.#sumKeys;
    sums.set(key, 0);
    await this.#nextTrip();
    return sums.get(key) ?? 0;
  }

  #nextTrip(): Promise<void> {
    this.#schedule();
    return this.#next.promise;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Runs when no body can go on without an answer.
    process.nextTick(() => {
      this.#travel().catch((error: unknown) => this.#fail(error));
    });
  }

  async #travel(): Promise<void> {
    this.trips += 1;
    const { resolve } = this.#next;
    const [keys, sums, ranges, claims] = [this.#keys, this.#sumKeys, this.#ranges, this.#claims];
    this.#keys = new Set();
    this.#sumKeys = new Map();
    this.#ranges = [];
    this.#claims = [];
    this.#next = answers();
    const sent: Promise<void>[] = [];
    if (!this.#begun) {
      this.#begun = true;
      sent.push(this.#run(this.#begin, []).then(() => {}));
    }
    if (keys.size > 0) sent.push(this.#get([...keys]));
    if (sums.size > 0) sent.push(this.#sum(sums));
    for (const range of ranges) sent.push(range());
    if (claims.length > 0) sent.push(this.#claim(claims));
    await Promise.all(sent);
    resolve();
    this.#scheduled = false;
    if (this.#keys.size + this.#sumKeys.size + this.#ranges.length + this.#claims.length > 0) {
      this.#schedule();
    }
  }

  async #get(keys: Key[]): Promise<void> {
    const trip = this.trips;
    const { rows } = await this.#run(GET, [keyArray(keys)]);
    for (const [key, version, value] of rows) {
      const found = { value: bytesFromColumn(value), version: Number(version), trip };
      const foundKey = keyFromColumn(key);
      this.found.set(foundKey, found);
      this.#known?.saw(foundKey, found);
    }
    for (const key of keys) {
      if (!this.found.has(key)) this.found.set(key, { value: undefined, version: 0, trip });
    }
  }

  async #sum(sums: Map<Key, number>): Promise<void> {
    const { rows } = await this.#run(SUM, [keyArray([...sums.keys()])]);
    for (const [key, total] of rows) sums.set(keyFromColumn(key), Number(total));
  }

  /** Claims of ranges that begin alike share a statement, which asks for all that they want. */
  async #claim(claims: readonly ClaimRequest[]): Promise<void> {
    const byStart = new Map<Key, ClaimRequest[]>();
    for (const claim of claims) {
      const same = byStart.get(claim.range.from);
      if (same) same.push(claim);
      else byStart.set(claim.range.from, [claim]);
    }
    const groups = [...byStart].map(async ([from, same]) => {
      const to = same.reduce((end, { range }) => (range.to > end ? range.to : end), from);
      const limit = this.#claimLimit({ from, to }, claims);
      const reply = await this.#run(CLAIM, [keyBytes(from), keyBytes(to), limit]);
      return { same, stored: readEntries(reply) };
    });
    for (const { same, stored } of await Promise.all(groups)) {
      let free = stored.filter((entry) => !this.#claimed.has(entry.key));
      for (const claim of same) {
        const taken: Entry[] = [];
        const left: Entry[] = [];
        for (const entry of free) {
          const takes = taken.length < claim.limit && entry.key < claim.range.to;
          (takes ? taken : left).push(entry);
        }
        for (const entry of taken) this.#claimed.add(entry.key);
        free = left;
        claim.resolve(taken);
      }
    }
  }

  /** How many entries are surely enough for every claim that overlaps with a range. */
  #claimLimit(range: KeyRange, claims: readonly ClaimRequest[]): number {
    let limit = 0;
    for (const claim of claims) {
      if (claim.range.from < range.to && range.from < claim.range.to) limit += claim.limit;
    }
    for (const key of this.#claimed) if (key >= range.from && key < range.to) limit += 1;
    return limit;
  }

  #run(statement: Statement, values: readonly (Uint8Array | number)[]): Promise<Reply> {
    return this.#connection.run(statement, values);
  }
}

function readEntries(reply: Reply): Entry[] {
  return reply.rows.map(([key, value]) => ({
    key: keyFromColumn(key),
    value: bytesFromColumn(value),
  }));
}

function answers(): Answers {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
