import assert from "node:assert/strict";
import { test } from "node:test";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import { WORK_DEAD } from "../../src/kernel/dead-work.ts";
import { silentLog } from "../../src/kernel/log.ts";
import type { Random } from "../../src/kernel/random.ts";
import { StoreUnavailable, WAKE_ALL } from "../../src/kernel/store.ts";
import type { Store, Tx, Wake } from "../../src/kernel/store.ts";
import { WORK_DUE, WORK_ITEM, WORK_LEASED, workQueue } from "../../src/kernel/work.ts";
import type { DueWork, WorkHandler, WorkItem } from "../../src/kernel/work.ts";
import { WorkRunner } from "../../src/kernel/work-runner.ts";
import { memoryStore } from "../../src/stores/memory.ts";

const random: Random = {
  bytes: (count) => new Uint8Array(count),
  uuid: () => "00000000-0000-4000-8000-000000000000",
  fraction: () => 0,
};

interface Bench {
  readonly store: Store;
  readonly clock: AdjustableClock;
  readonly runner: WorkRunner;
  schedule(item: Partial<WorkItem>): Promise<void>;
  left(): Promise<number>;
}

async function bench(handlers: Record<string, WorkHandler>, store = memoryStore()): Promise<Bench> {
  const clock = new AdjustableClock({ frozenAtMs: 1_000 });
  const handlerOf = async (kind: string): Promise<WorkHandler | undefined> => handlers[kind];
  const runner = new WorkRunner({ store, clock, log: silentLog, random, node: "a", handlerOf });
  await runner.releaseAll();
  await runner.start();
  return {
    store,
    clock,
    runner,
    schedule: (item) =>
      store.transact((tx) =>
        workQueue.schedule(tx, { kind: "test.do", id: "1", dueAtMs: 2_000, payload: {}, ...item }),
      ),
    left: () =>
      store.read(async (reader) => {
        const ranges = [WORK_ITEM, WORK_DUE, WORK_LEASED, WORK_DEAD].map((space) => space.below());
        const found = await Promise.all(ranges.map((range) => reader.range(range, { limit: 100 })));
        return found.flat().length;
      }),
  };
}

function timer(fire: (tx: Tx, item: DueWork) => Promise<void>): WorkHandler {
  return { kind: "timer", fire };
}

test("a timer fires once, at its time, and is gone", async () => {
  const fired: string[] = [];
  const { clock, schedule, left } = await bench({
    "test.do": timer(async (_tx, item) => void fired.push(`${item.id} at ${clock.now()}`)),
  });
  await schedule({ id: "b", dueAtMs: 3_000 });
  await schedule({ id: "a", dueAtMs: 2_000 });
  await clock.advance(999);
  assert.deepEqual(fired, []);
  await clock.advance(10_000);
  assert.deepEqual(fired, ["a at 2000", "b at 3000"]);
  assert.equal(await left(), 0);
});

test("scheduling an item again replaces it; cancelling forgets it", async () => {
  const fired: unknown[] = [];
  const { clock, schedule, store, left } = await bench({
    "test.do": timer(async (_tx, item) => void fired.push(item.payload)),
  });
  await schedule({ payload: "early" });
  await schedule({ payload: "late", dueAtMs: 5_000 });
  await schedule({ id: "2", payload: "never" });
  await store.transact((tx) => workQueue.cancel(tx, "test.do", "2"));
  await clock.advance(2_000);
  assert.deepEqual(fired, []);
  await clock.advance(2_000);
  assert.deepEqual(fired, ["late"]);
  assert.equal(await left(), 0);
});

test("a timer's changes and its removal commit together", async () => {
  const attempts: number[] = [];
  const { clock, schedule, store } = await bench({
    "test.do": timer(async (tx, item) => {
      tx.put(WORK_DEAD.key("ledger", String(item.attempt)), new Uint8Array(1));
      attempts.push(item.attempt);
      if (item.attempt < 3) throw new Error("not yet");
    }),
  });
  await schedule({});
  await clock.advance(60_000);
  assert.deepEqual(attempts, [1, 2, 3]);
  const ledger = await store.read((reader) =>
    reader.range(WORK_DEAD.below("ledger"), { limit: 9 }),
  );
  assert.equal(ledger.length, 1);
});

test("a timer that always fails dies and does not hold up the others", async () => {
  const fired: string[] = [];
  const { clock, schedule, store } = await bench({
    "test.do": timer(async (_tx, item) => {
      if (item.id === "bad") throw new Error("never");
      fired.push(item.id);
    }),
  });
  await schedule({ id: "bad" });
  await schedule({ id: "good", dueAtMs: 2_001 });
  await clock.advance(2_000);
  assert.deepEqual(fired, ["good"]);
  await clock.advance(3_600_000);
  const dead = await store.read((reader) => reader.get(WORK_DEAD.key("test.do", "bad")));
  assert.ok(dead);
});

test("an effect is performed, and what it returns commits with its removal", async () => {
  const performed: string[] = [];
  const { clock, schedule, left } = await bench({
    "test.do": {
      kind: "effect",
      concurrency: 2,
      perform: async (item) => {
        performed.push(item.id);
        return async () => {};
      },
    },
  });
  for (const id of ["a", "b", "c", "d", "e"]) await schedule({ id });
  await clock.advance(1_000);
  assert.deepEqual(performed.toSorted(), ["a", "b", "c", "d", "e"]);
  assert.equal(await left(), 0);
});

test("effects of a kind run no more at once than it allows", async () => {
  let running = 0;
  let most = 0;
  const { clock, schedule } = await bench({
    "test.do": {
      kind: "effect",
      concurrency: 3,
      perform: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => setImmediate(resolve));
        running -= 1;
        return async () => {};
      },
    },
  });
  for (let id = 0; id < 20; id += 1) await schedule({ id: String(id) });
  await clock.advance(1_000);
  assert.equal(most, 3);
});

test("a failing effect is retried with growing delays, then given up", async () => {
  const attempts: number[] = [];
  const given: string[] = [];
  const { clock, schedule, store } = await bench({
    "test.do": {
      kind: "effect",
      concurrency: 1,
      retry: { maxAttempts: 4, firstDelayMs: 1_000, maxDelayMs: 3_000 },
      perform: async () => {
        attempts.push(clock.now());
        throw new Error("down");
      },
      giveUp: async (_tx, item, error) => void given.push(`${item.id}: ${String(error)}`),
    },
  });
  await schedule({});
  await clock.advance(60_000);
  // Half of 1 s, of 2 s, of 3 s: the random part is 0 here.
  assert.deepEqual(attempts, [2_000, 2_500, 3_500, 5_000]);
  assert.deepEqual(given, ["1: Error: down"]);
  assert.ok(await store.read((reader) => reader.get(WORK_DEAD.key("test.do", "1"))));
});

test("what is scheduled while its item is performed follows it", async () => {
  const performed: unknown[] = [];
  const { clock, schedule, store, left } = await bench({
    "test.do": {
      kind: "effect",
      concurrency: 1,
      perform: async (item) => {
        performed.push(item.payload);
        if (performed.length === 1) {
          const next = { kind: "test.do", id: "1", dueAtMs: 3_000, payload: "again" };
          await store.transact((tx) => workQueue.schedule(tx, next));
        }
        return async () => {};
      },
    },
  });
  await schedule({ payload: "first" });
  await clock.advance(1_500);
  assert.deepEqual(performed, ["first"]);
  await clock.advance(1_500);
  assert.deepEqual(performed, ["first", "again"]);
  assert.equal(await left(), 0);
});

test("what a node had leased when it died is performed after its release", async () => {
  const store = memoryStore();
  const stuck = await bench(
    {
      "test.do": {
        kind: "effect",
        concurrency: 1,
        perform: (_item, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(new Error("stopped")));
          }),
      },
    },
    store,
  );
  await stuck.schedule({ dueAtMs: 1_000 });
  await stuck.runner.stop();

  const performed: string[] = [];
  const next = await bench(
    {
      "test.do": {
        kind: "effect",
        concurrency: 1,
        perform: async (item) => {
          performed.push(`${item.id}, attempt ${item.attempt}`);
          return async () => {};
        },
      },
    },
    store,
  );
  await next.clock.settle();
  assert.deepEqual(performed, ["1, attempt 1"]);
  assert.equal(await next.left(), 0);
});

test("a runner that starts finds what became due while nobody looked", async () => {
  const store = memoryStore();
  const late = { kind: "test.do", id: "1", dueAtMs: 500, payload: null };
  await store.transact((tx) => workQueue.schedule(tx, late));
  await store.transact((tx) =>
    workQueue.schedule(tx, { ...late, kind: "test.other", dueAtMs: 900 }),
  );
  const fired: string[] = [];
  const handler = timer(async (_tx, item) => void fired.push(item.kind));
  const { clock } = await bench({ "test.do": handler, "test.other": handler }, store);
  await clock.settle();
  assert.deepEqual(fired.toSorted(), ["test.do", "test.other"]);
});

/** A store whose wake-ups do not arrive, as those of another node while a connection is lost. */
function quietStore(listeners: ((wake: Wake) => void)[]): Store {
  const quiet = memoryStore();
  return {
    transact: (body) => quiet.transact(body),
    read: (body) => quiet.read(body),
    onWake: (listener) => void listeners.push(listener),
    clear: (kept) => quiet.clear(kept),
    check: () => quiet.check(),
    close: () => quiet.close(),
  };
}

test("what a node scheduled that died before it told others is found by who gives its leases back", async () => {
  const fired: string[] = [];
  const { clock, runner, schedule } = await bench(
    { "test.do": timer(async (_tx, item) => void fired.push(item.id)) },
    quietStore([]),
  );
  await schedule({ id: "a", dueAtMs: 2_000 });
  await runner.release("dead");
  await clock.advance(5_000);
  assert.deepEqual(fired, ["a"]);
});

test("when wake-ups may have been lost, a runner finds what others scheduled", async () => {
  const fired: string[] = [];
  const listeners: ((wake: Wake) => void)[] = [];
  const store = quietStore(listeners);
  const { clock, schedule } = await bench(
    { "test.do": timer(async (_tx, item) => void fired.push(item.id)) },
    store,
  );
  await schedule({ id: "a", dueAtMs: 2_000 });
  await clock.advance(5_000);
  assert.deepEqual(fired, []);
  for (const listener of listeners) listener(WAKE_ALL);
  await clock.settle();
  await clock.settle();
  assert.deepEqual(fired, ["a"]);
});

test("what was scheduled while a node performed its item outlives the node", async () => {
  const store = memoryStore();
  const again = { kind: "test.do", id: "1", dueAtMs: 3_000, payload: "again" };
  const stuck = await bench(
    {
      "test.do": {
        kind: "effect",
        concurrency: 1,
        perform: async (_item, signal) => {
          await store.transact((tx) => workQueue.schedule(tx, again));
          return new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(new Error("stopped")));
          });
        },
      },
    },
    store,
  );
  await stuck.schedule({ dueAtMs: 1_000, payload: "first" });
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await stuck.runner.stop();

  const performed: unknown[] = [];
  const next = await bench(
    {
      "test.do": {
        kind: "effect",
        concurrency: 1,
        perform: async (item) => {
          performed.push(item.payload);
          return async () => {};
        },
      },
    },
    store,
  );
  await next.clock.advance(5_000);
  assert.deepEqual(performed, ["first", "again"]);
  assert.equal(await next.left(), 0);
});

test("an item that is cancelled and scheduled anew while it is performed keeps its own lease", async () => {
  const ends: (() => void)[] = [];
  const performed: unknown[] = [];
  const { schedule, store, clock, left } = await bench({
    "test.do": {
      kind: "effect",
      concurrency: 2,
      waitsForClock: true,
      perform: async (item) => {
        performed.push(item.payload);
        if (performed.length < 3) await new Promise<void>((resolve) => void ends.push(resolve));
        if (performed.length === 2 && item.payload === "second") throw new Error("down");
        return async () => {};
      },
    },
  });
  await schedule({ dueAtMs: 1_000, payload: "first" });
  await clock.settle();
  await store.transact((tx) => workQueue.cancel(tx, "test.do", "1"));
  await schedule({ dueAtMs: 1_000, payload: "second" });
  await clock.settle();
  ends[0]?.();
  await clock.settle();
  ends[1]?.();
  await clock.advance(5_000);
  assert.deepEqual(performed, ["first", "second", "second"]);
  assert.equal(await left(), 0);
});

/** An effect of one node on a store of several: it ends when it is told, with a result or failing. */
async function openNode(
  store: Store,
  node: string,
): Promise<{ runner: WorkRunner; clock: AdjustableClock; ends: ((error?: Error) => void)[] }> {
  const ends: ((error?: Error) => void)[] = [];
  const handler: WorkHandler = {
    kind: "effect",
    concurrency: 1,
    waitsForClock: true,
    retry: { maxAttempts: 1, firstDelayMs: 1, maxDelayMs: 1 },
    perform: async () => {
      await new Promise<void>((resolve, reject) => {
        ends.push((error) => (error === undefined ? resolve() : reject(error)));
      });
      return async (tx) => tx.put(WORK_DEAD.key("result of", node), new Uint8Array());
    },
    giveUp: async (tx) => tx.put(WORK_DEAD.key("given up by", node), new Uint8Array()),
  };
  const clock = new AdjustableClock({ frozenAtMs: 1_000 });
  const handlerOf = async (): Promise<WorkHandler> => handler;
  const runner = new WorkRunner({ store, clock, log: silentLog, random, node, handlerOf });
  await runner.start();
  return { runner, clock, ends };
}

async function resultsIn(store: Store): Promise<string[]> {
  const results = await store.read((reader) => reader.range(WORK_DEAD.below(), { limit: 9 }));
  return results.map(({ key }) => WORK_DEAD.parts(key).join(" "));
}

for (const { end, error } of [{ end: "result" }, { end: "failure", error: new Error("down") }]) {
  for (const order of ["while the other performs it", "after the other performed it"]) {
    test(`the ${end} of a node that lost its lease is dropped ${order}`, async () => {
      const store = memoryStore();
      const late = await openNode(store, "late");
      const item = { kind: "test.do", id: "1", dueAtMs: 1_000, payload: {} };
      await store.transact((tx) => workQueue.schedule(tx, item));
      await late.clock.settle();
      const other = await openNode(store, "other");
      await other.clock.settle();
      assert.equal(other.ends.length, 0, "what another node has is not taken");
      await other.runner.release("late");
      await other.clock.settle();
      // The late node performs as many as it may, so the other one has it now.
      const isAfter = order.startsWith("after");
      assert.deepEqual([late.ends.length, other.ends.length], [1, 1]);
      if (isAfter) other.ends[0]?.();
      await other.clock.settle();
      late.ends[0]?.(error);
      await late.clock.settle();
      assert.deepEqual(await resultsIn(store), isAfter ? ["result of other"] : []);
      other.ends[0]?.();
      await other.clock.settle();
      assert.deepEqual(await resultsIn(store), ["result of other"]);
      const left = await store.read((reader) => reader.range(WORK_ITEM.below(), { limit: 9 }));
      assert.deepEqual(left, []);
      await Promise.all([late.runner.stop(), other.runner.stop()]);
    });
  }
}

test("an effect that ends while the store is unavailable is tried again when it is back", async () => {
  const memory = memoryStore();
  let isAway = false;
  const store: Store = {
    transact: (body) =>
      isAway ? Promise.reject(new StoreUnavailable("away")) : memory.transact(body),
    read: (body) => (isAway ? Promise.reject(new StoreUnavailable("away")) : memory.read(body)),
    onWake: (listener) => memory.onWake(listener),
    clear: (kept) => memory.clear(kept),
    check: () => memory.check(),
    close: () => memory.close(),
  };
  let performed = 0;
  const { clock, schedule, left } = await bench(
    {
      "test.do": {
        kind: "effect",
        concurrency: 1,
        perform: async () => {
          performed += 1;
          isAway = performed === 1;
          return async () => {};
        },
      },
    },
    store,
  );
  await schedule({});
  await clock.advance(60_000);
  assert.equal(performed, 1);
  isAway = false;
  await clock.advance(60_000);
  assert.equal(performed, 2);
  assert.equal(await left(), 0);
});

test("a runner that is stopped while it leases performs nothing more", async () => {
  const memory = memoryStore();
  let open = (): void => {};
  let gate = Promise.resolve();
  const store: Store = {
    transact: (body) => gate.then(() => memory.transact(body)),
    read: (body) => memory.read(body),
    onWake: (listener) => memory.onWake(listener),
    clear: (kept) => memory.clear(kept),
    check: () => memory.check(),
    close: () => memory.close(),
  };
  let performed = 0;
  const perform = async (): Promise<() => Promise<void>> => {
    performed += 1;
    return async () => {};
  };
  const { runner, schedule } = await bench(
    { "test.do": { kind: "effect", concurrency: 1, perform } },
    store,
  );
  await schedule({ dueAtMs: 5_000 });
  gate = new Promise((resolve) => void (open = resolve));
  const scheduled = memory.transact((tx) =>
    workQueue.schedule(tx, { kind: "test.do", id: "2", dueAtMs: 1_000, payload: {} }),
  );
  await scheduled;
  const stopped = runner.stop();
  open();
  await stopped;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(performed, 0);
});
