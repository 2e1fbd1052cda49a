import { encodeKey, rangeBelow } from "../src/kernel/tuple.ts";
import type { Store } from "../src/kernel/store.ts";

/** What a store did with `inFlight` transactions at a time. */
export interface StoreRate {
  readonly what: string;
  readonly inFlight: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const SPACE = 9;
const VALUE = new Uint8Array(200).fill(1);
const WAITING = 1_000_000;
const FILL_BATCH = 10_000;

/**
 * Measures an empty store alone: durable transactions of two puts, then transactions that take ten
 * entries from the head of a queue, with few and with a million behind them. Takes about
 * `durationMs` for each of its nine rates, and fills the store.
 */
export async function measureStore(store: Store, durationMs: number): Promise<StoreRate[]> {
  const rates: StoreRate[] = [];
  let count = 0;
  const putTwo = (): Promise<unknown> =>
    store.transact(async (tx) => {
      count += 1;
      tx.put(encodeKey(SPACE, ["one", count]), VALUE);
      tx.put(encodeKey(SPACE, ["other", count]), VALUE);
    });
  for (const inFlight of [1, 64, 512]) {
    rates.push(await rate({ what: "put two", inFlight, durationMs, run: putTwo }));
  }
  for (const waiting of [10_000, WAITING]) {
    const name = String(waiting);
    await fill(store, name, waiting);
    const takeTen = (): Promise<unknown> => takeAndAppend(store, name);
    for (const inFlight of [1, 64, 512]) {
      const what = `take ten and append ten, ${waiting} waiting`;
      rates.push(await rate({ what, inFlight, durationMs, run: takeTen }));
    }
  }
  return rates;
}

let appended = 0;

/** Ten from the head, ten to the tail: the queue stays as long as it is. */
function takeAndAppend(store: Store, name: string): Promise<unknown> {
  return store.transact(async (tx) => {
    const taken = await tx.claim(rangeBelow(encodeKey(SPACE, ["queue", name])), 10);
    for (const entry of taken) {
      tx.delete(entry.key);
      appended += 1;
      tx.put(encodeKey(SPACE, ["queue", name, WAITING + appended]), entry.value);
    }
  });
}

async function fill(store: Store, name: string, entries: number): Promise<void> {
  for (let from = 0; from < entries; from += FILL_BATCH) {
    await store.transact(async (tx) => {
      for (let at = from; at < from + FILL_BATCH; at += 1) {
        tx.put(encodeKey(SPACE, ["queue", name, at]), VALUE);
      }
    });
  }
}

interface RateOptions {
  readonly what: string;
  readonly inFlight: number;
  readonly durationMs: number;
  readonly run: () => Promise<unknown>;
}

async function rate({ what, inFlight, durationMs, run }: RateOptions): Promise<StoreRate> {
  const tookMs: number[] = [];
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    for (let fromMs = startMs; fromMs - startMs < durationMs;) {
      await run();
      const nowMs = performance.now();
      tookMs.push(nowMs - fromMs);
      fromMs = nowMs;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - startMs) / 1_000;
  tookMs.sort((a, b) => a - b);
  const quantile = (part: number): number => tookMs[Math.floor(tookMs.length * part)] ?? 0;
  const perSecond = Math.round(tookMs.length / seconds);
  return { what, inFlight, perSecond, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
