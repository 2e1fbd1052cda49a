import assert from "node:assert/strict";
import { StoreUnavailable } from "../../src/kernel/store.ts";
import type { Store, Tx } from "../../src/kernel/store.ts";
import { decodeKey, encodeKey, keyAfter, rangeBelow } from "../../src/kernel/tuple.ts";

const SPACE = 7;
const COUNT = encodeKey(SPACE, ["count"]);
const SUM = encodeKey(SPACE, ["sum"]);
const TAKEN = encodeKey(SPACE, ["taken"]);
const QUEUE = encodeKey(SPACE, ["queue"]);

/**
 * Transactions whose every lost, half or double effect shows: each writes an entry of its own, counts
 * in a value that it reads and in a total, and moves one entry of a queue when there is one.
 */
export class Ledger {
  /** Entries whose transaction was acknowledged. */
  readonly acknowledged: Set<number> = new Set();
  unavailable = 0;
  #next = 0;

  /** Keeps `workers` transactions going on the stores in turn until `signal` aborts. */
  async work(stores: readonly Store[], workers: number, signal: AbortSignal): Promise<void> {
    const worker = async (_: unknown, index: number): Promise<void> => {
      const store = stores[index % stores.length];
      while (!signal.aborted && store !== undefined) await this.#one(store);
    };
    await Promise.all(Array.from({ length: workers }, worker));
  }

  /** Checks that every acknowledged transaction happened, and all that happened once and whole. */
  async check(store: Store): Promise<void> {
    const seen = await store.read(async (reader) => {
      const made = new Set<number>();
      let { from, to } = rangeBelow(encodeKey(SPACE, ["made"]));
      for (;;) {
        const entries = await reader.range({ from, to }, { limit: 1_000 });
        for (const { key } of entries) made.add(Number(decodeKey(key)[1]));
        const last = entries.at(-1);
        if (last === undefined) break;
        from = keyAfter(last.key);
      }
      const queued = await reader.range(rangeBelow(QUEUE), { limit: 100_000 });
      return {
        made,
        queued: queued.length,
        count: Number(Buffer.from((await reader.get(COUNT)) ?? "0").toString()),
        sum: await reader.sum(SUM),
        taken: await reader.sum(TAKEN),
      };
    });
    const lost = [...this.acknowledged].filter((id) => !seen.made.has(id));
    assert.deepEqual(lost, [], "acknowledged and lost");
    assert.equal(seen.count, seen.made.size, "counted by reading and writing");
    assert.equal(seen.sum, seen.made.size, "counted by adding");
    assert.equal(seen.queued, seen.made.size - seen.taken, "each puts one, and takes one or none");
  }

  async #one(store: Store): Promise<void> {
    const id = this.#next;
    this.#next += 1;
    try {
      await store.transact((tx) => enter(tx, id));
      this.acknowledged.add(id);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.unavailable += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function enter(tx: Tx, id: number): Promise<void> {
  const key = encodeKey(SPACE, ["made", id]);
  const [own, counted] = await tx.getMany([key, COUNT]);
  assert.equal(own, undefined, `transaction ${id} happened twice`);
  const count = Number(Buffer.from(counted ?? "0").toString()) + 1;
  tx.put(key, Buffer.from(String(count)));
  tx.put(COUNT, Buffer.from(String(count)));
  tx.add(SUM, 1);
  const [taken] = await tx.claim(rangeBelow(QUEUE), 1);
  if (taken !== undefined) {
    tx.delete(taken.key);
    tx.add(TAKEN, 1);
  }
  tx.put(encodeKey(SPACE, ["queue", id]), new Uint8Array());
}
