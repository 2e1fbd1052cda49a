import assert from "node:assert/strict";
import { test } from "node:test";
import {
  evaluateAssign,
  evaluateTemplate,
  resolveInteger,
  resolveItems,
  resolveNumber,
  resolveString,
  resolveTimestampMs,
} from "../../../../src/services/stepfunctions/language/evaluate.ts";
import type { FieldSource } from "../../../../src/services/stepfunctions/language/definition.ts";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import { scopeOf } from "./scope.ts";

const literal = <Value>(value: Value): FieldSource<Value> => ({ kind: "literal", value });
const path = (text: string, field = "SecondsPath"): FieldSource<never> => ({
  kind: "path",
  path: text,
  field,
});
const expression = (code: string): FieldSource<never> => ({
  kind: "jsonata",
  expression: `{% ${code} %}`,
});
const SECONDS = { field: "Seconds", minimum: 1, maximum: 10 };

test("a number comes from the definition, a path or an expression [Seconds]", async () => {
  for (const source of [literal(3), path("$.n"), expression("$states.input.n")]) {
    assert.equal(await resolveInteger(source, scopeOf({ n: 3 }), SECONDS), 3);
  }
  assert.equal(await resolveNumber(path("$.n"), scopeOf({ n: 2.5 }), SECONDS), 2.5);
});

test("a value of another type or out of range fails in the way of its language [Seconds]", async () => {
  assert.equal(await resolveInteger(path("$.n"), scopeOf({ n: "3" }), SECONDS), 3);
  await assert.rejects(resolveInteger(path("$.n"), scopeOf({ n: "three" }), SECONDS), {
    name: "States.Runtime",
    cause: "The SecondsPath parameter cannot be parsed as a long value: $.n == three",
  });
  await assert.rejects(resolveInteger(path("$.n"), scopeOf({ n: 2.5 }), SECONDS), {
    name: "States.Runtime",
  });
  await assert.rejects(resolveInteger(path("$.n"), scopeOf({}), SECONDS), {
    cause:
      "The JSONPath '$.n' specified for the field 'SecondsPath' could not be found in the input '{}'",
  });
  await assert.rejects(resolveInteger(expression("'3'"), scopeOf({}), SECONDS), {
    name: "States.QueryEvaluationError",
    cause:
      "The JSONata expression ''3'' specified for the field 'Seconds' returned an unexpected result type. " +
      `Expected 'integer', but was 'string' for value: "3"`,
  });
  for (const outside of [0, 11]) {
    await assert.rejects(resolveInteger(expression(String(outside)), scopeOf({}), SECONDS), {
      name: "States.QueryEvaluationError",
      cause: `The value for the field 'Seconds' must be between 1 and 10, but was ${outside}.`,
    });
  }
});

test("a text may come from an intrinsic function [CausePath]", async () => {
  assert.equal(
    await resolveString(
      path("States.Format('no {}', $.a)", "CausePath"),
      scopeOf({ a: 1 }),
      "Cause",
    ),
    "no 1",
  );
  assert.equal(await resolveString(expression("'E' & 1"), scopeOf({}), "Error"), "E1");
  await assert.rejects(resolveString(path("$.a", "ErrorPath"), scopeOf({ a: 1 }), "Error"), {
    name: "States.Runtime",
  });
});

test("a timestamp is a time [Timestamp]", async () => {
  const at = Date.UTC(2024, 0, 31, 10);
  assert.equal(
    await resolveTimestampMs(literal("2024-01-31T10:00:00Z"), scopeOf({}), "Timestamp"),
    at,
  );
  assert.equal(
    await resolveTimestampMs(path("$.t"), scopeOf({ t: "2024-01-31T12:00:00+02:00" }), "Timestamp"),
    at,
  );
  assert.equal(
    await resolveTimestampMs(expression("'2024-01-31T10:00:00.250Z'"), scopeOf({}), "Timestamp"),
    at + 250,
  );
  await assert.rejects(resolveTimestampMs(expression("'tomorrow'"), scopeOf({}), "Timestamp"), {
    name: "States.QueryEvaluationError",
  });
});

test("items are an array, or the pairs of an object [Items]", async () => {
  assert.deepEqual(await resolveItems(path("$.l", "ItemsPath"), scopeOf({ l: [1, 2] })), [1, 2]);
  assert.deepEqual(await resolveItems(expression("$states.input"), scopeOf({ a: 1, b: [2] })), [
    { Key: "a", Value: 1 },
    { Key: "b", Value: [2] },
  ]);
  assert.deepEqual(await resolveItems(literal<Json>([1, "{% 1 + 1 %}"]), scopeOf({})), [1, 2]);
  await assert.rejects(resolveItems(path("$.l", "ItemsPath"), scopeOf({ l: 1 })), {
    name: "States.Runtime",
    cause: 'Reference path "$.l" must point to array.',
  });
  await assert.rejects(resolveItems(expression("1"), scopeOf({})), {
    name: "States.QueryEvaluationError",
  });
});

test("both languages have templates [Parameters, Arguments]", async () => {
  const scope = scopeOf({ a: 1 });
  assert.deepEqual(
    await evaluateTemplate("JSONPath", { "x.$": "$.a", y: "{% 1 %}" }, scope, "Parameters"),
    { x: 1, y: "{% 1 %}" },
  );
  assert.deepEqual(
    await evaluateTemplate("JSONata", { "x.$": "$.a", y: "{% 1 %}" }, scope, "Arguments"),
    { "x.$": "$.a", y: 1 },
  );
});

test("all expressions of an Assign see the variables as they were [Assign]", async () => {
  const scope = scopeOf({ n: 5 }, { variables: { x: 3, a: 6 } });
  const assigned = { x: "{% $a %}", nextX: "{% $x %}" };
  assert.deepEqual(await evaluateAssign("JSONata", assigned, scope, "Assign"), { x: 6, nextX: 3 });
  assert.deepEqual(
    await evaluateAssign("JSONPath", { "x.$": "$a", "n.$": "$.n", c: 1 }, scope, "Assign"),
    { x: 6, n: 5, c: 1 },
  );
});

test("a variable has 256 KiB at most, and so have all of one Assign [limit]", async () => {
  const text = "x".repeat(262_144 - 2);
  await evaluateAssign("JSONata", { a: text }, scopeOf({}), "Assign");
  await assert.rejects(evaluateAssign("JSONata", { a: `${text}x` }, scopeOf({}), "Assign"), {
    name: "States.QueryEvaluationError",
    location: "Assign/a",
  });
  await assert.rejects(evaluateAssign("JSONPath", { a: text, b: 1 }, scopeOf({}), "Assign"), {
    name: "States.Runtime",
  });
});
