import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { StoreUnavailable, WAKE_ALL } from "../../src/kernel/store.ts";
import type { Tx, Wake } from "../../src/kernel/store.ts";
import { encodeKey, rangeBelow } from "../../src/kernel/tuple.ts";
import { systemRandom } from "../../src/random.ts";
import { connect } from "../../src/stores/postgres/driver.ts";
import { PRESENCE_INTERVAL_MS } from "../../src/stores/postgres/limits.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import type { PostgresStore, PostgresStoreOptions } from "../../src/stores/postgres/store.ts";
import { startProxy } from "./cutting-proxy.ts";
import type { CuttingProxy, Fate } from "./cutting-proxy.ts";
import { Ledger } from "./ledger.ts";
import { startPostgres } from "./postgres-server.ts";
import type { PostgresServer } from "./postgres-server.ts";

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.remove());

const random = systemRandom();
const storeModule = new URL("../../src/stores/postgres/store.ts", import.meta.url).href;
let schemas = 0;

function newSchema(): string {
  schemas += 1;
  return `failures ${schemas}`;
}

/** Opens a store that is closed after the test. */
async function open(
  t: TestContext,
  schema: string,
  more: Partial<PostgresStoreOptions> = {},
): Promise<PostgresStore> {
  const store = await openPostgresStore({ url: server.url, schema, random, ...more });
  t.after(() => store.close());
  return store;
}

/** Starts a proxy before the server that ends after the test. */
async function proxied(
  t: TestContext,
  decide: (packet: Buffer, to: "server" | "client") => Fate,
): Promise<CuttingProxy> {
  const proxy = await startProxy(server.port, decide);
  t.after(() => proxy.close());
  return proxy;
}

function through(proxy: CuttingProxy): { url: string } {
  return { url: `postgres://postgres@127.0.0.1:${proxy.port}/postgres` };
}

/** Runs statements beside the store. */
async function sql(text: string): Promise<readonly (readonly (string | null)[])[]> {
  const options = { connectTimeoutMs: 5_000, answerTimeoutMs: 5_000, applicationName: "test" };
  const connection = await connect({ url: server.url, ...options });
  const { rows } = await connection.run({ text });
  await connection.end();
  return rows;
}

function cutSometimes(oneIn: number): () => Fate {
  return () => {
    if (random.fraction() > 1 / oneIn) return "pass";
    return random.fraction() < 0.5 ? "cut before" : "cut after";
  };
}

/** How many connections are cut in a test, and at least how many transactions succeed all the same. */
const CUTS = 40;
/** Sooner than anything that waits for its time-out: connecting has 3 s. */
const QUICKLY_MS = 2_500;

for (const nodes of [1, 2]) {
  test(`connections cut at any point double and lose nothing (${nodes} nodes)`, async (t) => {
    const schema = newSchema();
    let decide: () => Fate = () => "pass";
    const proxy = await proxied(t, () => decide());
    const calm = await open(t, schema);
    const stores: PostgresStore[] = [];
    for (let node = 0; node < nodes; node += 1) {
      stores.push(await open(t, schema, through(proxy)));
    }
    const ledger = new Ledger();
    const enough = new AbortController();
    const cut = cutSometimes(60);
    decide = () => {
      if (proxy.cuts() > CUTS && ledger.acknowledged.size > CUTS) enough.abort();
      return cut();
    };
    await ledger.work(stores, 12, enough.signal);
    decide = () => "pass";
    await ledger.check(calm);
  });
}

test("a connection that is cut while a body claims in several ranges at once costs nothing but time", async (t) => {
  const schema = newSchema();
  let cutsLeft = 0;
  const proxy = await proxied(t, (packet, to) => {
    if (cutsLeft === 0 || to !== "server" || !packet.includes("claim")) return "pass";
    cutsLeft -= 1;
    return "cut before";
  });
  const store = await open(t, schema, through(proxy));
  const keys = ["a", "b", "c"].map((name) => encodeKey(7, [name, "x"]));
  await store.transact(async (tx) => {
    for (const key of keys) tx.put(key, new Uint8Array());
  });
  cutsLeft = 3;
  const ranges = ["a", "b", "c"].map((name) => rangeBelow(encodeKey(7, [name])));
  const claimed = await store.transact((tx) =>
    Promise.all(ranges.map((range) => tx.claim(range, 10))),
  );
  assert.deepEqual(
    claimed.map((entries) => entries.map(({ key }) => key)),
    keys.map((key) => [key]),
  );
});

test("a commit whose answer is cut off is acknowledged when it happened, and happens once", async (t) => {
  const schema = newSchema();
  let commits = -Infinity;
  const proxy = await proxied(t, (packet, to) => {
    if (to !== "client" || !packet.includes("COMMIT\0")) return "pass";
    commits += 1;
    return commits % 2 === 1 ? "cut before" : "pass";
  });
  const calm = await open(t, schema);
  const store = await open(t, schema, through(proxy));
  commits = 0;
  const ledger = new Ledger();
  const enough = new AbortController();
  const working = ledger.work([store], 3, enough.signal);
  while (proxy.cuts() < 8) await new Promise((resolve) => setTimeout(resolve, 20));
  enough.abort();
  await working;
  await ledger.check(calm);
  assert.equal(ledger.unavailable, 0);
});

test("a database that crashes and restarts under load loses nothing; calls meanwhile fail quickly", async (t) => {
  const schema = newSchema();
  const stores = [await open(t, schema), await open(t, schema)];
  const ledger = new Ledger();
  const stop = new AbortController();
  const working = ledger.work(stores, 10, stop.signal);
  for (let crash = 0; crash < 2; crash += 1) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await server.kill();
    const startedMs = performance.now();
    const [first] = stores;
    await assert.rejects(async () => first?.check(), StoreUnavailable);
    await assert.rejects(
      async () => first?.transact(async (tx) => tx.get(encodeKey(7, ["x"]))),
      StoreUnavailable,
    );
    await assert.rejects(
      async () => first?.read((reader) => reader.get(encodeKey(7, ["x"]))),
      StoreUnavailable,
    );
    assert.ok(performance.now() - startedMs < QUICKLY_MS, "refused quickly");
    await server.start();
  }
  // Works again by itself.
  const before = ledger.acknowledged.size;
  while (ledger.acknowledged.size < before + 100) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  stop.abort();
  await working;
  assert.ok(ledger.unavailable > 0);
  for (const store of stores) await ledger.check(store);
});

test("a wake-up reaches another node by itself, not when that looks again", async (t) => {
  const schema = newSchema();
  const [a, b] = [await open(t, schema), await open(t, schema)];
  let heard: (wake: Wake) => void = () => {};
  b.onWake((wake) => heard(wake));
  for (let round = 0; round < 30; round += 1) {
    const arrived = new Promise<Wake>((resolve) => {
      heard = resolve;
    });
    await a.transact(async (tx) => {
      tx.put(encodeKey(7, ["x"]), new Uint8Array());
      tx.wake({ topic: `topic "${round}" ü\\`, count: 2, atMs: 5 });
    });
    assert.deepEqual(await arrived, { topic: `topic "${round}" ü\\`, count: 2, atMs: 5 });
  }
});

test("wake-ups that do not fit in one notification arrive all", async (t) => {
  const schema = newSchema();
  const [a, b] = [await open(t, schema), await open(t, schema)];
  const topics = Array.from({ length: 500 }, (_, at) => `${"topic".repeat(10)} ${at}`);
  const missing = new Set(topics);
  const all = new Promise<void>((resolve) => {
    b.onWake((wake) => {
      missing.delete(wake.topic);
      if (missing.size === 0) resolve();
    });
  });
  await a.transact(async (tx) => {
    for (const topic of topics) tx.wake({ topic });
  });
  await all;
});

test("a node whose listening connection was lost looks at everything again", async (t) => {
  const schema = newSchema();
  const proxy = await proxied(t, () => "pass");
  const [a, b] = [await open(t, schema), await open(t, schema, through(proxy))];
  const heard = (store: PostgresStore): Promise<void> =>
    new Promise((resolve) =>
      store.onWake((wake) => void (wake.topic === WAKE_ALL.topic && resolve())),
    );
  const both = Promise.all([heard(a), heard(b)]);
  proxy.cutAll();
  await both;
});

test("a listening connection that is lost as it greets the others is opened anew once", async (t) => {
  const schema = newSchema();
  let losing = false;
  let listening = 0;
  const proxy = await proxied(t, (packet, to) => {
    if (to !== "server") return "pass";
    if (packet.includes("LISTEN")) listening += 1;
    if (!losing || !packet.includes("hello")) return "pass";
    losing = false;
    return "cut before";
  });
  const store = await open(t, schema, through(proxy));
  const heard = new Promise<void>((resolve) =>
    store.onWake((wake) => void (wake.topic === WAKE_ALL.topic && resolve())),
  );
  losing = true;
  listening = 0;
  proxy.cutAll();
  await heard;
  assert.equal(proxy.cuts(), 1);
  assert.equal(listening, 2, "the one that was lost, and another");
});

test("wake-ups that cannot be sent make the others look at everything", async (t) => {
  const schema = newSchema();
  const [a, b] = [await open(t, schema), await open(t, schema)];
  const heard = new Promise<void>((resolve) =>
    b.onWake((wake) => void (wake.topic === WAKE_ALL.topic && resolve())),
  );
  await a.transact(async (tx) => {
    tx.put(encodeKey(7, ["x"]), new Uint8Array());
    tx.wake({ topic: "longer than a notification ".repeat(400) });
  });
  await heard;
});

test("nodes that slept as long as each other wake each other again", async (t) => {
  const schema = newSchema();
  t.mock.timers.enable({ apis: ["setInterval"] });
  let sleptMs = 0;
  const machineNow = (): number => Date.now() + sleptMs;
  const [a, b] = [await open(t, schema, { machineNow }), await open(t, schema, { machineNow })];
  const heard = (store: PostgresStore, topic: string): Promise<void> =>
    new Promise((resolve) => store.onWake((wake) => void (wake.topic === topic && resolve())));
  const say = (store: PostgresStore, topic: string): Promise<void> =>
    store.transact(async (tx) => {
      tx.put(encodeKey(7, [topic]), new Uint8Array());
      tx.wake({ topic });
    });
  const first = heard(b, "first");
  await say(a, "first");
  await first;
  const awake = Promise.all([heard(a, WAKE_ALL.topic), heard(b, WAKE_ALL.topic)]);
  sleptMs = 3_600_000;
  t.mock.timers.tick(PRESENCE_INTERVAL_MS);
  await awake;
  const second = heard(b, "second");
  await say(a, "second");
  await second;
});

test("a database that the network does not reach any more holds up no stop", async (t) => {
  let reached = true;
  const proxy = await proxied(t, () => (reached ? "pass" : "lose"));
  const more = { ...through(proxy), connectTimeoutMs: 500, statementTimeoutMs: 100 };
  const store = await openPostgresStore({ schema: newSchema(), random, ...more });
  await store.check();
  reached = false;
  await store.close();
});

/** Adds more than PostgreSQL has room for, which shows when it is to be committed. */
async function overflow(tx: Tx): Promise<void> {
  for (let time = 0; time < 1_100; time += 1) {
    tx.add(encodeKey(7, ["total"]), Number.MAX_SAFE_INTEGER);
  }
}

test("what goes wrong before a commit leaves nothing claimed", async (t) => {
  const schema = newSchema();
  const [a, b] = [await open(t, schema), await open(t, schema)];
  const claimAll = async (tx: Tx): Promise<number> =>
    (await tx.claim(rangeBelow(encodeKey(7, ["q"])), 10)).length;
  await a.transact(async (tx) => tx.put(encodeKey(7, ["q", "x"]), new Uint8Array()));
  const failing = a.transact(async (tx) => {
    await overflow(tx);
    return claimAll(tx);
  });
  await assert.rejects(failing, RangeError);
  assert.equal(await b.transact(claimAll), 1);
});

test("a transaction that cannot be committed fails alone", async (t) => {
  const store = await open(t, newSchema());
  const [tooMuch, good] = await Promise.allSettled([
    store.transact(overflow),
    store.transact(async (tx) => tx.put(encodeKey(7, ["x"]), new Uint8Array())),
  ]);
  assert.ok(tooMuch.status === "rejected" && tooMuch.reason instanceof RangeError);
  assert.equal(good.status, "fulfilled");
});

test("a read that takes too long fails alone", async (t) => {
  const schema = newSchema();
  const store = await open(t, schema, { statementTimeoutMs: 2_000 });
  const key = encodeKey(7, ["x"]);
  const options = { connectTimeoutMs: 5_000, answerTimeoutMs: 5_000, applicationName: "test" };
  const locking = await connect({ url: server.url, ...options });
  t.after(() => locking.destroy());
  await locking.run({ text: `BEGIN; LOCK TABLE "${schema}".total` });
  const [slow, quick] = await Promise.allSettled([
    store.read((reader) => reader.sum(key)),
    store.read((reader) => reader.get(key)),
  ]);
  assert.ok(slow.status === "rejected" && slow.reason instanceof StoreUnavailable);
  assert.equal(quick.status, "fulfilled");
});

test("a node has no more connections than its pool_size, whatever is asked at once", async (t) => {
  const proxy = await proxied(t, () => "pass");
  const store = await open(t, newSchema(), { ...through(proxy), poolSize: 4 });
  const key = encodeKey(7, ["x"]);
  const calls = Array.from({ length: 150 }, () => [
    store.check(),
    store.read((reader) => reader.get(key)),
    store.transact(async (tx) => tx.put(key, (await tx.get(key)) ?? new Uint8Array())),
  ]);
  await Promise.all([store.clear(), store.clear(), ...calls.flat()]);
  assert.ok(proxy.clients().most <= 4, `${proxy.clients().most}`);
});

test("a node whose clock is wrong knows by how much [the database's clock rules]", async (t) => {
  const schema = newSchema();
  const right = await open(t, schema);
  const ahead = await open(t, schema, { machineNow: () => Date.now() + 3_600_000 });
  assert.ok(Math.abs(right.clockOffsetMs()) < 50, `${right.clockOffsetMs()}`);
  assert.ok(Math.abs(ahead.clockOffsetMs() + 3_600_000) < 50, `${ahead.clockOffsetMs()}`);
});

test("nodes that start together on an empty database create it once", async (t) => {
  const schema = newSchema();
  const stores = await Promise.all([1, 2, 3, 4].map(() => open(t, schema)));
  await Promise.all(stores.map((store) => store.check()));
});

test("a schema of the first version is brought to this one and keeps what it holds", async (t) => {
  const schema = newSchema();
  const key = encodeKey(7, ["x"]);
  const first = await open(t, schema);
  await first.transact(async (tx) => tx.put(key, Buffer.from("kept")));
  await first.close();
  await sql(`UPDATE "${schema}".schema_version SET version = 1`);
  await sql(`ALTER FUNCTION "${schema}".commit_group RENAME TO earlier_commit_group`);
  const store = await open(t, schema);
  assert.deepEqual(await store.read((reader) => reader.get(key)), Buffer.from("kept"));
  await store.transact(async (tx) => tx.put(key, Buffer.from("replaced")));
  assert.deepEqual(await store.read((reader) => reader.get(key)), Buffer.from("replaced"));
});

test("a schema of a newer version is refused and left alone", async (t) => {
  const schema = newSchema();
  await (await open(t, schema)).close();
  await sql(`UPDATE "${schema}".schema_version SET version = 999`);
  await assert.rejects(open(t, schema), (error) => {
    assert.ok(error instanceof StoreUnavailable);
    assert.match(error.message, /version 999.*use a newer one/);
    return true;
  });
  const left = await sql(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waystation' AND query = 'ROLLBACK'",
  );
  assert.deepEqual(left, [["0"]], "no connection is left open");
});

test("a database that is not there is said so", async (t) => {
  await assert.rejects(
    open(t, newSchema(), { url: "postgres://postgres@127.0.0.1:1/x" }),
    StoreUnavailable,
  );
});

for (const url of [
  "postgres://user:secret@one,two/x",
  "postgres://user:secret@one:5432,two:5432/x",
  "postgres://user:secret@one/x?host=one,two",
]) {
  test(`several hosts are refused in a sentence: ${url}`, async (t) => {
    await assert.rejects(open(t, newSchema(), { url }), (error) => {
      assert.ok(error instanceof StoreUnavailable);
      assert.match(error.message, /several hosts: give one name/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });
}

test("a URL that is none is refused without telling its password", async (t) => {
  await assert.rejects(
    open(t, newSchema(), { url: "postgres://user:sec/ret@host:x/y" }),
    (error) => {
      assert.ok(error instanceof StoreUnavailable);
      assert.match(error.message, /cannot be read: postgres:/);
      assert.doesNotMatch(error.message, /sec|ret@/);
      return true;
    },
  );
});

for (const size of [1, 2]) {
  test(`a pool of ${size} is refused: too small to listen, write and read`, async (t) => {
    const inUrl = { url: `${server.url}?pool_size=${size}` };
    for (const more of [inUrl, { poolSize: size }]) {
      await assert.rejects(open(t, newSchema(), more), (error) => {
        assert.ok(error instanceof StoreUnavailable);
        assert.match(error.message, /pool_size is at least 3/);
        return true;
      });
    }
  });
}

test("without the package pg the message says what to install", () => {
  const program = `
    import { registerHooks } from "node:module";
    registerHooks({
      resolve(name, context, next) {
        if (name === "pg") throw new Error("Cannot find package 'pg'");
        return next(name, context);
      },
    });
    const { openPostgresStore } = await import(${JSON.stringify(storeModule)});
    await openPostgresStore({ url: "postgres://x", random: {} }).catch((error) => console.log(error.message));`;
  const ended = spawnSync(process.execPath, ["--input-type=module", "--eval", program]);
  assert.match(ended.stdout.toString(), /npm install pg/);
});

test("lanes of nodes that closed leave nothing behind", async (t) => {
  const schema = newSchema();
  const store = await open(t, schema);
  await store.transact(async (tx) => tx.put(encodeKey(7, ["x"]), new Uint8Array()));
  assert.deepEqual(await sql(`SELECT count(*) FROM "${schema}".lane`), [["1"]]);
  await store.close();
  assert.deepEqual(await sql(`SELECT count(*) FROM "${schema}".lane`), [["0"]]);
});
