import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ServiceError } from "../../src/kernel/errors.ts";
import { shortPath } from "../../src/kernel/input-path.ts";
import type { ServiceModel } from "../../src/kernel/model.ts";
import type { Refusals } from "../../src/kernel/service.ts";
import { inputReader, MAX_INPUT_DEPTH, MAX_MISSING, validate } from "../../src/kernel/validate.ts";

const model: ServiceModel = {
  signingName: "test",
  sdkId: "Test",
  version: "1",
  protocols: ["awsJson1_0"],
  errorNamespace: "test",
  operations: { Put: { input: "PutRequest" }, Ping: {} },
  structures: {
    PutRequest: {
      members: {
        Name: { shape: "string" },
        Count: { shape: "number" },
        On: { shape: "boolean" },
        Data: { shape: "blob" },
        At: { shape: "timestamp" },
        Any: { shape: "document" },
        Tags: { shape: "Tags" },
        Nodes: { shape: "Nodes" },
        Choice: { shape: "Choice" },
      },
      required: ["Name", "Nodes"],
    },
    Node: { members: { Id: { shape: "string" }, Nodes: { shape: "Nodes" } }, required: ["Id"] },
    Choice: { members: { A: { shape: "string" }, B: { shape: "string" } }, union: true },
  },
  lists: { Nodes: { element: { shape: "Node" } } },
  maps: { Tags: { key: { shape: "string" }, value: { shape: "string" } } },
  errors: {},
};

const refusals: Refusals = {
  missing: (paths, operation) =>
    new ServiceError("Missing", `${operation}: ${paths.map(shortPath).join(", ")}`),
  wrongType: (path, expected, actual) =>
    new ServiceError("WrongType", `${path}: ${expected}, not ${actual}`),
};

const readJson = inputReader(model, refusals, "json");
const readValue = inputReader(model, refusals, "value");

function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ServiceError) return error.message;
    throw error;
  }
  return "none";
}

const refused = (input: object) =>
  refusalOf(() => readJson("Put", { Name: "n", Nodes: [], ...input }));

test("JSON input becomes values; unknown members and nulls are left out", () => {
  const input = {
    Name: "n",
    Count: 1.5,
    On: false,
    Data: "AQI=",
    At: 1.5,
    Any: { a: [null] },
    Tags: { a: "b", c: null },
    Nodes: [{ Id: "1", Nodes: null }, null],
    Choice: { B: "b" },
    Unknown: 1,
  };
  assert.deepEqual(
    { ...readJson("Put", input), Tags: null },
    {
      Name: "n",
      Count: 1.5,
      On: false,
      Data: Buffer.from([1, 2]),
      At: new Date(1500),
      Any: { a: [null] },
      Tags: null,
      Nodes: [{ Id: "1" }],
      Choice: { B: "b" },
    },
  );
  assert.deepEqual(readJson("Ping", { x: 1 }), {});
  assert.deepEqual(readJson("Ping", undefined), {});
});

test("values are taken as they are, and JSON's forms of them refused", () => {
  const input = { Name: "n", Nodes: [], Data: new Uint8Array([1]), At: new Date(5) };
  assert.deepEqual(readValue("Put", input), input);
  const service = { model, refusals };
  assert.deepEqual(validate(service, "Put", input), input);
  const text = refusalOf(() => validate(service, "Put", { ...input, Data: "AQ==" }));
  assert.equal(text, "Data: blob, not string");
  const never = refusalOf(() => readValue("Put", { ...input, At: new Date(Number.NaN) }));
  assert.equal(never, "At: timestamp, not object");
});

test("missing members are named by their paths, in the model's order", () => {
  assert.equal(
    refusalOf(() => readJson("Put", {})),
    "Put: Name, Nodes",
  );
  assert.equal(
    refusalOf(() => readJson("Put", { Name: "n", Nodes: null })),
    "Put: Nodes",
  );
  assert.equal(
    refused({ Nodes: [{ Id: "1" }, { Nodes: [{}] }] }),
    "Put: Nodes[1].Id, Nodes[1].Nodes[0].Id",
  );
  const many = refused({ Nodes: Array.from({ length: MAX_MISSING + 1 }, () => ({})) });
  assert.equal(many.split(", ").length, MAX_MISSING);
  // A refusal leaves nothing behind for the next input.
  assert.equal(refused({}), "none");
});

test("a wrong type is refused by its path, before anything that is missing", () => {
  assert.equal(refused({ Name: 1 }), "Name: string, not number");
  assert.equal(refused({ Count: "1" }), "Count: number, not string");
  assert.equal(refused({ On: "true" }), "On: boolean, not string");
  assert.equal(refused({ Tags: ["a"] }), "Tags: map, not list");
  assert.equal(refused({ Tags: { a: {} } }), "Tags.a: string, not object");
  assert.equal(refused({ Nodes: {} }), "Nodes: list, not object");
  assert.equal(refused({ Nodes: [[]] }), "Nodes[0]: structure, not list");
  assert.equal(refused({ Choice: { A: "a", B: "b" } }), "Choice: union, not object");
  assert.equal(
    refusalOf(() => readJson("Put", [])),
    ": structure, not list",
  );
  assert.equal(
    refusalOf(() => readJson("Put", { Nodes: 1 })),
    "Nodes: list, not number",
  );
});

test("blobs must be padded base64, timestamps must be times [RFC 4648, 4]", () => {
  for (const text of ["A", "AQI", "AQ-_", "A===", "AQ==AQ==", "AQ I", "é==="]) {
    assert.equal(refused({ Data: text }), "Data: blob, not string", text);
  }
  assert.equal(refused({ Data: "" }), "none");
  assert.equal(refused({ At: 1e300 }), "At: timestamp, not number");
  assert.equal(refused({ At: "yesterday" }), "At: timestamp, not string");
  assert.equal(refused({ At: "2024-02-03T04:05:06Z" }), "none");
});

test("keys that objects inherit are keys like any other in a map", () => {
  const json = '{"Name":"n","Nodes":[],"Tags":{"__proto__":"p","constructor":"c"}}';
  const tags = readJson("Put", JSON.parse(json))["Tags"];
  assert.ok(typeof tags === "object" && tags !== null);
  assert.deepEqual(Object.entries(tags), [
    ["__proto__", "p"],
    ["constructor", "c"],
  ]);
  assert.equal("toString" in tags, false);
  const polluting = '{"Name":"n","Nodes":[],"__proto__":{"polluted":1}}';
  assert.equal("polluted" in readJson("Put", JSON.parse(polluting)), false);
});

test("nesting ends at the limit", () => {
  const nested = (depth: number): object =>
    depth === 0 ? { Id: "i" } : { Id: "i", Nodes: [nested(depth - 1)] };
  const deepest = MAX_INPUT_DEPTH / 2 - 1;
  assert.match(refused({ Nodes: [nested(deepest)] }), /deeper nesting$/);
  assert.equal(refused({ Nodes: [nested(deepest - 1)] }), "none");
  const document = (depth: number): unknown => (depth === 0 ? 1 : [document(depth - 1)]);
  assert.equal(refused({ Any: document(MAX_INPUT_DEPTH) }), "none");
  assert.equal(refused({ Any: document(MAX_INPUT_DEPTH + 1) }), "Any: document, not list");
});

test("any input is read or refused; what is read is read again unchanged", () => {
  const member = fc.oneof(fc.jsonValue(), fc.string(), fc.constant(null), fc.date());
  const inputs = fc.record(
    Object.fromEntries(
      Object.keys(model.structures["PutRequest"]?.members ?? {}).map((name) => [name, member]),
    ),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(inputs, (input) => {
      const withRequired = { Name: "n", Nodes: [], ...input };
      let read: Record<string, unknown>;
      try {
        read = readJson("Put", withRequired);
      } catch (error) {
        assert.ok(error instanceof ServiceError);
        return;
      }
      assert.deepEqual(readValue("Put", read), read);
    }),
    { numRuns: 500 },
  );
});
