import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { setImmediate as immediate } from "node:timers/promises";
import fc from "fast-check";
import { silentLog } from "../../src/kernel/log.ts";
import { StoreUnavailable } from "../../src/kernel/store.ts";
import type { Store } from "../../src/kernel/store.ts";
import { encodeKey, rangeBelow, rangeBetween } from "../../src/kernel/tuple.ts";
import type { Key } from "../../src/kernel/tuple.ts";
import { JournaledTables, RECOVERY_PAUSE_MS } from "../../src/stores/journaled-tables.ts";
import { SerialStore } from "../../src/stores/serial-store.ts";
import { SlowDisk } from "./slow-disk.ts";

const ALL = rangeBelow(encodeKey(7, []));

test("nobody is told before the flush; who comes meanwhile shares the next one", async () => {
  const { disk, store } = open();
  const told: string[] = [];
  const first = [put(store, 1), put(store, 1), put(store, 2)].map((promise) =>
    promise.then(() => told.push("first")),
  );
  await nextTurn();
  assert.ok(disk.isWriting);
  const second = [put(store, 3), put(store, 4)].map((promise) =>
    promise.then(() => told.push("second")),
  );
  await nextTurn();
  assert.deepEqual(told, []);
  disk.finish();
  await Promise.all(first);
  await nextTurn();
  assert.deepEqual(told, ["first", "first", "first"]);
  disk.finish();
  await Promise.all(second);
  assert.deepEqual(disk.recordSizes, [2, 2]);
});

test("a read that saw what is not yet durable waits for it, and no other read waits", async () => {
  const { disk, store } = open();
  assert.deepEqual(await numbers(store), []);
  const writing = put(store, 1);
  const reading = numbers(store);
  const failing = store.transact(async (tx) => {
    assert.ok(await tx.get(key(1)));
    throw new Error("there is one already");
  });
  let settled = 0;
  for (const promise of [reading, failing]) {
    const count = (): void => void (settled += 1);
    promise.then(count, count);
  }
  await nextTurn();
  assert.equal(settled, 0);
  disk.finish();
  await writing;
  assert.deepEqual(await reading, [1]);
  await assert.rejects(failing, /there is one already/);
  assert.deepEqual(await numbers(store), [1]);
});

test("a clear that the disk does not take says so, and leaves all that was there", async () => {
  const { disk, store } = open();
  await through(disk, put(store, 1));
  disk.broken = true;
  await assert.rejects(store.clear(), StoreUnavailable);
  assert.deepEqual(await numbers(store), [1]);
  disk.broken = false;
  await store.clear();
  assert.deepEqual(await numbers(store), []);
});

test("a failed flush tells all who depend on it, and leaves what the disk has", async () => {
  const { disk, store } = open();
  await through(disk, put(store, 1));
  const flushed = put(store, 2);
  await nextTurn();
  const built = [put(store, 3), numbers(store), remove(store, 1)];
  await nextTurn();
  disk.fail("disk full");
  for (const promise of [flushed, ...built]) {
    await assert.rejects(promise, (error: unknown) => {
      assert.ok(error instanceof StoreUnavailable);
      assert.match(error.message, /disk full/);
      return true;
    });
  }
  await assert.rejects(store.check(), /still broken/);
  await assert.rejects(put(store, 4), StoreUnavailable);
  disk.broken = false;
  await store.check();
  assert.deepEqual(await numbers(store), [1]);
  await through(disk, put(store, 5));
  assert.deepEqual(await numbers(store), [1, 5]);
});

test("a transaction that is open while the disk fails leaves nothing, whoever checks meanwhile", async () => {
  const { disk, store } = open();
  const flushed = put(store, 1);
  await nextTurn();
  const goOn: (() => void)[] = [];
  const half = store.transact(async (tx) => {
    await new Promise<void>((resolve) => goOn.push(resolve));
    // Between any two steps of what the check does.
    for (let step = 0; step < 20; step += 1) {
      tx.put(key(2), Uint8Array.of(2));
      await tx.get(key(2));
    }
    await new Promise<void>((resolve) => goOn.push(resolve));
  });
  await nextTurn();
  disk.fail("disk full");
  disk.broken = false;
  await assert.rejects(flushed, /disk full/);
  const refused = assert.rejects(half, /disk full/);
  const checked = store.check();
  for (let step = 0; step < 2; step += 1) {
    goOn[step]?.();
    await nextTurn();
  }
  await refused;
  await checked;
  assert.deepEqual(await numbers(store), []);
  assert.equal(disk.get(key(2)), undefined);
});

test("a store that can write again goes on without being asked whether it can", async () => {
  const { disk, store } = open();
  const failed = put(store, 1);
  await nextTurn();
  disk.fail("disk full");
  await assert.rejects(failed, StoreUnavailable);
  disk.broken = false;
  await through(disk, put(store, 2));
  assert.deepEqual(await numbers(store), [2]);
});

test("while the disk takes no writes, all are refused, and only some try whether it does", async () => {
  let nowMs = 1_000_000;
  const { disk, store } = open(() => nowMs);
  const failed = put(store, 1);
  await nextTurn();
  disk.fail("disk full");
  await assert.rejects(failed, /disk full/);
  const refused = async (): Promise<void> => {
    const calls = [put(store, 2), numbers(store), store.check()];
    for (const call of calls) await assert.rejects(call, /still broken/);
  };
  for (let at = 0; at < 10; at += 1) await refused();
  assert.equal(disk.probes, 1);
  nowMs += RECOVERY_PAUSE_MS;
  for (let at = 0; at < 10; at += 1) await refused();
  assert.equal(disk.probes, 2);
  disk.broken = false;
  await refused();
  nowMs += RECOVERY_PAUSE_MS;
  await through(disk, put(store, 2));
  assert.deepEqual(await numbers(store), [2]);
});

test("what came and went before a rotation never reaches the file; the rest does, by its segment", async () => {
  const { disk, store } = open();
  await through(disk, put(store, 1));
  await through(disk, put(store, 2));
  await through(disk, remove(store, 1));
  await rotate(disk, store);
  assert.equal(disk.get(key(2)), undefined, "not yet");
  assert.deepEqual(await numbers(store), [2]);
  disk.finishApplying();
  await nextTurn();
  assert.deepEqual([disk.get(key(1)), disk.get(key(2))?.[0]], [undefined, 2]);
  await through(disk, remove(store, 2));
  assert.deepEqual(await numbers(store), []);
});

test("a flush waits for the other segment, and what it holds is not in the full one", async () => {
  const { disk, store } = open();
  await through(disk, put(store, 1));
  await rotate(disk, store);
  disk.full = true;
  const waiting = put(store, 2);
  await nextTurn();
  assert.equal(disk.isWriting, false);
  disk.finishApplying();
  await nextTurn();
  await through(disk, waiting);
  disk.finishApplying();
  await nextTurn();
  assert.deepEqual([disk.get(key(1))?.[0], disk.get(key(2))], [1, undefined]);
  assert.deepEqual(await numbers(store), [1, 2]);
});

test("a segment that cannot be applied refuses what is not on disk, and loses nothing that is", async () => {
  const { disk, store } = open();
  await through(disk, put(store, 1));
  await rotate(disk, store);
  const appended = put(store, 2);
  await nextTurn();
  const refused = put(store, 3);
  disk.failApplying("disk full");
  disk.broken = true;
  await nextTurn();
  disk.finish();
  await appended;
  await assert.rejects(refused, /disk full/);
  await assert.rejects(put(store, 4), /still broken/);
  disk.broken = false;
  assert.deepEqual(await numbers(store), [1, 2]);
  assert.deepEqual([disk.get(key(1))?.[0], disk.get(key(2))?.[0]], [1, 2]);
  await through(disk, put(store, 5));
  assert.deepEqual(await numbers(store), [1, 2, 5]);
});

test("consuming the head of a long queue does not walk over what was consumed since the rotation", async () => {
  const { disk, store } = open();
  const fill = store.transact(async (tx) => {
    for (let at = 0; at < 20_000; at += 1) tx.put(key(at), new Uint8Array(1));
  });
  await through(disk, fill);
  await rotate(disk, store);
  disk.finishApplying();
  await nextTurn();
  for (const layers of [1, 2]) {
    if (layers === 2) await rotate(disk, store);
    disk.steps = 0;
    const consuming: Promise<void>[] = [];
    for (let at = 0; at < 500; at += 1) {
      const one = store.transact(async (tx) => {
        for (const entry of await tx.claim(ALL, 10)) tx.delete(entry.key);
      });
      consuming.push(one);
    }
    await through(disk, Promise.all(consuming));
    assert.ok(disk.steps > 5_000 - 1 && disk.steps < 20_000, `${disk.steps} steps`);
  }
  assert.equal((await numbers(store))[0], 10_000);
});

type Action =
  | { do: "put" | "delete"; at: number }
  | { do: "undone"; at: number; put: boolean }
  | { do: "claim"; count: number }
  | { do: "range"; from: number; to: number; limit: number; reverse: boolean }
  | { do: "turn" | "finish" | "fail" | "full" | "apply" | "fail to apply" };

const at = fc.nat(15);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom("put" as const, "delete" as const), at }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("undone" as const), at, put: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("claim" as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("range" as const),
      from: at,
      to: fc.nat(16),
      limit: fc.integer({ min: 1, max: 16 }),
      reverse: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom("turn" as const, "finish" as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("full" as const, "apply" as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("fail" as const, "fail to apply" as const) }),
  },
);
const seed = randomInt(2 ** 31);

test(`layers answer what a plain map does, whenever flushes and rotations end (seed ${seed})`, async () => {
  const property = fc.asyncProperty(
    fc.array(action, { minLength: 20, maxLength: 150, size: "max" }),
    async (actions) => {
      const run = { ...open(), model: new Map(), stored: new Map(), flushing: new Map() };
      for (const [index, one] of actions.entries()) await act(one, index, run);
    },
  );
  await fc.assert(property, { seed, numRuns: 120 });
});

interface Run {
  readonly disk: SlowDisk;
  readonly store: Store;
  /** What the store holds, what its disk holds, and what that will hold after the write that runs. */
  model: Map<number, number>;
  stored: Map<number, number>;
  flushing: Map<number, number>;
}

async function act(one: Action, index: number, run: Run): Promise<void> {
  const { disk, store, model } = run;
  switch (one.do) {
    case "put":
      model.set(one.at, index);
      return after(store.transact(async (tx) => tx.put(key(one.at), Uint8Array.of(index))));
    case "delete":
      model.delete(one.at);
      return after(store.transact(async (tx) => tx.delete(key(one.at))));
    case "undone":
      return after(
        store.transact(async (tx) => {
          if (one.put) tx.put(key(one.at), Uint8Array.of(255));
          else tx.delete(key(one.at));
          await tx.claim(ALL, 16);
          throw new Error("undone");
        }),
      );
    case "claim": {
      const expected = sorted(model).slice(0, one.count);
      for (const [number] of expected) model.delete(number);
      let seen: unknown;
      const claiming = store.transact(async (tx) => {
        const entries = await tx.claim(ALL, one.count);
        seen = entries.map((entry) => [numberOf(entry.key), entry.value[0]]);
        for (const entry of entries) tx.delete(entry.key);
      });
      await after(claiming);
      return assert.deepEqual(seen, expected);
    }
    case "range": {
      const inside = sorted(model).filter(([number]) => number >= one.from && number < one.to);
      if (one.reverse) inside.reverse();
      let seen: unknown;
      const { limit, reverse } = one;
      const range = rangeBetween(encodeKey(7, []), one.from, one.to);
      const reading = store.read(async (reader) => {
        const entries = await reader.range(range, { limit, reverse });
        seen = entries.map((entry) => [numberOf(entry.key), entry.value[0]]);
      });
      await after(reading);
      return assert.deepEqual(seen, inside.slice(0, limit));
    }
    case "finish":
      if (!disk.isWriting) return;
      disk.finish();
      run.stored = run.flushing;
      return after(Promise.resolve());
    case "fail":
      if (!disk.isWriting) return;
      // What the disk does not take is not tried again before the applying ended.
      if (disk.isApplying) disk.finishApplying();
      disk.fail("disk full");
      disk.broken = false;
      run.model = new Map(run.stored);
      return after(Promise.resolve());
    case "full":
      disk.full = true;
      return;
    case "apply":
      if (disk.isApplying) disk.finishApplying();
      return after(Promise.resolve());
    case "fail to apply":
      if (!disk.isApplying || disk.isWriting) return;
      disk.failApplying("disk full");
      run.model = new Map(run.stored);
      return after(Promise.resolve());
    case "turn": {
      const wasWriting = disk.isWriting;
      await nextTurn();
      if (disk.isWriting && !wasWriting) run.flushing = new Map(model);
    }
  }
}

/** Lets bodies run, and the flush start that they ask for. */
async function nextTurn(): Promise<void> {
  await immediate();
  await immediate();
}

/** Lets a body run to its end, though not its commit. */
async function after(running: Promise<unknown>): Promise<void> {
  running.catch(() => {});
  for (let turns = 0; turns < 60; turns += 1) await Promise.resolve();
}

/** Whenever its tables look at the time, a pause between recoveries is over. */
function open(machineNow = impatient()): { disk: SlowDisk; store: Store } {
  const disk = new SlowDisk();
  const reopenLog = async (): Promise<SlowDisk> => disk;
  const tables = new JournaledTables({ file: disk, log: disk, reopenLog, machineNow });
  return { disk, store: new SerialStore(tables, silentLog) };
}

function impatient(): () => number {
  let nowMs = 0;
  return () => (nowMs += RECOVERY_PAUSE_MS);
}

/** Writes something else into another segment, so that the full one is being applied. */
async function rotate(disk: SlowDisk, store: Store): Promise<void> {
  disk.full = true;
  await through(
    disk,
    store.transact(async (tx) => tx.put(encodeKey(8, [disk.sequence]), new Uint8Array(0))),
  );
  assert.ok(disk.isApplying);
}

async function through(disk: SlowDisk, writing: Promise<unknown>): Promise<void> {
  await nextTurn();
  disk.finish();
  await writing;
}

function put(store: Store, number: number): Promise<void> {
  return store.transact(async (tx) => tx.put(key(number), Uint8Array.of(number)));
}

function remove(store: Store, number: number): Promise<void> {
  return store.transact(async (tx) => tx.delete(key(number)));
}

async function numbers(store: Store): Promise<number[]> {
  const entries = await store.read((reader) => reader.range(ALL, { limit: 100_000 }));
  return entries.map((entry) => numberOf(entry.key));
}

function key(number: number): Key {
  return encodeKey(7, [number]);
}

function numberOf(of: Key): number {
  return sequence.get(of) ?? -1;
}

const sequence = new Map(Array.from({ length: 20_000 }, (_, number) => [key(number), number]));

function sorted(model: Map<number, number>): [number, number][] {
  return [...model].toSorted(([a], [b]) => a - b);
}
