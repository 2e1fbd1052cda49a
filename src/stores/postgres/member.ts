import type { Entry, RangeOptions, Snapshot, Total, Tx, Wake } from "../../kernel/store.ts";
import type { Key, KeyRange } from "../../kernel/tuple.ts";
import { assertDelta, assertLimit, isTooLong, writable } from "../limits.ts";
import { PendingWrites } from "./pending-writes.ts";
import type { Requests } from "./requests.ts";

/** How the body of a member ended. */
export type Outcome =
  | { readonly kind: "returned"; readonly result: unknown }
  | { readonly kind: "threw"; readonly error: unknown }
  /** It asked for a key that a commit of this node is writing: to be run anew after that. */
  | { readonly kind: "deferred"; readonly until: Promise<void> };

export interface MemberOptions {
  readonly requests: Requests;
  /** What members of the group wrote that come before this one in its order. */
  readonly base: PendingWrites;
  /** The commit of this node that is writing a key now. */
  readonly busy: (key: Key) => Promise<void> | undefined;
}

/** One run of a transaction's body, in a group that shares a database transaction. */
export class Member implements Tx, Snapshot {
  readonly writes: PendingWrites = new PendingWrites();
  /** Keys whose value came from the database and must still be the same at the commit. */
  readonly reads: Set<Key> = new Set();
  readonly claimed: Map<Key, Uint8Array> = new Map();
  readonly wakes: Wake[] = [];
  readonly actions: (() => void)[] = [];
  readonly #options: MemberOptions;
  #firstTrip: number | undefined;
  #readAtOnce = true;
  #over = false;
  #defer: (until: Promise<void>) => void = () => {};

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  /** True when all that was read was there at one time, whatever happened since. */
  get readAtOnce(): boolean {
    return this.#readAtOnce;
  }

  run(body: (tx: this) => Promise<unknown>): Promise<Outcome> {
    return new Promise((resolve) => {
      const end = (outcome: Outcome): void => {
        this.#over = true;
        resolve(outcome);
      };
      this.#defer = (until) => {
        // Another branch of the body may go on, and must not use what the group has finished with.
        this.#over = true;
        resolve({ kind: "deferred", until });
      };
      const running = (async () => body(this))();
      running.then(
        (result) => end({ kind: "returned", result }),
        (error: unknown) => end({ kind: "threw", error }),
      );
    });
  }

  async get(key: Key): Promise<Uint8Array | undefined> {
    const [value] = await this.getMany([key]);
    return value;
  }

  async getMany(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]> {
    await this.prefetch(keys);
    return keys.map((key) => this.#read(key));
  }

  async prefetch(keys: readonly Key[]): Promise<void> {
    this.#assertOpen();
    const unknown = keys.filter((key) => !this.#knows(key));
    for (const key of unknown) {
      const until = this.#options.busy(key);
      if (until !== undefined) return this.#leave(until);
    }
    if (unknown.length > 0) await this.#options.requests.load(unknown);
  }

  async range(range: KeyRange, options: RangeOptions): Promise<Entry[]> {
    this.#assertOpen();
    assertLimit(options.limit);
    const { base, requests } = this.#options;
    const limit = options.limit + base.countIn(range) + this.writes.countIn(range);
    const stored = await requests.range(range, { ...options, limit });
    const before = base.applyTo(stored, range, { ...options, limit });
    return this.writes.applyTo(before, range, options);
  }

  async sum(key: Key): Promise<number> {
    this.#assertOpen();
    if (isTooLong(key)) return 0;
    const stored = await this.#options.requests.sum(key);
    return this.writes.sum(key, this.#options.base.sum(key, stored));
  }

  /** Only for snapshots, which write nothing that would have to be counted in. */
  async sums(range: KeyRange, limit: number): Promise<Total[]> {
    this.#assertOpen();
    assertLimit(limit);
    return this.#options.requests.sums(range, limit);
  }

  async claim(range: KeyRange, limit: number): Promise<Entry[]> {
    this.#assertOpen();
    assertLimit(limit);
    const { base, requests } = this.#options;
    const enough = limit + base.countIn(range) + this.writes.countIn(range);
    const stored = await requests.claim(range, enough);
    for (const { key, value } of stored) if (!base.entries.has(key)) this.claimed.set(key, value);
    const mine: Entry[] = [];
    for (const [key, value] of this.claimed) {
      if (key >= range.from && key < range.to) mine.push({ key, value });
    }
    mine.sort((a, b) => (a.key < b.key ? -1 : 1));
    return this.writes.applyTo(mine, range, { limit });
  }

  put(key: Key, value: Uint8Array): void {
    this.#assertOpen();
    this.writes.write(writable(key), value);
  }

  delete(key: Key): void {
    this.#assertOpen();
    if (!isTooLong(key)) this.writes.write(key, undefined);
  }

  add(key: Key, delta: number): void {
    this.#assertOpen();
    assertDelta(delta);
    this.writes.add(writable(key), delta);
  }

  clearSum(key: Key): void {
    this.#assertOpen();
    this.writes.clearSum(writable(key));
  }

  wake(wake: Wake): void {
    this.wakes.push(wake);
  }

  afterCommit(action: () => void): void {
    this.actions.push(action);
  }

  #knows(key: Key): boolean {
    const { base } = this.#options;
    if (isTooLong(key)) return true;
    return this.writes.entries.has(key) || base.entries.has(key) || this.claimed.has(key);
  }

  #read(key: Key): Uint8Array | undefined {
    const { base, requests } = this.#options;
    if (this.writes.entries.has(key)) return this.writes.entries.get(key);
    if (base.entries.has(key)) return base.entries.get(key);
    if (this.claimed.has(key)) return this.claimed.get(key);
    if (isTooLong(key)) return undefined;
    this.reads.add(key);
    const found = requests.found.get(key);
    if (found === undefined) return undefined;
    this.#firstTrip ??= found.trip;
    const isAlone = found.trip === 0 || this.#firstTrip !== found.trip;
    if (isAlone || !base.empty) this.#readAtOnce = false;
    return found.value;
  }

  /** Ends this run; its body is left waiting for ever and collected. */
  #leave(until: Promise<void>): Promise<never> {
    this.#defer(until);
    return new Promise(() => {});
  }

  #assertOpen(): void {
    if (this.#over) throw new Error("a transaction was used after its end");
  }
}
