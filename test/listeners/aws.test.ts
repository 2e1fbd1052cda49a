import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import type { LogFields } from "../../src/kernel/log.ts";
import type { Server } from "../../src/server.ts";
import { call, signedAs, tinyServer } from "./tiny-server.ts";

/** Like fetch, which does not let its callers choose the host. */
function ask(
  server: Server,
  path: string,
  options: { readonly host?: string; readonly form?: string } = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const headers: Record<string, string> = {};
    if (options.host !== undefined) headers["host"] = options.host;
    if (options.form !== undefined) headers["content-type"] = "application/x-www-form-urlencoded";
    const method = options.form === undefined ? "GET" : "POST";
    const asked = request(
      { port: server.port, path, method, headers, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (body += part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    asked.on("error", reject);
    asked.end(options.form);
  });
}

test("a 12-digit access key id is the account, and the scope names the region", async () => {
  await using server = await tinyServer();
  const { body } = await call(server, "Echo", { Text: "a" }, signedAs("123456789012", "eu-west-1"));
  assert.equal(body["AccountId"], "123456789012");
  assert.equal(body["Region"], "eu-west-1");
});

test("any other access key id, and none, is account 000000000000", async () => {
  await using server = await tinyServer({ region: "ap-south-1" });
  const named = await call(server, "Echo", { Text: "a" }, signedAs("AKIA/ODD", "eu-west-1"));
  assert.equal(named.body["AccountId"], "000000000000");
  const unsigned = await call(server, "Echo", { Text: "a" });
  assert.equal(unsigned.body["AccountId"], "000000000000");
  assert.equal(unsigned.body["Region"], "ap-south-1");
});

test("a scope whose region is none is refused, however long", async () => {
  await using server = await tinyServer();
  for (const region of ["r".repeat(33), "x".repeat(5_000), "eu_west"]) {
    const { status, body } = await call(server, "Echo", { Text: "a" }, signedAs("me", region));
    assert.equal(status, 403, region);
    assert.match(String(body["__type"]), /InvalidSignatureException/);
  }
});

test("a service is found by host, by path and by API version", async () => {
  await using server = await tinyServer();
  const query = "Action=Echo&Text=found";
  for (const [path, host] of [
    [`/?${query}`, `tiny.eu-west-1.localhost:${server.port}`],
    [`/?${query}`, `sync-tiny.localhost:${server.port}`],
    [`/tiny/thing?${query}`, undefined],
    [`/?${query}&Version=2020-01-01`, undefined],
  ] as const) {
    const answer = await ask(server, path, host === undefined ? {} : { host });
    assert.equal(answer.status, 200, `${host}${path}`);
    assert.match(answer.body, /<Text>found<\/Text>/);
  }
  const form = await ask(server, "/", { form: `${query}&Version=2020-01-01` });
  assert.match(form.body, /<Text>found<\/Text>/);
});

test("the host names the region of an unsigned call, and the base of URLs", async () => {
  await using server = await tinyServer();
  const host = `tiny.eu-west-1.localhost:${server.port}`;
  const { body } = await ask(server, "/?Action=Echo&Text=a", { host });
  assert.match(body, /<Region>eu-west-1<\/Region>/);
  assert.ok(body.includes(`<BaseUrl>http://${host}</BaseUrl>`));
});

test("every answer has its own request id", async () => {
  await using server = await tinyServer();
  const calls = await Promise.all(
    ["Echo", "Echo", "Fail"].map((name) => call(server, name, { Text: "a" })),
  );
  const ids = calls.map(({ headers }) => headers.get("x-amzn-requestid"));
  assert.equal(new Set(ids).size, 3);
  for (const id of ids) {
    assert.match(id ?? "", /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  }
});

test("an operation that the service lacks is unknown, in each protocol's words", async () => {
  await using server = await tinyServer();
  for (const name of ["Missing", "Never", "toString", "__proto__"]) {
    const { status, body } = await call(server, name, { Text: "a" });
    assert.equal(status, 400);
    assert.match(String(body["__type"]), /#UnknownOperationException$/);
  }
  const query = await ask(server, "/tiny/thing?Action=Never");
  assert.equal(query.status, 400);
  assert.match(query.body, /<Code>InvalidAction<\/Code>/);
  const none = await ask(server, "/tiny/thing");
  assert.equal(none.status, 400);
  assert.match(none.body, /<Code>MissingAction<\/Code>/);
});

test("what no service answers for is 404", async () => {
  await using server = await tinyServer();
  assert.equal((await ask(server, "/")).status, 404);
  const other = await call(server, "x", {}, { "x-amz-target": "DynamoDB_20120810.PutItem" });
  assert.equal(other.status, 404);
  const scope = await fetch(server.url, { headers: signedAs("a", "us-east-1", "constructor") });
  assert.equal(scope.status, 404);
});

test("a body over the service's own limit is refused", async () => {
  await using server = await tinyServer();
  await call(server, "Echo", { Text: "loads the service" });
  const fits = await call(server, "Echo", { Text: "x".repeat(99_000) });
  assert.equal(fits.status, 200);
  assert.equal((await call(server, "Echo", { Text: "x".repeat(100_001) })).status, 413);
});

test("a protocol that is not spoken here is refused", async () => {
  await using server = await tinyServer({
    services: [(await import("./tiny-service.ts")).TINY_REST],
  });
  assert.equal((await fetch(server.url, { headers: signedAs("a", "us-east-1") })).status, 415);
});

test("a bug is a 500 whose reason is in the log only", async () => {
  const logged: LogFields[] = [];
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_message: string, fields: LogFields = {}) => logged.push(fields),
  };
  await using server = await tinyServer({ log });
  const { status, body, headers } = await call(server, "Break", { Text: "a" });
  assert.equal(status, 500);
  assert.doesNotMatch(JSON.stringify(body), /secret/);
  assert.equal(logged[0]?.["requestId"], headers.get("x-amzn-requestid"));
});

test("a stop answers a long poll with nothing", async () => {
  await using server = await tinyServer();
  const waiting = call(server, "Wait", { Text: "topic" });
  // The wait is there when a call that came after it has been answered.
  await call(server, "Echo", { Text: "a" });
  await server.stop();
  assert.equal((await waiting).body["Text"], "closed");
});

test("a long poll ends when the clock passes its deadline", async () => {
  await using server = await tinyServer();
  const waiting = call(server, "Wait", { Text: "topic" });
  await call(server, "Echo", { Text: "a" });
  await server.clock.advance(20_000);
  assert.equal((await waiting).body["Text"], "timeout");
});

test("web pages of this machine may call, those from elsewhere may not [CORS]", async () => {
  await using server = await tinyServer();
  const origin = "http://localhost:5173";
  const preflight = await fetch(server.url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-amz-target",
    },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), origin);
  assert.equal(preflight.headers.get("access-control-allow-headers"), "x-amz-target");
  const local = await call(server, "Echo", { Text: "a" }, { origin });
  assert.equal(local.headers.get("access-control-allow-origin"), origin);
  for (const foreign of [
    "https://example.com",
    "null",
    "http://localhost.example.com",
    "http://localhost@evil",
  ]) {
    assert.equal(
      (await call(server, "Keep", { Text: "a" }, { origin: foreign })).status,
      403,
      foreign,
    );
  }
  assert.equal((await call(server, "Keep", { Text: "b" })).body["Text"], "");
});

test("with credentials every request must be signed by one of them", async () => {
  const credentials = new Map([["AKIDEXAMPLE", "a-secret"]]);
  await using server = await tinyServer({ credentials });
  const unsigned = await call(server, "Echo", { Text: "a" });
  assert.equal(unsigned.status, 403);
  const forged = await call(
    server,
    "Echo",
    { Text: "a" },
    {
      ...signedAs("AKIDEXAMPLE", "us-east-1"),
      "x-amz-date": "20260101T000000Z",
    },
  );
  assert.equal(forged.status, 403);
});

test("other machines are not let in without credentials", async () => {
  await assert.rejects(tinyServer({ host: "0.0.0.0" }), { name: "UnsafeHost" });
  await assert.rejects(tinyServer({ host: "" }), { name: "UnsafeHost" });
  await using server = await tinyServer({ host: "0.0.0.0", credentials: new Map([["a", "b"]]) });
  assert.match(server.url, /^http:\/\/localhost:\d+$/);
});
