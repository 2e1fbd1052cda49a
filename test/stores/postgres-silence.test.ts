import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { systemRandom } from "../../src/random.ts";
import { WAKE_ALL } from "../../src/kernel/store.ts";
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
  const connection = await connected(t, { url: urlOf(proxy), answerTimeoutMs: 200 });
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
  const connection = await connected(t, { url: server.url, answerTimeoutMs: 1_500 });
  const slow = Array.from({ length: 5 }, () => connection.run({ text: "SELECT pg_sleep(0.4)" }));
  await Promise.all(slow);
  assert.equal(connection.lost, undefined);
});

test("a node whose listening connection fell silent listens anew and looks at everything", async (t) => {
  const proxy = await proxied(t);
  t.mock.timers.enable({ apis: ["setInterval"] });
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

/** Opens a store behind the proxy that gives a silent connection up after little more than two seconds. */
async function open(
  t: TestContext,
  proxy: CuttingProxy,
  more: Partial<PostgresStoreOptions> = {},
): Promise<PostgresStore> {
  schemas += 1;
  const store = await openPostgresStore({
    url: urlOf(proxy),
    schema: `silence ${schemas}`,
    random,
    statementTimeoutMs: 100,
    connectTimeoutMs: 1_000,
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
