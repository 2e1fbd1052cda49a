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
import { GroupCommit } from "../../src/stores/group-commit.ts";
import { SerialStore } from "../../src/stores/serial-store.ts";
import { SlowFile } from "./slow-file.ts";

const ALL = rangeBelow(encodeKey(7, []));

test("nobody is told before the commit; who comes meanwhile shares the next one", async () => {
  const { file, store } = open();
  const told: string[] = [];
  const first = [put(store, 1), put(store, 1), put(store, 2)].map((promise) =>
    promise.then(() => told.push("first")),
  );
  await nextTurn();
  assert.ok(file.isWriting);
  const second = [put(store, 3), put(store, 4)].map((promise) =>
    promise.then(() => told.push("second")),
  );
  await nextTurn();
  assert.deepEqual(told, []);
  file.finish();
  await Promise.all(first);
  await nextTurn();
  assert.deepEqual(told, ["first", "first", "first"]);
  file.finish();
  await Promise.all(second);
  assert.deepEqual(file.writeSizes, [2, 2]);
});

test("a read that saw what is not yet durable waits for it, and no other read waits", async () => {
  const { file, store } = open();
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
  file.finish();
  await writing;
  assert.deepEqual(await reading, [1]);
  await assert.rejects(failing, /there is one already/);
  assert.deepEqual(await numbers(store), [1]);
});

test("a failed commit tells all who depend on it, and leaves what the file has", async () => {
  const { file, store } = open();
  await through(file, put(store, 1));
  const flushed = put(store, 2);
  await nextTurn();
  const built = [put(store, 3), numbers(store), remove(store, 1)];
  await nextTurn();
  file.fail("disk full");
  for (const promise of [flushed, ...built]) {
    await assert.rejects(promise, (error: unknown) => {
      assert.ok(error instanceof StoreUnavailable);
      assert.match(error.message, /disk full/);
      return true;
    });
  }
  await assert.rejects(store.check(), /still broken/);
  await assert.rejects(put(store, 4), StoreUnavailable);
  file.broken = false;
  await store.check();
  assert.deepEqual(await numbers(store), [1]);
  await through(file, put(store, 5));
  assert.deepEqual(await numbers(store), [1, 5]);
});

test("a store that can write again goes on without being asked whether it can", async () => {
  const { file, store } = open();
  const failed = put(store, 1);
  await nextTurn();
  file.fail("disk full");
  await assert.rejects(failed, StoreUnavailable);
  file.broken = false;
  await through(file, put(store, 2));
  assert.deepEqual(await numbers(store), [2]);
});

test("consuming the head of a long queue does not walk over what was consumed since the flush", async () => {
  const { file, store } = open();
  const fill = store.transact(async (tx) => {
    for (let at = 0; at < 20_000; at += 1) tx.put(key(at), new Uint8Array(1));
  });
  await through(file, fill);
  for (const flushing of [false, true]) {
    if (flushing) await nextTurn(); // the first half is being written: it is a layer of its own
    assert.equal(file.isWriting, flushing);
    file.steps = 0;
    for (let at = 0; at < 500; at += 1) {
      void store.transact(async (tx) => {
        for (const entry of await tx.claim(ALL, 10)) tx.delete(entry.key);
      });
    }
    for (let turns = 0; turns < 10_000; turns += 1) await Promise.resolve();
    assert.ok(file.steps > 5_000 - 1 && file.steps < 20_000, `${file.steps} steps`);
  }
  file.finish();
  await nextTurn();
  file.finish();
  assert.equal((await numbers(store))[0], 10_000);
});

type Action =
  | { do: "put" | "delete"; at: number }
  | { do: "undone"; at: number; put: boolean }
  | { do: "claim"; count: number }
  | { do: "range"; from: number; to: number; limit: number; reverse: boolean }
  | { do: "turn" | "finish" | "fail" };

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
  { weight: 1, arbitrary: fc.constant({ do: "fail" as const }) },
);
const seed = randomInt(2 ** 31);

test(`layers answer what a plain map does, whenever commits end (seed ${seed})`, async () => {
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
  readonly file: SlowFile;
  readonly store: Store;
  /** What the store holds, what its file holds, and what that will hold after the write that runs. */
  model: Map<number, number>;
  stored: Map<number, number>;
  flushing: Map<number, number>;
}

async function act(one: Action, index: number, run: Run): Promise<void> {
  const { file, store, model } = run;
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
      if (!file.isWriting) return;
      file.finish();
      run.stored = run.flushing;
      return after(Promise.resolve());
    case "fail":
      if (!file.isWriting) return;
      file.fail("disk full");
      file.broken = false;
      run.model = new Map(run.stored);
      return after(Promise.resolve());
    case "turn": {
      const wasWriting = file.isWriting;
      await nextTurn();
      if (file.isWriting && !wasWriting) run.flushing = new Map(model);
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

function open(): { file: SlowFile; store: Store } {
  const file = new SlowFile();
  return { file, store: new SerialStore(new GroupCommit(file), silentLog) };
}

async function through(file: SlowFile, writing: Promise<unknown>): Promise<void> {
  await nextTurn();
  file.finish();
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
