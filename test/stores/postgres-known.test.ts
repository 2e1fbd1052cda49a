import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { encodeKey } from "../../src/kernel/tuple.ts";
import type { Key } from "../../src/kernel/tuple.ts";
import { systemRandom } from "../../src/random.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import type { PostgresStore } from "../../src/stores/postgres/store.ts";
import { startPostgres } from "./postgres-server.ts";
import type { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.remove());

let schemas = 0;

async function openTwo(t: TestContext): Promise<[PostgresStore, PostgresStore]> {
  schemas += 1;
  const options = { url: server.url, schema: `known ${schemas}`, random: systemRandom() };
  const [one, other] = [await openPostgresStore(options), await openPostgresStore(options)];
  t.after(() => Promise.all([one.close(), other.close()]));
  return [one, other];
}

const SETTING = encodeKey(7, ["setting"]);
const RESULT = encodeKey(7, ["result"]);

async function put(store: PostgresStore, key: Key, text: string): Promise<void> {
  await store.transact(async (tx) => tx.put(key, Buffer.from(text)));
}

async function get(store: PostgresStore, key: Key): Promise<string | undefined> {
  const value = await store.transact((tx) => tx.get(key));
  return value && Buffer.from(value).toString();
}

/** Reads a value so often that the store keeps it. */
async function learn(store: PostgresStore, key: Key): Promise<void> {
  for (let time = 0; time < 5; time += 1) await get(store, key);
}

test("a value that is known by heart is not answered once another node has replaced it", async (t) => {
  const [here, there] = await openTwo(t);
  for (let round = 0; round < 5; round += 1) {
    await put(there, SETTING, `round ${round}`);
    assert.equal(await get(here, SETTING), `round ${round}`);
    await learn(here, SETTING);
  }
  await there.transact(async (tx) => tx.delete(SETTING));
  assert.equal(await get(here, SETTING), undefined);
});

test("nothing is written that follows from a value which another node has replaced", async (t) => {
  const [here, there] = await openTwo(t);
  await put(there, SETTING, "before");
  await learn(here, SETTING);
  await put(there, SETTING, "after");
  let runs = 0;
  await here.transact(async (tx) => {
    runs += 1;
    const value = await tx.get(SETTING);
    tx.put(RESULT, value ?? new Uint8Array());
  });
  assert.equal(await get(there, RESULT), "after");
  assert.equal(runs, 2);
});

test("what a body threw because of a value that was replaced is not told", async (t) => {
  const [here, there] = await openTwo(t);
  await put(there, SETTING, "forbidden");
  await learn(here, SETTING);
  await put(there, SETTING, "allowed");
  const answer = await here.transact(async (tx) => {
    const value = await tx.get(SETTING);
    if (Buffer.from(value ?? []).toString() === "forbidden") throw new Error("forbidden");
    return "done";
  });
  assert.equal(answer, "done");
});

test("a value that this node replaces is read anew", async (t) => {
  const [here] = await openTwo(t);
  for (let round = 0; round < 5; round += 1) {
    await put(here, SETTING, `round ${round}`);
    await learn(here, SETTING);
    assert.equal(await get(here, SETTING), `round ${round}`);
  }
});

test("after a reset nothing is known", async (t) => {
  const [here] = await openTwo(t);
  await put(here, SETTING, "before");
  await learn(here, SETTING);
  await here.clear();
  assert.equal(await get(here, SETTING), undefined);
});

test("what is fetched ahead and then not read is not depended on", async (t) => {
  const [here, there] = await openTwo(t);
  await put(there, RESULT, "before");
  let runs = 0;
  await here.transact(async (tx) => {
    runs += 1;
    await tx.prefetch?.([SETTING, RESULT]);
    if (runs === 1) await there.transact(async (other) => other.put(SETTING, new Uint8Array()));
    const value = await tx.get(RESULT);
    tx.put(RESULT, Buffer.from(`${Buffer.from(value ?? []).toString()}, after`));
  });
  assert.equal(runs, 1);
  assert.equal(await get(there, RESULT), "before, after");
});
