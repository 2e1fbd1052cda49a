import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { request } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import * as library from "../src/index.ts";
import { startWaystation } from "../src/index.ts";

test("the public names are these", () => {
  assert.deepEqual(Object.keys(library), ["startWaystation"]);
});

test("several servers run in one process, each with its own time", async () => {
  await using first = await startWaystation();
  await using second = await startWaystation();
  assert.notEqual(first.port, second.port);
  await first.clock.freeze();
  await first.clock.set(new Date("2030-01-01T00:00:00Z"));
  await first.clock.advance(1_000);
  assert.equal(first.clock.now(), Date.parse("2030-01-01T00:00:01Z"));
  assert.ok(second.clock.now() < Date.parse("2030-01-01T00:00:00Z"));
  const health = await fetch(`${second.url}/_waystation/health`);
  assert.equal(health.status, 200);
  await health.body?.cancel();
});

test("stopping twice is stopping once, and the port is free again", async () => {
  const first = await startWaystation();
  await Promise.all([first.stop(), first.stop()]);
  await using second = await startWaystation({ port: first.port });
  assert.equal(second.port, first.port);
});

test("a port that is taken is the system's error, and nothing is left open", async () => {
  await using first = await startWaystation();
  await assert.rejects(startWaystation({ port: first.port }), { code: "EADDRINUSE" });
});

test("another machine's way in needs credentials", async () => {
  await assert.rejects(startWaystation({ host: "0.0.0.0" }), { name: "UnsafeHost" });
});

test("an option that there is not is refused", async () => {
  const misspelt: object = { store: "postgres://somewhere" };
  await assert.rejects(startWaystation(misspelt), {
    name: "TypeError",
    message: /has no option "store"; there are host, .*postgres/,
  });
});

test("an option that no service has is refused", async () => {
  const serviceOptions = { "sns.smtpUrl": "smtp://localhost:25", "sns.typo": "x" };
  await assert.rejects(startWaystation({ serviceOptions }), {
    name: "WrongServiceOption",
    message: /sns\.typo; there are .*sns\.smtpUrl.*states\.connections/,
  });
});

test("an option that cannot be what it says is refused", async () => {
  for (const [name, value, words] of [
    ["sns.httpTimeoutMs", "soon", "milliseconds, from 1 on"],
    ["sns.smsSandbox", "yes", "true or false"],
    ["sns.smtpUrl", "localhost", "a URL"],
    ["states.objectFolder", "/nowhere/at/all", "a folder that is there"],
    ["states.connections", "{broken", "a JSON object, or a file with one"],
  ] as const) {
    await assert.rejects(startWaystation({ serviceOptions: { [name]: value } }), {
      name: "WrongServiceOption",
      message: `The option ${name} must be ${words}`,
    });
  }
});

test("a clock that was moved stays moved over a restart", async () => {
  const data = await mkdtemp(join(tmpdir(), "waystation-library-"));
  try {
    const first = await startWaystation({ data });
    await first.clock.set(Date.parse("2031-01-01T00:00:00Z"));
    const leftAtMs = first.clock.now();
    await first.stop();
    const second = await startWaystation({ data });
    assert.ok(second.clock.now() >= leftAtMs);
    await second.clock.freeze();
    await second.reset();
    const frozenAtMs = second.clock.now();
    await second.stop();
    const third = await startWaystation({ data });
    assert.equal(third.clock.now(), frozenAtMs);
    await third.stop();
  } finally {
    await rm(data, { recursive: true });
  }
});

test("a process that stops its server exits by itself, with nothing left open", async () => {
  const program = `
    import { startWaystation } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
    const server = await startWaystation();
    await (await fetch(server.url + "/_waystation/health")).text();
    await server.stop();
    const { promise: closed, resolve } = Promise.withResolvers();
    // Handles close in the turn after the one that closed them.
    setImmediate(() => setImmediate(resolve));
    await closed;
    console.log(process.getActiveResourcesInfo().join(" "));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { timeout: 20_000 },
  );
  // What is left is fetch's own connection, which the server has closed.
  assert.doesNotMatch(stdout, /Server|Timeout/);
});

test("a page from elsewhere cannot use the API by links and images, whatever its host resolves to", async () => {
  await using server = await startWaystation({ publicUrl: "http://queues.example:80" });
  const create = "/?Action=CreateQueue&Version=2012-11-05&QueueName=here";
  const status = (headers: Record<string, string>): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const sent = request(`${server.url}${create}`, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on("error", reject);
      sent.end();
    });
  assert.equal(await status({ "sec-fetch-site": "cross-site" }), 403);
  assert.equal(await status({ "sec-fetch-site": "same-site", host: "queues.example" }), 403);
  assert.equal(await status({ host: `rebound.example:${server.port}` }), 403);
  assert.equal(await status({ host: "queues.example" }), 200);
  assert.equal(await status({ host: `sqs.us-east-1.localhost:${server.port}` }), 200);
  assert.equal(await status({ "sec-fetch-site": "none" }), 200);
  // Pages of this machine: the port is not part of a site, and 127.0.0.1 is another one than localhost.
  assert.equal(await status({ "sec-fetch-site": "same-site" }), 200);
  const origin = "http://localhost:3000";
  assert.equal(await status({ "sec-fetch-site": "cross-site", origin }), 200);
  assert.equal(await status({}), 200);
});

test("what is no time does not move the clock", async () => {
  await using server = await startWaystation();
  await server.clock.freeze();
  const nowMs = server.clock.now();
  await assert.rejects(server.clock.advance(0.5), RangeError);
  await assert.rejects(server.clock.set(new Date("never")), RangeError);
  assert.equal(server.clock.now(), nowMs);
});
