import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { describeOptions, OptionError, resolveOptions } from "../src/config.ts";
import type { Options } from "../src/config.ts";

function options(
  flags: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): Options {
  const readFile = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error(`no such file: ${path}`);
    return text;
  };
  return resolveOptions({ flags, environment, readFile });
}

test("nothing said is a durable server on loopback", () => {
  const { host, port, store, region, quotas, credentials } = options([]);
  assert.deepEqual(
    { host, port, store, region, quotas, credentials: credentials.size },
    {
      host: "127.0.0.1",
      port: 4566,
      store: { kind: "lmdb", folder: resolve(".waystation") },
      region: "us-east-1",
      quotas: "off",
      credentials: 0,
    },
  );
});

test("a flag goes before the environment, that before the file, that before the default", () => {
  const files = { "w.json": JSON.stringify({ port: 1, region: "eu-west-1", logLevel: "debug" }) };
  const found = options(
    ["--port", "3", "--config=w.json"],
    { WAYSTATION_PORT: "2", WAYSTATION_REGION: "eu-west-2" },
    files,
  );
  assert.equal(found.port, 3);
  assert.equal(found.region, "eu-west-2");
  assert.equal(found.logLevel, "debug");
  assert.equal(found.logFormat, "text");
  assert.equal(options([], { WAYSTATION_CONFIG: "w.json" }, files).port, 1);
});

test("the store is a folder, memory, or a database", () => {
  assert.deepEqual(options(["--memory"]).store, { kind: "memory" });
  assert.deepEqual(options(["--store", "memory"]).store, { kind: "memory" });
  assert.deepEqual(options(["--data", "/d"]).store, { kind: "lmdb", folder: "/d" });
  const url = "postgres://u@h/d";
  assert.deepEqual(options(["--store", url]).store, { kind: "postgres", url });
});

test("credentials come as pairs or from a file, one a line", () => {
  const file = "# who may call\nAK1:secret/with:colon\n\nAK2:s2\n";
  const { credentials } = options(
    ["--credentials", "@keys", "--credentials", "AK3:s3"],
    {},
    { keys: file },
  );
  assert.deepEqual(
    [...credentials],
    [
      ["AK1", "secret/with:colon"],
      ["AK2", "s2"],
      ["AK3", "s3"],
    ],
  );
});

test("lists in a file are lists, or separated by commas", () => {
  for (const credentials of [["AK1:s1", "AK2:s2"], "AK1:s1, AK2:s2"]) {
    const found = options(
      ["--config", "w.json"],
      {},
      { "w.json": JSON.stringify({ credentials }) },
    );
    assert.deepEqual([...found.credentials.keys()], ["AK1", "AK2"]);
  }
});

test("service options are names and values", () => {
  const flags = ["--option", "sns.smtpUrl=smtp://h:25?a=b", "--option", "x=y"];
  assert.deepEqual(options(flags).serviceOptions, { "sns.smtpUrl": "smtp://h:25?a=b", x: "y" });
});

test("a service option's value may hold commas, wherever it is said", () => {
  const connections = '{"a":{"basic":{"username":"u","password":"p=1"}}}';
  const pairs = `states.connections=${connections}, sns.smsSandbox=true`;
  const expected = { "states.connections": connections, "sns.smsSandbox": "true" };
  const file = { "w.json": JSON.stringify({ option: pairs }) };
  assert.deepEqual(options(["--option", pairs]).serviceOptions, expected);
  assert.deepEqual(options([], { WAYSTATION_OPTION: pairs }).serviceOptions, expected);
  assert.deepEqual(options(["--config", "w.json"], {}, file).serviceOptions, expected);
});

test("a public URL ends without a slash", () => {
  assert.equal(
    options(["--public-url", "https://queues.example.com/"]).publicUrl,
    "https://queues.example.com",
  );
});

for (const [why, flags, environment, files] of [
  ["an unknown option", ["--prt", "1"]],
  ["a flag without its value", ["--port"]],
  ["a port that is none", ["--port", "65536"]],
  ["a port that is no number", ["--port", "1e3"]],
  ["a negative port", ["--port", "-1"]],
  ["an unknown store", ["--store", "floppy"]],
  ["a folder without a name", ["--data", ""]],
  ["a region that is none", ["--region", "moon"]],
  ["quotas that are neither", ["--quotas", "on"]],
  ["a log level that is none", [], { WAYSTATION_LOG_LEVEL: "loud" }],
  ["a switch that is neither", [], { WAYSTATION_MEMORY: "maybe" }],
  ["a public URL that is none", ["--public-url", "localhost"]],
  ["an empty token", ["--token", ""]],
  ["credentials without a secret", ["--credentials", "AK"]],
  ["a file that is not there", ["--config", "w.json"]],
  ["a credentials file that is not there", ["--credentials", "@keys"]],
  ["a file that is no JSON", ["--config", "w.json"], {}, { "w.json": "{" }],
  ["a file that is no object", ["--config", "w.json"], {}, { "w.json": "[]" }],
  ["a file with a list for one value", ["--config", "w.json"], {}, { "w.json": '{"port":[1]}' }],
  ["a file with an object", ["--config", "w.json"], {}, { "w.json": '{"data":{}}' }],
  ["a file with null", ["--config", "w.json"], {}, { "w.json": '{"data":null}' }],
  ["a credentials file with none", ["--credentials", "@keys"], {}, { keys: "# nobody\n" }],
  ["a word among the options", ["--memory", "yes"]],
  ["a file with an unknown option", ["--config", "w.json"], {}, { "w.json": '{"prt":1}' }],
] as const) {
  test(`${why} is an error that says so`, () => {
    assert.throws(() => options(flags, environment, files), OptionError);
  });
}

test("the message about an unknown option of a file says which there are", () => {
  assert.throws(
    () => options(["--config", "w.json"], {}, { "w.json": '{"log-level":"debug"}' }),
    /"log-level"; there are host, .*logLevel/,
  );
});

test("the message about a secret does not repeat it", () => {
  assert.throws(
    () => options(["--credentials", "topsecret"]),
    (error: Error) => !error.message.includes("topsecret"),
  );
});

test("the help has a line of at most 80 characters for each option", () => {
  const lines = describeOptions().trimEnd().split("\n");
  for (const line of lines) assert.ok(line.length <= 80, line);
  assert.ok(lines.some((line) => line.includes("--port PORT")));
});
