import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import { evaluatePayloadTemplate } from "../../../../src/services/stepfunctions/language/payload-template.ts";
import { anyJson, scopeOf, SEED } from "./scope.ts";

test("fields ending in .$ get what their path or function gives, at any depth [Payload Template]", () => {
  const template = {
    flagged: true,
    parts: { "first.$": "$.vals[0]", "last3.$": "$.vals[-3:]" },
    list: [{ "id.$": "$$.Execution.Id" }, "$.vals"],
    "weekday.$": "States.Format('{}!', $.day)",
    "variable.$": "$v.a",
  };
  const scope = scopeOf({ vals: [0, 10, 20, 30], day: "MONDAY" }, { variables: { v: { a: 1 } } });
  assert.deepEqual(evaluatePayloadTemplate(template, scope), {
    flagged: true,
    parts: { first: 0, last3: [10, 20, 30] },
    list: [{ id: "arn:e" }, "$.vals"],
    weekday: "MONDAY!",
    variable: 1,
  });
});

test("a field that finds nothing fails by its full name [States.Runtime]", () => {
  assert.throws(() => evaluatePayloadTemplate({ a: { "b.$": "$.no" } }, scopeOf({})), {
    name: "States.Runtime",
    cause: "The JSONPath '$.no' specified for the field 'b.$' could not be found in the input '{}'",
  });
});

test("a path for many values gives none where their array is missing [Payload Template]", () => {
  const template = { "a.$": "$.none[*].x", "b.$": "$.none[0:2]" };
  assert.deepEqual(evaluatePayloadTemplate(template, scopeOf({})), { a: [], b: [] });
});

test("a field named __proto__ is a field like others [Payload Template]", () => {
  const template = JSON.parse('{"__proto__.$":"$","__proto__x":{"__proto__":1}}') as Json;
  assert.equal(
    JSON.stringify(evaluatePayloadTemplate(template, scopeOf(7))),
    '{"__proto__":7,"__proto__x":{"__proto__":1}}',
  );
});

test(`a template without .$ is its own value (seed ${SEED}) [Payload Template]`, () => {
  const json = anyJson(3);
  const property = fc.property(
    json.filter((value) => !JSON.stringify(value).includes(".$")),
    (template) => assert.deepEqual(evaluatePayloadTemplate(template, scopeOf({})), template),
  );
  fc.assert(property, { seed: SEED });
});
