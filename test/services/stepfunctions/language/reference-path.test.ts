import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StatesError } from "../../../../src/services/stepfunctions/language/errors.ts";
import { findPath } from "../../../../src/services/stepfunctions/language/json-path.ts";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import {
  checkReferencePath,
  checkResultPath,
  setAt,
} from "../../../../src/services/stepfunctions/language/reference-path.ts";
import { anyJson, scopeOf, SEED } from "./scope.ts";

const SET: readonly (readonly [name: string, input: Json, path: string | null, expected: Json])[] =
  [
    ["null keeps the input", { a: 1 }, null, { a: 1 }],
    ["$ replaces the input", { a: 1 }, "$", "new"],
    ["a new member is added", { a: 1 }, "$.b", { a: 1, b: "new" }],
    ["a member is replaced in its place", { a: 1, b: 2 }, "$.a", { a: "new", b: 2 }],
    ["objects on the way are made", {}, "$.a.b.c", { a: { b: { c: "new" } } }],
    ["an element is replaced", { a: [1, 2] }, "$.a[1]", { a: [1, "new"] }],
    [
      "a name may be anything",
      {},
      "$['__proto__']['a b']",
      JSON.parse('{"__proto__":{"a b":"new"}}') as Json,
    ],
  ];

for (const [name, input, path, expected] of SET) {
  test(`${name} [ResultPath]`, () => {
    const before = structuredClone(input);
    assert.deepEqual(setAt(input, path, "new"), expected);
    assert.deepEqual(input, before);
  });
}

for (const [input, path] of [
  [1, "$.a"],
  [[1], "$.a"],
  [{ a: null }, "$.a.b"],
  [{ a: [1] }, "$.a[1]"],
  [{}, "$.a[0]"],
  ["x", "$[0]"],
] as const) {
  test(`${path} does not fit ${JSON.stringify(input)} [States.ResultPathMatchFailure]`, () => {
    assert.throws(
      () => setAt(input, path, "new"),
      (error) => error instanceof StatesError && error.name === "States.ResultPathMatchFailure",
    );
  });
}

test("a path that is not into an array tells the step and the input [States.ResultPathMatchFailure]", () => {
  assert.throws(() => setAt([1], "$.results", 2), {
    cause: 'Unable to apply step "results" to input [1]',
  });
});

test("reference paths go to a single node [Reference Path]", () => {
  for (const path of ["$", "$.a", "$.a[0].b", "$['a b']", "$$.Execution.Id", "$var.a"]) {
    assert.equal(checkReferencePath(path), undefined, path);
  }
  for (const path of [
    "$.a[*]",
    "$..a",
    "$.a[0,1]",
    "$.a[1:]",
    "$.a[-1]",
    "$.a[?(@.b)]",
    "$.a.length()",
    "a",
    "@.a",
  ]) {
    assert.notEqual(checkReferencePath(path), undefined, path);
  }
  assert.equal(checkResultPath("$.a"), undefined);
  for (const path of ["$$.a", "$var", "$.a[*]"])
    assert.notEqual(checkResultPath(path), undefined, path);
});

test(`what is set at a path is found there, and nothing else changed (seed ${SEED}) [ResultPath]`, () => {
  const name = fc.stringMatching(/^[a-z]{1,3}$/);
  const object = fc.dictionary(name, anyJson(2));
  const property = fc.property(
    object,
    fc.array(name, { minLength: 1, maxLength: 3 }),
    (input, names) => {
      const path = `$.${names.join(".")}`;
      let result: Json;
      try {
        result = setAt(input, path, "new");
      } catch (error) {
        assert.ok(error instanceof StatesError);
        return;
      }
      assert.equal(findPath(path, scopeOf(result)), "new");
      for (const other of Object.keys(input)) {
        if (other !== names[0])
          assert.deepEqual(findPath(`$.${other}`, scopeOf(result)), input[other]);
      }
    },
  );
  fc.assert(property, { seed: SEED });
});
