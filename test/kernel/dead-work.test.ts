import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import {
  countDead,
  listDead,
  removeDead,
  retryDead,
  WORK_DEAD,
} from "../../src/kernel/dead-work.ts";
import type { DeadItem } from "../../src/kernel/dead-work.ts";
import type { Log, LogFields } from "../../src/kernel/log.ts";
import { silentLog } from "../../src/kernel/log.ts";
import type { Store } from "../../src/kernel/store.ts";
import { workQueue } from "../../src/kernel/work.ts";
import type { WorkHandler } from "../../src/kernel/work.ts";
import { WorkRunner } from "../../src/kernel/work-runner.ts";
import { systemRandom } from "../../src/random.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import { startPostgres } from "../stores/postgres-server.ts";

const HOUR_MS = 3_600_000;
/** More than one transaction retries. */
const MANY = 250;

interface Place {
  /** One for each node; the same one where a store has one node only. */
  readonly stores: readonly [Store, Store];
  close(): Promise<void>;
}

const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  async memory() {
    const store = memoryStore(silentLog);
    return { stores: [store, store], close: () => store.close() };
  },
  async LMDB() {
    const path = await mkdtemp(join(tmpdir(), "waystation-dead-"));
    const store = await openLmdbStore({ path, log: silentLog });
    return {
      stores: [store, store],
      close: async () => {
        await store.close();
        await rm(path, { recursive: true });
      },
    };
  },
  async "PostgreSQL, two nodes"() {
    const database = await startPostgres();
    const open = (): Promise<Store> =>
      openPostgresStore({ url: database.url, log: silentLog, random: systemRandom() });
    const stores = [await open(), await open()] as const;
    return {
      stores,
      close: async () => {
        await Promise.all(stores.map((store) => store.close()));
        await database.remove();
      },
    };
  },
};

for (const [name, open] of Object.entries(PLACES)) {
  describe(`dead work in ${name}`, () => {
    let place: Place;
    before(async () => {
      place = await open();
    });
    after(() => place.close());

    test("a timer that gives up is told, counted and listed, and another node has it tried again", async () => {
      const [here, there] = place.stores;
      const fired = Promise.withResolvers<unknown>();
      let isBroken = true;
      const { runner, clock, told } = await openNode(here, "test.timer", {
        kind: "timer",
        fire: async (tx, { id, payload, attempt }) => {
          if (isBroken) throw new Error("a bug");
          tx.afterCommit(() => fired.resolve([id, payload, attempt]));
        },
      });
      await schedule(here, "test.timer", "a", { to: "somebody" });
      await clock.advance(HOUR_MS);
      const [death, ...others] = told.filter(([message]) => message === "work is dead");
      assert.deepEqual(others, []);
      const { reason, ...fields } = death?.[1] ?? {};
      assert.deepEqual(fields, { kind: "test.timer", id: "a", attempts: 20 });
      assert.match(String(reason), /^Error: a bug\n/);
      assert.deepEqual(await there.read(countDead), { "test.timer": 1 });
      const [item] = await all(there, "test.timer");
      const { diedAtMs = 0, error, ...dead } = item ?? {};
      assert.deepEqual(dead, {
        kind: "test.timer",
        id: "a",
        payload: { to: "somebody" },
        failures: 20,
      });
      assert.match(String(error), /^Error: a bug\n/);
      assert.ok(diedAtMs > 1_000 && diedAtMs <= clock.now());
      isBroken = false;
      assert.equal(await retryDead(there, { kind: "test.timer", id: "a" }, clock.now()), 1);
      assert.deepEqual(await fired.promise, ["a", { to: "somebody" }, 1]);
      assert.deepEqual(await here.read(countDead), {});
      assert.deepEqual(await all(here, "test.timer"), []);
      assert.equal(await retryDead(there, { kind: "test.timer", id: "a" }, clock.now()), 0);
      await runner.stop();
    });

    test("all of a kind is tried again, each once, and what dies again is dead again", async () => {
      const [here, there] = place.stores;
      const tried: string[] = [];
      const isDone = Promise.withResolvers<void>();
      const { runner, clock } = await openNode(here, "test.effect", {
        kind: "effect",
        concurrency: 50,
        retry: { maxAttempts: 1, firstDelayMs: 1, maxDelayMs: 1 },
        perform: async ({ id }) => {
          tried.push(id);
          if (tried.length === 2 * MANY) isDone.resolve();
          throw new Error("down");
        },
      });
      for (let id = 0; id < MANY; id += 1) await schedule(here, "test.effect", String(id), {});
      await clock.advance(HOUR_MS);
      assert.deepEqual(await here.read(countDead), { "test.effect": MANY });
      assert.equal(await retryDead(there, { kind: "test.effect" }, clock.now()), MANY);
      await isDone.promise;
      await clock.settle();
      await runner.stop();
      assert.equal(tried.length, 2 * MANY);
      assert.deepEqual(await here.read(countDead), { "test.effect": MANY });
      assert.equal(await removeDead(there, { kind: "test.effect", id: "7" }), 1);
      assert.equal(await removeDead(there, { kind: "test.effect" }), MANY - 1);
      assert.deepEqual(await here.read(countDead), {});
    });

    test("what was scheduled anew under the same name stays as it is, and dies as one", async () => {
      const [here] = place.stores;
      const { runner, clock } = await openNode(here, "test.again", {
        kind: "timer",
        fire: async () => {
          throw new Error("a bug");
        },
      });
      for (const payload of ["first", "second"]) {
        await schedule(here, "test.again", "a", payload);
        await clock.advance(HOUR_MS);
      }
      assert.deepEqual(await here.read(countDead), { "test.again": 1 });
      await runner.stop();
      await schedule(here, "test.again", "a", "third");
      assert.equal(await retryDead(here, { kind: "test.again" }, clock.now()), 1);
      const fired = Promise.withResolvers<unknown>();
      const next = await openNode(here, "test.again", {
        kind: "timer",
        fire: async (_tx, { payload }) => fired.resolve(payload),
      });
      await next.clock.advance(HOUR_MS);
      assert.equal(await fired.promise, "third");
      await next.runner.stop();
    });
  });
}

test("an item whose giving up fails is dead all the same, and told", async () => {
  const store = memoryStore(silentLog);
  const { runner, clock, told } = await openNode(store, "test.effect", {
    kind: "effect",
    concurrency: 1,
    retry: { maxAttempts: 1, firstDelayMs: 1, maxDelayMs: 1 },
    perform: () => Promise.reject(new Error("down")),
    giveUp: () => Promise.reject(new Error("a bug")),
  });
  await schedule(store, "test.effect", "a", {});
  await clock.advance(HOUR_MS);
  assert.deepEqual(
    told.map(([message]) => message),
    ["work failed", "work cannot be given up", "work is dead"],
  );
  assert.deepEqual(await store.read(countDead), { "test.effect": 1 });
  await runner.stop();
});

async function openNode(
  store: Store,
  kind: string,
  handler: WorkHandler,
): Promise<{ runner: WorkRunner; clock: AdjustableClock; told: [string, LogFields?][] }> {
  const told: [string, LogFields?][] = [];
  const tell = (...line: [string, LogFields?]): void => void told.push(line);
  const log: Log = { ...silentLog, warn: tell, error: tell };
  const clock = new AdjustableClock({ frozenAtMs: 1_000 });
  const random = systemRandom();
  const handlerOf = async (wanted: string): Promise<WorkHandler | undefined> =>
    wanted === kind ? handler : undefined;
  const runner = new WorkRunner({ store, clock, log, random, node: random.uuid(), handlerOf });
  await runner.start();
  return { runner, clock, told };
}

function schedule(store: Store, kind: string, id: string, payload: unknown): Promise<void> {
  return store.transact((tx) => workQueue.schedule(tx, { kind, id, dueAtMs: 2_000, payload }));
}

async function all(store: Store, kind: string): Promise<DeadItem[]> {
  return (await store.read((reader) => listDead(reader, WORK_DEAD.below(kind), 10))).items;
}
