import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { systemRandom } from "../../src/random.ts";
import { WAKE_ALL } from "../../src/kernel/store.ts";
import type { Reader } from "../../src/kernel/store.ts";
import { encodeKey } from "../../src/kernel/tuple.ts";
import { connect, ConnectionLost } from "../../src/stores/postgres/driver.ts";
import type { Connection } from "../../src/stores/postgres/driver.ts";
import { PRESENCE_INTERVAL_MS } from "../../src/stores/postgres/limits.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import type { PostgresStore, PostgresStoreOptions } from "../../src/stores/postgres/store.ts";
import { startProxy } from "./cutting-proxy.ts";
import type { CuttingProxy, Fate } from "./cutting-proxy.ts";
import { startPostgres } from "./postgres-server.ts";
import type { PostgresServer } from "./postgres-server.ts";

/*
 * A machine that loses its power and a firewall that forgets its connections say nothing: no goodbye,
 * no reset. New connections work at once, the old ones never answer.
 */

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.remove());

const random = systemRandom();
let schemas = 0;

/** How often a silent connection is asked at most: for much longer than it has to answer. */
const MANY = 100;

test("a connection that falls silent is given up, however often it is asked", async (t) => {
  const proxy = await proxied(t);
  const connection = await connected(t, { url: urlOf(proxy), answerTimeoutMs: 2_000 });
  await connection.run({ text: "SELECT 1" });
  proxy.silence();
  const asked: Promise<void>[] = [];
  while (connection.lost === undefined && asked.length < MANY) {
    asked.push(assert.rejects(connection.run({ text: "SELECT 1" }), ConnectionLost));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.match(connection.lost?.message ?? "", /no answer in time/);
  await Promise.all(asked);
});

test("a connection that answers again and again is kept, however much it is asked at once", async (t) => {
  const connection = await connected(t, { url: server.url, answerTimeoutMs: 2_500 });
  const slow = Array.from({ length: 7 }, () => connection.run({ text: "SELECT pg_sleep(0.4)" }));
  await Promise.all(slow);
  assert.equal(connection.lost, undefined);
});

test("a node whose listening connection fell silent listens anew and looks at everything", async (t) => {
  const proxy = await proxied(t);
  const store = await open(t, proxy);
  let heard = false;
  store.onWake((wake) => {
    heard ||= wake.topic === WAKE_ALL.topic;
  });
  proxy.silence();
  for (let beats = 0; !heard && beats < MANY; beats += 1) {
    t.mock.timers.tick(PRESENCE_INTERVAL_MS);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(heard);
});

test("a commit whose answer is lost in silence is looked up on a new connection, and happens once", async (t) => {
  let losing = false;
  const proxy = await proxied(t, (packet, to) => {
    if (!losing || to !== "client" || !packet.includes("COMMIT\0")) return "pass";
    losing = false;
    proxy.silence();
    return "lose";
  });
  const store = await open(t, proxy);
  await useAll(t, store);
  losing = true;
  await store.transact(async (tx) => tx.add(TOTAL, 1));
  assert.equal(await store.read((reader) => reader.sum(TOTAL)), 1);
  assert.equal(proxy.triedInVain(), 0, "none of the idle connections was asked");
});

test("when all connections fall silent, one is waited for and no other is tried", async (t) => {
  const proxy = await proxied(t);
  const store = await open(t, proxy);
  await useAll(t, store);
  proxy.silence();
  await store.transact(async (tx) => {
    tx.put(KEY, (await tx.get(KEY)) ?? new Uint8Array(1));
  });
  assert.deepEqual(await store.read((reader) => reader.get(KEY)), Buffer.alloc(1));
  await store.check();
  assert.equal(proxy.triedInVain(), 1);
});

test("a commit that never arrived is done again, once", async (t) => {
  const proxy = await proxied(t);
  const store = await open(t, proxy);
  await useAll(t, store);
  proxy.silence();
  await store.transact(async (tx) => tx.add(TOTAL, 1));
  assert.equal(await store.read((reader) => reader.sum(TOTAL)), 1);
  assert.equal(proxy.triedInVain(), 1);
});

const KEY = encodeKey(7, ["x"]);
const TOTAL = encodeKey(7, ["total"]);

/** Lets as many transactions and reads overlap as the store has connections, so that it opens them all. */
async function useAll(t: TestContext, store: PostgresStore): Promise<void> {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrive = (): void => {};
  const hold = async (reader: Reader): Promise<void> => {
    await reader.get(KEY);
    arrive();
    await held;
  };
  const ended: Promise<void>[] = [];
  const begin = async (start: () => Promise<void>): Promise<void> => {
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    ended.push(start());
    await arrived;
  };
  for (let lane = 0; lane < 4; lane += 1) await begin(() => store.transact(hold));
  for (let reader = 0; reader < 3; reader += 1) await begin(() => store.read(hold));
  release();
  await Promise.all(ended);
  // A read is answered before its snapshot has ended.
  const watching = await connected(t, { url: server.url, answerTimeoutMs: 5_000 });
  let idle = 0;
  while (idle < 8) idle = Number((await watching.run(COUNT_IDLE)).rows[0]?.[0]);
}

const COUNT_IDLE = {
  text: "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waystation' AND state = 'idle'",
};

/** Opens a store behind the proxy that gives a silent connection up after four seconds. */
async function open(
  t: TestContext,
  proxy: CuttingProxy,
  more: Partial<PostgresStoreOptions> = {},
): Promise<PostgresStore> {
  // What nodes say to each other in between is said when a test lets it.
  t.mock.timers.enable({ apis: ["setInterval"] });
  schemas += 1;
  const store = await openPostgresStore({
    url: urlOf(proxy),
    schema: `silence ${schemas}`,
    random,
    statementTimeoutMs: 2_000,
    connectTimeoutMs: 5_000,
    ...more,
  });
  t.after(() => store.close());
  return store;
}

async function connected(
  t: TestContext,
  options: { url: string; answerTimeoutMs: number },
): Promise<Connection> {
  const connection = await connect({
    ...options,
    connectTimeoutMs: 5_000,
    applicationName: "test",
  });
  t.after(() => connection.destroy());
  return connection;
}

async function proxied(
  t: TestContext,
  decide: (packet: Buffer, to: "server" | "client") => Fate = () => "pass",
): Promise<CuttingProxy> {
  const proxy = await startProxy(server.port, decide);
  t.after(() => proxy.close());
  return proxy;
}

function urlOf(proxy: CuttingProxy): string {
  return `postgres://postgres@127.0.0.1:${proxy.port}/postgres`;
}
