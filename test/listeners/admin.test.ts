import assert from "node:assert/strict";
import { test } from "node:test";
import { bury } from "../../src/kernel/dead-work.ts";
import { workQueue } from "../../src/kernel/work.ts";
import { DEAD_WORK_PAGE } from "../../src/listeners/limits.ts";
import type { Server } from "../../src/server.ts";
import { exchange } from "./raw-client.ts";
import { call, START_MS, tinyServer } from "./tiny-server.ts";

async function page(
  server: Server,
  path: string,
  options: { readonly post?: unknown; readonly headers?: Record<string, string> } = {},
): Promise<{ status: number; text: string; json: Record<string, unknown> }> {
  const { post, headers = {} } = options;
  const response = await fetch(
    server.url + path,
    post === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(post) },
  );
  const text = await response.text();
  const json: unknown = text.startsWith("{") ? JSON.parse(text) : {};
  return { status: response.status, text, json: { ...(json as object) } };
}

test("health says which services run and which wait for their first call", async () => {
  await using server = await tinyServer();
  for (const path of ["/_waystation/health", "/_localstack/health"]) {
    assert.deepEqual((await page(server, path)).json["services"], { tiny: "available" });
  }
  await call(server, "Echo", { Text: "a" });
  const { status, json } = await page(server, "/_localstack/health");
  assert.equal(status, 200);
  assert.deepEqual(json["services"], { tiny: "running" });
  assert.match(String(json["version"]), /^\d+\.\d+\.\d+/);
});

test("health keeps its shape while the store cannot serve, and says so by its status", async () => {
  await using server = await tinyServer();
  const { status, ...well } = (await page(server, "/_waystation/health")).json;
  assert.equal(status, "ok");
  await server.store.close();
  const ill = await page(server, "/_waystation/health");
  assert.equal(ill.status, 503);
  assert.deepEqual(ill.json, { status: "store unavailable", ...well });
});

test("what operators ask for while the store cannot serve is refused with 503, and does nothing", async () => {
  await using server = await tinyServer();
  await server.store.close();
  for (const path of ["/_waystation/clock/advance", "/_waystation/reset"]) {
    const { status, json } = await page(server, path, { post: { durationMs: 1_000 } });
    assert.deepEqual([status, json["__type"]], [503, "ServiceUnavailable"], path);
  }
  assert.equal((await page(server, "/_waystation/clock")).json["nowMs"], START_MS);
});

test("info names the server's services, store and time", async () => {
  await using server = await tinyServer();
  const { json } = await page(server, "/_waystation/info");
  assert.equal(json["store"], "memory");
  assert.equal(json["url"], server.url);
  assert.deepEqual(json["services"], ["tiny"]);
});

test("the clock is shown, set, advanced, frozen and resumed", async () => {
  await using server = await tinyServer();
  assert.equal((await page(server, "/_waystation/clock")).json["mode"], "frozen");
  const post = { durationMs: 1_500 };
  const advanced = await page(server, "/_waystation/clock/advance", { post });
  assert.equal(advanced.json["nowMs"], START_MS + 1_500);
  const at = "2030-01-01T00:00:00.000Z";
  assert.equal((await page(server, "/_waystation/clock/set", { post: { at } })).json["now"], at);
  assert.equal(
    (await page(server, "/_waystation/clock/resume", { post: {} })).json["mode"],
    "running",
  );
  assert.ok(server.clock.now() >= Date.parse(at));
  assert.equal(
    (await page(server, "/_waystation/clock/freeze", { post: {} })).json["mode"],
    "frozen",
  );
});

test("a clock is not moved by nonsense", async () => {
  await using server = await tinyServer();
  for (const [path, post] of [
    ["set", {}],
    ["set", { at: "tomorrow" }],
    ["set", { at: -1 }],
    ["set", { at: 1e300 }],
    ["advance", { durationMs: "5" }],
    ["advance", { durationMs: -5 }],
    ["advance", { durationMs: 0.5 }],
    ["advance", { durationMs: 8.64e15 }],
    ["advance", [1]],
    ["advance", null],
  ] as const) {
    const { status } = await page(server, `/_waystation/clock/${path}`, { post });
    assert.equal(status, 400, `${path} ${JSON.stringify(post)}`);
  }
  assert.equal(server.clock.now(), START_MS);
});

test("a move past the last instant is told from one that is no number", async () => {
  await using server = await tinyServer();
  const advance = async (durationMs: unknown): Promise<unknown> =>
    (await page(server, "/_waystation/clock/advance", { post: { durationMs } })).json["message"];
  assert.match(String(await advance("5m")), /whole number/);
  assert.match(String(await advance(8.64e15)), /before the year/);
});

test("reset removes what services keep", async () => {
  await using server = await tinyServer();
  await call(server, "Keep", { Text: "before" });
  assert.equal((await page(server, "/_waystation/reset", { post: {} })).status, 200);
  assert.equal((await call(server, "Keep", { Text: "after" })).body["Text"], "");
});

test("metrics count calls and errors of each operation [Prometheus text format]", async () => {
  await using server = await tinyServer();
  await call(server, "Echo", { Text: "a" });
  await call(server, "Echo", { Text: "b" });
  await call(server, "Fail", { Text: "c" });
  await call(server, "NoSuchThing", {});
  const { text } = await page(server, "/_waystation/metrics");
  assert.match(text, /^waystation_calls_total\{service="tiny",operation="Echo"\} 2$/m);
  assert.match(text, /^waystation_call_errors_total\{service="tiny",operation="Echo"\} 0$/m);
  assert.match(text, /^waystation_call_errors_total\{service="tiny",operation="Fail"\} 1$/m);
  assert.match(text, /^waystation_call_seconds_bucket\{[^}]*operation="Echo",le="\+Inf"\} 2$/m);
  assert.doesNotMatch(text, /NoSuchThing/);
});

/** Lets items of a kind that always fails die. */
async function letDie(server: Server, items: Readonly<Record<string, unknown>>): Promise<void> {
  await server.store.transact(async (tx) => {
    for (const [id, payload] of Object.entries(items)) {
      await workQueue.schedule(tx, { kind: DEAD, id, dueAtMs: START_MS, payload });
    }
  });
  await server.clock.advance(3_600_000);
}

const DEAD = "tiny.refuse";
const DEAD_PAGE = "/_waystation/work/dead";

interface DeadPage {
  readonly dead: readonly Readonly<Record<string, unknown>>[];
  readonly next?: string;
}

async function deadOf(server: Server, query = ""): Promise<DeadPage> {
  const { status, text } = await page(server, DEAD_PAGE + query);
  assert.equal(status, 200, text);
  return JSON.parse(text);
}

test("dead work is listed with what it was, and why and when it died", async () => {
  await using server = await tinyServer();
  assert.deepEqual(await deadOf(server), { dead: [] });
  await letDie(server, { a: { to: "b" }, long: "x".repeat(5_000) });
  const { dead, next } = await deadOf(server);
  assert.equal(next, undefined);
  assert.deepEqual(
    dead.map(({ kind, id, attempts }) => ({ kind, id, attempts })),
    ["a", "long"].map((id) => ({ kind: DEAD, id, attempts: 20 })),
  );
  const [short, long] = dead;
  assert.deepEqual(short?.["payload"], { to: "b" });
  assert.match(String(long?.["payload"]), /^"x{999}…$/);
  assert.match(String(short?.["reason"]), /^Error: never\n/);
  const diedAtMs = Date.parse(String(short?.["diedAt"]));
  assert.ok(diedAtMs > START_MS && diedAtMs < START_MS + 3_600_000);
});

test("dead work is counted in info and metrics", async () => {
  await using server = await tinyServer();
  assert.deepEqual((await page(server, "/_waystation/info")).json["deadWork"], {});
  await letDie(server, { a: 1, b: 2 });
  assert.deepEqual((await page(server, "/_waystation/info")).json["deadWork"], { [DEAD]: 2 });
  const { text } = await page(server, "/_waystation/metrics");
  assert.match(text, /^waystation_dead_work\{kind="tiny\.refuse"\} 2$/m);
  await server.store.close();
  assert.equal((await page(server, "/_waystation/info")).status, 200);
  assert.equal((await page(server, "/_waystation/metrics")).status, 200);
});

test("dead work comes in pages, of one kind or of all", async () => {
  await using server = await tinyServer();
  const ids = Array.from({ length: 2 * DEAD_WORK_PAGE + 1 }, (_, index) => `i${1_000 + index}`);
  await server.store.transact(async (tx) => {
    for (const id of ids) {
      const item = { kind: DEAD, id, dueAtMs: 0, payload: null, attempt: 20 };
      await bury(tx, item, { reason: "a test", nowMs: START_MS });
    }
  });
  for (const query of ["?", `?kind=${DEAD}&`]) {
    const seen: unknown[] = [];
    let next: string | undefined = "";
    while (next !== undefined) {
      const found: DeadPage = await deadOf(server, next === "" ? query : `${query}next=${next}`);
      assert.ok(found.dead.length <= DEAD_WORK_PAGE);
      seen.push(...found.dead.map(({ id }) => id));
      next = found.next;
    }
    assert.deepEqual(seen, ids);
  }
  assert.deepEqual(await deadOf(server, "?kind=tiny.other"), { dead: [] });
  assert.equal((await page(server, `${DEAD_PAGE}?next=nonsense`)).status, 400);
});

test("dead work is tried again or removed, one item or all of a kind", async () => {
  await using server = await tinyServer();
  await letDie(server, { a: 1, b: 2, c: 3 });
  const post = async (action: string, body: unknown): Promise<unknown> => {
    const { status, json } = await page(server, `${DEAD_PAGE}/${action}`, { post: body });
    return status === 200 ? json : status;
  };
  assert.deepEqual(await post("retry", { kind: DEAD, id: "a" }), { retried: 1 });
  assert.deepEqual(
    (await deadOf(server)).dead.map(({ id }) => id),
    ["b", "c"],
  );
  await server.clock.advance(3_600_000);
  assert.equal((await deadOf(server)).dead.length, 3, "it was tried, and died again");
  assert.deepEqual(await post("remove", { kind: DEAD, id: "b" }), { removed: 1 });
  assert.deepEqual(await post("retry", { kind: DEAD }), { retried: 2 });
  assert.deepEqual(await post("remove", { kind: DEAD }), { removed: 0 });
  for (const action of ["retry", "remove"]) {
    assert.equal(await post(action, { kind: DEAD, id: "b" }), 404);
    for (const body of [{}, { kind: 1 }, { kind: DEAD, id: 1 }, { id: "a" }, []]) {
      assert.equal(await post(action, body), 400, JSON.stringify(body));
    }
  }
});

test("a service's pages are below its name", async () => {
  await using server = await tinyServer();
  assert.equal((await page(server, "/_waystation/tiny/hello?who=you")).text, "hello you");
  for (const path of ["/_waystation/tiny/other", "/_waystation/nobody/x", "/_waystation/", "/_x"]) {
    assert.equal((await page(server, path)).status, 404, path);
  }
});

test("a page is asked for in its own way", async () => {
  await using server = await tinyServer();
  assert.equal((await page(server, "/_waystation/reset")).status, 405);
  assert.equal((await page(server, "/_waystation/health", { post: {} })).status, 405);
});

test("web pages from elsewhere and foreign host names are kept out", async () => {
  await using server = await tinyServer();
  const headers = { origin: "https://example.com" };
  assert.equal((await page(server, "/_waystation/reset", { post: {}, headers })).status, 403);
  const rebound = "GET /_waystation/info HTTP/1.1\r\nHost: example.com\r\n\r\n";
  assert.equal((await exchange(server.port, rebound)).status, 403);
});

test("with a token, operators must bring it; health needs none", async () => {
  await using server = await tinyServer({ token: "s3cret" });
  assert.equal((await page(server, "/_waystation/info")).status, 403);
  const wrong = { authorization: "Bearer other" };
  assert.equal((await page(server, "/_waystation/info", { headers: wrong })).status, 403);
  const headers = { authorization: "Bearer s3cret" };
  assert.equal((await page(server, "/_waystation/info", { headers })).status, 200);
  assert.equal((await page(server, "/_waystation/health")).status, 200);
});
