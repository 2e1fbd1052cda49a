import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { StoreUnavailable } from "../../src/kernel/store.ts";
import type { Reader, Store, Tx, Wake } from "../../src/kernel/store.ts";
import { encodeKey, keyAfter, rangeBelow, rangeBetween } from "../../src/kernel/tuple.ts";
import type { Key, Part } from "../../src/kernel/tuple.ts";
import { MAX_KEY_BYTES } from "../../src/stores/limits.ts";
import { concurrentProgram, runConcurrently, runInOrder, sequentialProgram } from "./model.ts";

export interface OpenedStore {
  readonly store: Store;
  /** Closes the store and opens it on the same data; absent where nothing outlives the store. */
  readonly reopen?: () => Promise<Store>;
  /** Closes what is open and removes the data. */
  readonly cleanup: () => Promise<void>;
}

const SPACE = 7;
const ALL = rangeBelow(key());

/** Every promise of the store contract, for a store that `open` makes anew and empty. */
export function storeSuite(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} store`, () => {
    let opened: OpenedStore;
    let store: Store;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.cleanup());
    const context: SuiteContext = {
      store: () => store,
      reopen: async (skip) => {
        if (opened.reopen === undefined) skip("this store keeps nothing");
        else store = await opened.reopen();
        return opened.reopen !== undefined;
      },
    };
    readingAndWriting(context);
    atomicity(context);
    serializability(context);
    claims(context);
    sums(context);
    telling(context);
    lifecycle(context);
    properties(context);
  });
}

interface SuiteContext {
  readonly store: () => Store;
  readonly reopen: (skip: (reason: string) => void) => Promise<boolean>;
}

function readingAndWriting({ store }: SuiteContext): void {
  test("a transaction reads what it wrote, and what others wrote before", async () => {
    await put(store(), ["old"], "1");
    const seen = await store().transact(async (tx) => {
      tx.put(key("new"), bytes("2"));
      tx.put(key("gone"), bytes("3"));
      tx.delete(key("gone"));
      tx.delete(key("never there"));
      tx.put(key("twice"), bytes("4"));
      tx.put(key("twice"), bytes("5"));
      const keys = ["old", "new", "gone", "never there", "twice"].map((part) => key(part));
      const all = await tx.getMany(keys);
      return { all: all.map(text), one: text(await tx.get(key("new"))), range: await texts(tx) };
    });
    assert.deepEqual(seen.all, ["1", "2", undefined, undefined, "5"]);
    assert.equal(seen.one, "2");
    assert.deepEqual(seen.range, ["2", "1", "5"]);
    assert.deepEqual(await store().read(texts), ["2", "1", "5"]);
  });

  test("a transaction's own deletes and puts show in its ranges", async () => {
    await fill(store(), 20);
    const seen = await store().transact(async (tx) => {
      for (let at = 0; at < 20; at += 2) tx.delete(key(at));
      tx.put(key(3), bytes("three"));
      tx.put(key(4), bytes("four"));
      tx.put(key(100), bytes("hundred"));
      const up = await tx.range(ALL, { limit: 4 });
      const down = await tx.range(ALL, { limit: 3, reverse: true });
      return { up: up.map((entry) => text(entry.value)), down: down.map((e) => text(e.value)) };
    });
    assert.deepEqual(seen.up, ["1", "three", "four", "5"]);
    assert.deepEqual(seen.down, ["hundred", "19", "17"]);
  });

  test("ranges answer in key order, from `from` up to before `to`, up and down, with a limit", async () => {
    await fill(store(), 300);
    await store().read(async (reader) => {
      const numbers = async (first: number, end: number, limit: number, reverse = false) =>
        (await reader.range(rangeBetween(key(), first, end), { limit, reverse })).map((entry) =>
          Number(text(entry.value)),
        );
      assert.deepEqual(await numbers(0, 300, 1_000), upTo(300));
      assert.deepEqual(await numbers(254, 258, 10), [254, 255, 256, 257]);
      assert.deepEqual(await numbers(254, 300, 2), [254, 255]);
      assert.deepEqual(await numbers(0, 300, 3, true), [299, 298, 297]);
      assert.deepEqual(await numbers(5, 8, 10, true), [7, 6, 5]);
      assert.deepEqual(await numbers(10, 10, 10), []);
      assert.deepEqual(await numbers(20, 10, 10), []);
      assert.deepEqual(await numbers(20, 10, 10, true), []);
      assert.deepEqual(await numbers(1_000, 2_000, 10), []);
      assert.deepEqual(await numbers(1_000, 2_000, 10, true), []);
    });
  });

  test("a range takes its first key in and leaves its last key out, without a part's meaning", async () => {
    await fill(store(), 3);
    const range = { from: key(1), to: keyAfter(key(1)) };
    const entries = await store().read((reader) => reader.range(range, { limit: 10 }));
    assert.deepEqual(
      entries.map((entry) => entry.key),
      [key(1)],
    );
    const before = { from: key(0), to: key(1) };
    const others = await store().read((reader) =>
      reader.range(before, { limit: 9, reverse: true }),
    );
    assert.deepEqual(
      others.map((entry) => entry.key),
      [key(0)],
    );
  });

  test("keys of any bytes keep their order", async () => {
    const parts = [
      new Uint8Array(),
      Uint8Array.of(0),
      Uint8Array.of(0, 0),
      Uint8Array.of(0, 1),
      Uint8Array.of(0, 255),
      Uint8Array.of(1),
      Uint8Array.of(127, 255),
      Uint8Array.of(128),
      Uint8Array.of(195, 164),
      Uint8Array.of(255),
      Uint8Array.of(255, 255),
      "",
      "a\u0000b",
      "z",
      "ä",
      "\u{1f600}",
      0,
      255,
      256,
      65_536,
      2n ** 64n,
    ];
    await store().transact(async (tx) => {
      for (const part of parts.toReversed()) tx.put(key(part), bytes(String(part)));
    });
    assert.deepEqual(
      (await store().read((reader) => reader.range(ALL, { limit: 100 }))).map((entry) => entry.key),
      parts.map((part) => key(part)),
    );
  });

  test("a key may have 1,900 bytes and no more", async () => {
    const longest = key("x".repeat(MAX_KEY_BYTES - 4));
    assert.equal(longest.length, MAX_KEY_BYTES);
    await store().transact(async (tx) => {
      tx.put(longest, bytes("1"));
      tx.add(longest, 1);
    });
    assert.equal(text(await store().read((reader) => reader.get(longest))), "1");
    const tooLong = store().transact(async (tx) => tx.put(keyAfter(longest), bytes("1")));
    await assert.rejects(tooLong, /1900 bytes/);
    const sumTooLong = store().transact(async (tx) => tx.add(keyAfter(longest), 1));
    await assert.rejects(sumTooLong, /1900 bytes/);
  });

  test("nothing is found at a key that is longer", async () => {
    const tooLong = key("x".repeat(100_000));
    const found = await store().transact(async (tx) => {
      tx.put(key("a"), bytes("1"));
      tx.delete(tooLong);
      return [await tx.get(tooLong), await tx.getMany([tooLong, key("a")]), await tx.sum(tooLong)];
    });
    assert.deepEqual(found, [undefined, [undefined, bytes("1")], 0]);
  });

  test("values may be empty or 10 MiB, ten in a transaction, and stay as they were read", async () => {
    const size = 10 * 1_048_576;
    const big = new Uint8Array(size).fill(7);
    await store().transact(async (tx) => {
      tx.put(key("big"), big);
      tx.put(key("empty"), new Uint8Array());
      for (let at = 0; at < 10; at += 1) tx.put(key("part", at), big.subarray(0, 1_048_576));
    });
    const [read, empty] = await store().read((reader) =>
      reader.getMany([key("big"), key("empty")]),
    );
    assert.equal(empty?.byteLength, 0);
    await store().transact(async (tx) => tx.put(key("big"), new Uint8Array(size).fill(8)));
    await store().read((reader) => reader.get(key("big")));
    assert.equal(Buffer.compare(read ?? bytes(""), big), 0);
    const parts = await store().read((reader) =>
      reader.range(rangeBelow(key("part")), { limit: 20 }),
    );
    assert.equal(
      parts.reduce((sum, entry) => sum + entry.value.byteLength, 0),
      size,
    );
  });
}

function atomicity({ store }: SuiteContext): void {
  test("a body that throws leaves nothing behind", async () => {
    await fill(store(), 4);
    await store().transact(async (tx) => tx.add(key("sum"), 5));
    const failing = store().transact(async (tx) => {
      tx.put(key(0), bytes("changed"));
      tx.put(key(0), bytes("changed twice"));
      tx.put(key(50), bytes("new"));
      tx.delete(key(1));
      tx.put(key(1), bytes("back"));
      tx.delete(key(2));
      tx.add(key("sum"), 1);
      tx.add(key("other sum"), 1);
      await tx.get(key(0));
      throw new Error("no");
    });
    await assert.rejects(failing, new Error("no"));
    await store().read(async (reader) => {
      assert.deepEqual(await texts(reader), ["0", "1", "2", "3"]);
      assert.equal(await reader.sum(key("sum")), 5);
      assert.equal(await reader.sum(key("other sum")), 0);
    });
  });

  test("one body that throws among many takes nothing of the others", async () => {
    const all = upTo(60).map((at) =>
      store().transact(async (tx) => {
        const before = Number(text(await tx.get(key("count"))) ?? 0);
        tx.put(key("count"), bytes(String(before + 1)));
        if (at % 3 === 0) throw new Error("no");
      }),
    );
    const results = await Promise.allSettled(all);
    assert.equal(results.filter((result) => result.status === "rejected").length, 20);
    assert.equal(text(await store().read((reader) => reader.get(key("count")))), "40");
  });
}

function serializability({ store }: SuiteContext): void {
  test("concurrent increments all count", async () => {
    const increment = async (tx: Tx): Promise<number> => {
      const before = Number(text(await tx.get(key("count"))) ?? 0);
      tx.put(key("count"), bytes(String(before + 1)));
      return before;
    };
    const seen = await Promise.all(upTo(50).map(() => store().transact(increment)));
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      upTo(50),
    );
  });

  test("two transactions that read both and write one each cannot both act [no write skew]", async () => {
    for (let round = 0; round < 10; round += 1) {
      await put(store(), ["left"], "1");
      await put(store(), ["right"], "1");
      const leave = (side: string) =>
        store().transact(async (tx) => {
          const [left, right] = await tx.getMany([key("left"), key("right")]);
          if (text(left) === "1" && text(right) === "1") tx.put(key(side), bytes("0"));
        });
      await Promise.all([leave("left"), leave("right")]);
      const left = await store().read(texts);
      assert.equal(left.filter((value) => value === "1").length, 1);
    }
  });

  test("two transactions that find a key absent cannot both be the first", async () => {
    for (let round = 0; round < 10; round += 1) {
      const create = () =>
        store().transact(async (tx) => {
          const taken = await tx.get(key("name", round));
          if (taken === undefined) tx.put(key("name", round), bytes("taken"));
          return taken === undefined;
        });
      const created = await Promise.all([create(), create(), create()]);
      assert.equal(created.filter(Boolean).length, 1);
    }
  });

  test("a read never sees half of a transaction, nor two of different times", async () => {
    await put(store(), ["a"], "100");
    await put(store(), ["b"], "0");
    const move = () =>
      store().transact(async (tx) => {
        const a = Number(text(await tx.get(key("a"))));
        tx.put(key("a"), bytes(String(a - 1)));
        const b = Number(text(await tx.get(key("b"))));
        tx.put(key("b"), bytes(String(b + 1)));
      });
    const look = () =>
      store().read(async (reader) => {
        const a = Number(text(await reader.get(key("a"))));
        const [, b] = await reader.range(ALL, { limit: 2 });
        return a + Number(text(b?.value));
      });
    const totals = await Promise.all(upTo(40).flatMap(() => [move(), look()]));
    for (const total of totals) assert.ok(total === undefined || total === 100, String(total));
  });
}

function claims({ store }: SuiteContext): void {
  test("claims answer the first entries of the range, in order", async () => {
    await fill(store(), 5);
    const first = await store().transact((tx) => tx.claim(rangeBetween(key(), 1, 4), 2));
    assert.deepEqual(
      first.map((entry) => text(entry.value)),
      ["1", "2"],
    );
    const again = await store().transact((tx) => tx.claim(rangeBetween(key(), 1, 4), 9));
    assert.equal(again.length, 3);
  });

  test("no entry is claimed and taken by two transactions", async () => {
    await fill(store(), 100);
    const take = () =>
      store().transact(async (tx) => {
        const entries = await tx.claim(ALL, 3);
        await tx.get(key("elsewhere"));
        for (const entry of entries) tx.delete(entry.key);
        return entries.map((entry) => Number(text(entry.value)));
      });
    const taken: number[] = [];
    for (let round = 0; taken.length < 100 && round < 50; round += 1) {
      const batches = await Promise.all(upTo(10).map(take));
      taken.push(...batches.flat());
    }
    assert.deepEqual(
      taken.toSorted((a, b) => a - b),
      upTo(100),
    );
    assert.deepEqual(await store().read(texts), []);
  });

  test("entries that are claimed and moved reach the other place once each", async () => {
    const ready = rangeBelow(key("ready"));
    await store().transact(async (tx) => {
      for (let at = 0; at < 40; at += 1) tx.put(key("ready", at), bytes(String(at)));
    });
    const move = () =>
      store().transact(async (tx) => {
        for (const entry of await tx.claim(ready, 4)) {
          tx.delete(entry.key);
          tx.put(key("flying", text(entry.value) ?? ""), entry.value);
          tx.add(key("moved"), 1);
        }
      });
    for (let round = 0; round < 10; round += 1) await Promise.all([move(), move(), move()]);
    await store().read(async (reader) => {
      assert.equal((await reader.range(ready, { limit: 100 })).length, 0);
      assert.equal((await reader.range(rangeBelow(key("flying")), { limit: 100 })).length, 40);
      assert.equal(await reader.sum(key("moved")), 40);
    });
  });

  test("what a failed transaction had claimed is free again", async () => {
    await fill(store(), 2);
    const failing = store().transact(async (tx) => {
      for (const entry of await tx.claim(ALL, 2)) tx.delete(entry.key);
      throw new Error("no");
    });
    await assert.rejects(failing, new Error("no"));
    assert.equal((await store().transact((tx) => tx.claim(ALL, 5))).length, 2);
  });
}

function sums({ store }: SuiteContext): void {
  test("a total is all that was added, by however many at once; 0 at first and once forgotten", async () => {
    const total = () => store().read((reader) => reader.sum(key("total")));
    assert.equal(await total(), 0);
    await Promise.all(
      upTo(50).map((at) => store().transact(async (tx) => tx.add(key("total"), at))),
    );
    assert.equal(await total(), 1_225);
    await store().transact(async (tx) => tx.add(key("total"), -1_300));
    assert.equal(await total(), -75);
    await store().transact(async (tx) => tx.add(key("total"), 2 ** 50));
    assert.equal(await total(), 2 ** 50 - 75);
    await store().transact(async (tx) => tx.clearSum(key("total")));
    assert.equal(await total(), 0);
  });

  for (const delta of [0.5, Number.NaN, Infinity, 2 ** 53]) {
    test(`a total takes no ${delta}, which would not be exact`, async () => {
      const [wrong, right] = await Promise.allSettled([
        store().transact(async (tx) => tx.add(key("total"), delta)),
        store().transact(async (tx) => tx.add(key("total"), 1)),
      ]);
      assert.ok(wrong.status === "rejected" && wrong.reason instanceof RangeError);
      assert.equal(right.status, "fulfilled");
      assert.equal(await store().read((reader) => reader.sum(key("total"))), 1);
    });
  }

  for (const limit of [0, -1, 1.5, Number.NaN]) {
    test(`a range takes no limit of ${limit}`, async () => {
      const range = rangeBelow(key("total"));
      await assert.rejects(
        store().read((reader) => reader.range(range, { limit })),
        RangeError,
      );
      await assert.rejects(
        store().read((reader) => reader.sums(range, limit)),
        RangeError,
      );
      await assert.rejects(
        store().transact((tx) => tx.claim(range, limit)),
        RangeError,
      );
    });
  }

  test("a transaction sees its own additions", async () => {
    await store().transact(async (tx) => tx.add(key("total"), 10));
    const seen = await store().transact(async (tx) => {
      tx.add(key("total"), 5);
      const added = await tx.sum(key("total"));
      tx.clearSum(key("total"));
      const cleared = await tx.sum(key("total"));
      tx.add(key("total"), 2);
      return [added, cleared, await tx.sum(key("total"))];
    });
    assert.deepEqual(seen, [15, 0, 2]);
    assert.equal(await store().read((reader) => reader.sum(key("total"))), 2);
  });

  test("a snapshot finds the totals that there are, in key order", async () => {
    await store().transact(async (tx) => {
      for (const at of [300, 2, 1, 70_000]) tx.add(key("total", at), at);
      tx.add(key("total", 5), 0);
      tx.add(key("untold", 1), 1);
    });
    await store().transact(async (tx) => {
      tx.add(key("total", 1), -1);
      tx.put(key("total", 3), bytes("a value"));
    });
    const { from, to } = rangeBelow(key("total"));
    const [all, one] = await store().read(async (snapshot) => [
      await snapshot.sums({ from, to }, 10),
      await snapshot.sums({ from: key("total", 3), to }, 1),
    ]);
    const expected = [2, 300, 70_000].map((at) => ({ key: key("total", at), total: at }));
    assert.deepEqual(all, expected);
    assert.deepEqual(one, expected.slice(1, 2));
  });

  test("a total and a value at the same key are two things", async () => {
    await store().transact(async (tx) => {
      tx.add(key("both"), 3);
      tx.put(key("both"), bytes("value"));
    });
    assert.deepEqual(await store().read(texts), ["value"]);
    await store().transact(async (tx) => tx.delete(key("both")));
    assert.equal(await store().read((reader) => reader.sum(key("both"))), 3);
    assert.deepEqual(await store().read(texts), []);
  });
}

function telling({ store }: SuiteContext): void {
  test("a wake-up is told after its commit, and none of a body that threw", async () => {
    const told: Wake[] = [];
    const seen: Promise<string | undefined>[] = [];
    const last = new Promise<void>((resolve) => {
      store().onWake((wake) => {
        told.push(wake);
        if (wake.topic !== "last")
          return seen.push(store().read(async (r) => text(await r.get(key(1)))));
        return resolve();
      });
    });
    const failing = store().transact(async (tx) => {
      tx.wake({ topic: "failed" });
      throw new Error("no");
    });
    await assert.rejects(failing, new Error("no"));
    await store().transact(async (tx) => {
      tx.put(key(1), bytes("there"));
      tx.wake({ topic: "first" });
      tx.wake({ topic: "second", count: 3, atMs: 1_700_000_000_000 });
    });
    await store().transact(async (tx) => tx.wake({ topic: "last" }));
    await last;
    assert.deepEqual(told.map(plainWake).toSorted(), [
      "first 1 now",
      "last 1 now",
      "second 3 1700000000000",
    ]);
    assert.deepEqual(await Promise.all(seen), ["there", "there"]);
  });

  test("a listener that throws stops neither the others nor the transaction", async () => {
    store().onWake(() => {
      throw new Error("a bad listener");
    });
    const told = new Promise<Wake>((resolve) => store().onWake(resolve));
    await store().transact(async (tx) => {
      tx.afterCommit(() => {
        throw new Error("a bad action");
      });
      tx.wake({ topic: "topic" });
    });
    assert.equal((await told).topic, "topic");
  });

  test("actions after a commit run once, and not for a body that threw", async () => {
    const ran: string[] = [];
    const failing = store().transact(async (tx) => {
      tx.afterCommit(() => ran.push("failed"));
      await tx.get(key(1));
      throw new Error("no");
    });
    await assert.rejects(failing, new Error("no"));
    const names = ["a", "b", "c", "d"];
    await Promise.all(
      names.map((name) =>
        store().transact(async (tx) => {
          await tx.get(key("same"));
          tx.put(key("same"), bytes(name));
          tx.afterCommit(() => ran.push(name));
        }),
      ),
    );
    assert.deepEqual(ran.toSorted(), names);
  });
}

function lifecycle({ store, reopen }: SuiteContext): void {
  test("what was stored is there after closing and opening", async (t) => {
    await fill(store(), 3);
    await store().transact(async (tx) => {
      tx.delete(key(1));
      tx.add(key("sum"), 12);
    });
    if (!(await reopen((reason) => t.skip(reason)))) return;
    assert.deepEqual(await store().read(texts), ["0", "2"]);
    assert.equal(await store().read((reader) => reader.sum(key("sum"))), 12);
  });

  test("clear removes entries and totals, and the store goes on", async () => {
    await fill(store(), 500);
    await store().transact(async (tx) => tx.add(key("sum"), 12));
    await store().clear();
    assert.deepEqual(await store().read(texts), []);
    assert.equal(await store().read((reader) => reader.sum(key("sum"))), 0);
    await fill(store(), 2);
    assert.deepEqual(await store().read(texts), ["0", "1"]);
  });

  test("clear keeps what it is told to keep, also for who opens the store next", async (t) => {
    await fill(store(), 500);
    await store().transact(async (tx) => tx.add(key(3), 12));
    await store().clear([key(3), key("never there"), key(499)]);
    assert.deepEqual(await store().read(texts), ["3", "499"]);
    assert.equal(await store().read((reader) => reader.sum(key(3))), 0);
    if (!(await reopen((reason) => t.skip(reason)))) return;
    assert.deepEqual(await store().read(texts), ["3", "499"]);
  });

  test("clear keeps what a transaction wrote last, whichever ends first", async () => {
    await fill(store(), 1);
    const counting = upTo(20).map(() =>
      store().transact(async (tx) => {
        const count = Number(text(await tx.get(key(0))));
        tx.put(key(0), bytes(String(count + 1)));
      }),
    );
    await Promise.all([...counting, store().clear([key(0)])]);
    assert.deepEqual(await store().read(texts), ["20"]);
  });

  test("closing finishes what runs and refuses the rest; what was acknowledged is kept", async (t) => {
    const results = upTo(100).map((at) =>
      store().transact(async (tx) => {
        await tx.get(key(at));
        tx.put(key(at), bytes(String(at)));
        return at;
      }),
    );
    const closing = store().close();
    const late = store().transact(async (tx) => tx.put(key("late"), bytes("x")));
    const settled = Promise.allSettled(results);
    await assert.rejects(late, StoreUnavailable);
    await closing;
    await store().close();
    const kept = (await settled).flatMap((result) =>
      result.status === "fulfilled" ? [result.value] : [],
    );
    assert.deepEqual(kept, upTo(100));
    await assert.rejects(store().read(texts), StoreUnavailable);
    await assert.rejects(store().check(), StoreUnavailable);
    if (!(await reopen((reason) => t.skip(reason)))) return;
    assert.deepEqual(await store().read(texts), kept.map(String));
  });

  test("a store that works says so", async () => {
    await store().check();
  });
}

function properties({ store }: SuiteContext): void {
  const seed = randomInt(2 ** 31);

  test(`transactions one after another do what a plain map does (seed ${seed})`, async () => {
    const property = fc.asyncProperty(sequentialProgram(), async (program) => {
      await store().clear();
      await runInOrder(store(), program);
    });
    await fc.assert(property, { seed, numRuns: 60 });
  });

  test(`transactions at once do what some order of them does (seed ${seed})`, async () => {
    const property = fc.asyncProperty(concurrentProgram(), async (program) => {
      await store().clear();
      await runConcurrently(store(), program);
    });
    await fc.assert(property, { seed, numRuns: 40 });
  });
}

function key(...parts: Part[]): Key {
  return encodeKey(SPACE, parts);
}

function bytes(content: string): Uint8Array {
  return Buffer.from(content);
}

function text(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString();
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at);
}

/** The values of all entries, in key order. */
async function texts(reader: Reader): Promise<(string | undefined)[]> {
  return (await reader.range(ALL, { limit: 10_000 })).map((entry) => text(entry.value));
}

function put(store: Store, parts: Part[], content: string): Promise<void> {
  return store.transact(async (tx) => tx.put(key(...parts), bytes(content)));
}

/** Entries 0 to `count` - 1, whose values are their numbers. */
function fill(store: Store, count: number): Promise<void> {
  return store.transact(async (tx) => {
    for (let at = 0; at < count; at += 1) tx.put(key(at), bytes(String(at)));
  });
}

function plainWake(wake: Wake): string {
  return `${wake.topic} ${wake.count ?? 1} ${wake.atMs ?? "now"}`;
}
