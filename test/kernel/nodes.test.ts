import assert from "node:assert/strict";
import { test } from "node:test";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import { silentLog } from "../../src/kernel/log.ts";
import {
  BEAT_INTERVAL_MS,
  NODE,
  NODE_LIFETIME_MS,
  Nodes,
  NODES_AT_ONCE,
} from "../../src/kernel/nodes.ts";
import { encodeRecord } from "../../src/kernel/record.ts";
import { StoreUnavailable } from "../../src/kernel/store.ts";
import type { Store } from "../../src/kernel/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";

interface Life {
  readonly nodes: Nodes;
  readonly clock: AdjustableClock;
  readonly released: string[];
}

function life(store: Store, node: string): Life {
  const clock = new AdjustableClock({ frozenAtMs: 1_000_000 });
  const released: string[] = [];
  const release = async (gone: string): Promise<void> => {
    released.push(gone);
  };
  return { nodes: new Nodes({ store, clock, log: silentLog, node, release }), clock, released };
}

async function known(store: Store): Promise<string[]> {
  const entries = await store.read((reader) => reader.range(NODE.below(), { limit: 10 }));
  return entries.map((entry) => NODE.parts(entry.key)[0]);
}

/** Lets time pass for all lives together, a beat at a time. */
async function pass(lives: readonly Life[], durationMs: number): Promise<void> {
  for (let passed = 0; passed < durationMs; passed += BEAT_INTERVAL_MS) {
    for (const { clock } of lives) await clock.advance(BEAT_INTERVAL_MS);
  }
}

test("a node that starts gives back what its earlier life had leased", async () => {
  const store = memoryStore();
  const a = life(store, "a");
  await a.nodes.start();
  assert.deepEqual(a.released, ["a"]);
  assert.deepEqual(await known(store), ["a"]);
});

test("a node that stops gives back what it leaves undone, and is forgotten", async () => {
  const store = memoryStore();
  const a = life(store, "a");
  await a.nodes.start();
  await a.nodes.stop();
  assert.deepEqual(a.released, ["a", "a"]);
  assert.deepEqual(await known(store), []);
});

test("the leases of a node that ends without stopping are given back by another, once", async () => {
  const store = memoryStore();
  const [a, b] = [life(store, "a"), life(store, "b")];
  await a.nodes.start();
  await b.nodes.start();
  await pass([a, b], 60_000);
  assert.deepEqual([a.released, b.released], [["a"], ["b"]]);
  await pass([a], NODE_LIFETIME_MS + BEAT_INTERVAL_MS);
  assert.deepEqual(a.released, ["a", "b"]);
  assert.deepEqual(await known(store), ["a"]);
  await pass([a], 60_000);
  assert.deepEqual(a.released, ["a", "b"]);
});

test("a dead node is found among however many that are alive", async () => {
  const store = memoryStore();
  const a = life(store, "a");
  await a.nodes.start();
  await store.transact(async (tx) => {
    for (let at = 0; at < 2 * NODES_AT_ONCE; at += 1) {
      tx.put(NODE.key(`b${at}`), encodeRecord({ aliveUntilMs: 1e15 }));
    }
    tx.put(NODE.key("c"), encodeRecord({ aliveUntilMs: 0 }));
  });
  await pass([a], NODE_LIFETIME_MS + BEAT_INTERVAL_MS);
  assert.deepEqual(a.released, ["a", "c"]);
});

test("no node takes another for dead because the store was away for all", async () => {
  const store = memoryStore();
  let away = false;
  const flaky: Store = {
    ...bound(store),
    transact: (body) =>
      away ? Promise.reject(new StoreUnavailable("away")) : store.transact(body),
  };
  const [a, b] = [life(flaky, "a"), life(flaky, "b")];
  await a.nodes.start();
  await b.nodes.start();
  await pass([a, b], 60_000);
  away = true;
  await pass([a, b], 60_000);
  away = false;
  await pass([a, b], 60_000);
  assert.deepEqual([a.released, b.released], [["a"], ["b"]]);
});

function bound(store: Store): Store {
  return {
    transact: (body) => store.transact(body),
    read: (body) => store.read(body),
    onWake: (listener) => store.onWake(listener),
    clear: (kept) => store.clear(kept),
    check: () => store.check(),
    close: () => store.close(),
  };
}
