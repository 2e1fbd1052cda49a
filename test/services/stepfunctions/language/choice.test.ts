import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseRule } from "../../../../src/services/stepfunctions/language/choice.ts";
import type { ChoiceState } from "../../../../src/services/stepfunctions/language/definition.ts";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import { parseDefinition } from "../../../../src/services/stepfunctions/language/parse.ts";
import { matchesWildcards } from "../../../../src/services/stepfunctions/language/string-matches.ts";
import { scopeOf } from "./scope.ts";

function choiceOf(choices: readonly object[], queryLanguage = "JSONPath"): ChoiceState {
  const { definition, diagnostics } = parseDefinition(
    JSON.stringify({
      StartAt: "C",
      QueryLanguage: queryLanguage,
      States: {
        C: {
          Type: "Choice",
          Choices: choices.map((rule) => ({ ...rule, Next: "S" })),
          Default: "S",
        },
        S: { Type: "Succeed" },
      },
    }),
  );
  assert.deepEqual(diagnostics, []);
  const state = definition?.states.get("C");
  assert.ok(state?.type === "Choice");
  return state;
}

const T1 = "2024-01-31T10:00:00Z";
const T2 = "2024-01-31T12:00:00+01:00";

const TESTS: readonly (readonly [rule: object, input: Json, expected: boolean])[] = [
  [{ Variable: "$", BooleanEquals: true }, true, true],
  [{ Variable: "$", BooleanEquals: true }, "true", false],
  [{ Variable: "$", NumericEquals: 1 }, 1, true],
  [{ Variable: "$", NumericEquals: 1 }, "1", false],
  [{ Variable: "$", NumericGreaterThan: 1 }, 1.5, true],
  [{ Variable: "$", NumericGreaterThan: 1 }, 1, false],
  [{ Variable: "$", NumericGreaterThanEquals: 1 }, 1, true],
  [{ Variable: "$", NumericLessThan: 1 }, 1, false],
  [{ Variable: "$", NumericLessThanEquals: 1 }, 1, true],
  [{ Variable: "$", StringEquals: "a" }, "a", true],
  [{ Variable: "$", StringEquals: "1" }, 1, false],
  [{ Variable: "$", StringGreaterThan: "a" }, "b", true],
  [{ Variable: "$", StringGreaterThanEquals: "b" }, "b", true],
  [{ Variable: "$", StringLessThan: "b" }, "B", true],
  [{ Variable: "$", StringLessThanEquals: "b" }, "c", false],
  [{ Variable: "$", StringMatches: "log-*.txt" }, "log-1.txt", true],
  [{ Variable: "$", TimestampEquals: T2 }, "2024-01-31T11:00:00Z", true],
  [{ Variable: "$", TimestampEquals: T2 }, "2024-01-31", false],
  [{ Variable: "$", TimestampGreaterThan: T1 }, T2, true],
  [{ Variable: "$", TimestampGreaterThanEquals: T1 }, T1, true],
  [{ Variable: "$", TimestampLessThan: T1 }, T1, false],
  [{ Variable: "$", TimestampLessThanEquals: T1 }, T1, true],
  [{ Variable: "$.a", NumericEqualsPath: "$.b" }, { a: 1, b: 1 }, true],
  [{ Variable: "$.a", NumericLessThanPath: "$.b" }, { a: 1, b: "2" }, false],
  [{ Variable: "$.a", StringEqualsPath: "$$.Execution.Name" }, { a: "e" }, true],
  [{ Variable: "$.a", BooleanEqualsPath: "$.b" }, { a: false, b: false }, true],
  [{ Variable: "$.a", TimestampLessThanPath: "$.b" }, { a: T1, b: T2 }, true],
  [{ Variable: "$", IsNull: true }, null, true],
  [{ Variable: "$", IsNull: false }, 0, true],
  [{ Variable: "$", IsNumeric: true }, 1, true],
  [{ Variable: "$", IsNumeric: true }, "1", false],
  [{ Variable: "$", IsString: true }, "", true],
  [{ Variable: "$", IsBoolean: false }, 0, true],
  [{ Variable: "$", IsTimestamp: true }, T1, true],
  [{ Variable: "$", IsTimestamp: true }, "2024-02-30T00:00:00Z", false],
  [{ Variable: "$.a", IsPresent: true }, { a: null }, true],
  [{ Variable: "$.a", IsPresent: true }, {}, false],
  [{ Variable: "$.a", IsPresent: false }, {}, true],
  [{ Not: { Variable: "$", NumericEquals: 1 } }, 2, true],
  [
    {
      And: [
        { Variable: "$", IsNumeric: true },
        { Variable: "$", NumericLessThan: 5 },
      ],
    },
    4,
    true,
  ],
  [
    {
      And: [
        { Variable: "$", IsNumeric: true },
        { Variable: "$", NumericLessThan: 5 },
      ],
    },
    5,
    false,
  ],
  [
    { Or: [{ Variable: "$", IsNull: true }, { Not: { Variable: "$", IsNumeric: true } }] },
    "x",
    true,
  ],
  [
    { Or: [{ Variable: "$", IsNull: true }, { Not: { Variable: "$", IsNumeric: true } }] },
    1,
    false,
  ],
  // The second condition is not looked at, or it would fail.
  [
    {
      And: [
        { Variable: "$.a", IsPresent: true },
        { Variable: "$.a", NumericEquals: 1 },
      ],
    },
    {},
    false,
  ],
];

for (const [rule, input, expected] of TESTS) {
  test(`${JSON.stringify(rule)} of ${JSON.stringify(input)} is ${expected} [Choice Rule]`, async () => {
    assert.equal(await chooseRule(choiceOf([rule]), scopeOf(input)), expected ? 0 : undefined);
  });
}

test("the first rule that holds is taken [Choice]", async () => {
  const state = choiceOf([1, 2, 2].map((value) => ({ Variable: "$", NumericEquals: value })));
  assert.equal(await chooseRule(state, scopeOf(2)), 1);
  assert.equal(await chooseRule(state, scopeOf(3)), undefined);
});

test("a path that finds nothing fails the state [States.Runtime]", async () => {
  const cause =
    "Invalid path '$.no': The choice state's condition path references an invalid value.";
  for (const rule of [
    { Variable: "$.no", NumericEquals: 1 },
    { Variable: "$.a", NumericEqualsPath: "$.no" },
  ]) {
    await assert.rejects(chooseRule(choiceOf([rule]), scopeOf({ a: 1 })), {
      name: "States.Runtime",
      cause,
    });
  }
});

test("a JSONata condition must give a boolean [Condition]", async () => {
  const state = choiceOf(
    [
      { Condition: false },
      { Condition: "{% $states.input.n > 1 %}" },
      { Condition: "{% $states.input.n %}" },
    ],
    "JSONata",
  );
  assert.equal(await chooseRule(state, scopeOf({ n: 2 })), 1);
  await assert.rejects(chooseRule(state, scopeOf({ n: 1 })), {
    name: "States.QueryEvaluationError",
    cause:
      "The JSONata expression '$states.input.n' specified for the field 'Choices[2]/Condition' returned an unexpected " +
      "result type. Expected 'boolean', but was 'number' for value: 1",
    location: "Choices[2]/Condition",
  });
});

for (const [text, pattern, expected] of [
  ["", "", true],
  ["", "*", true],
  ["abc", "abc", true],
  ["abc", "a*c", true],
  ["ac", "a*c", true],
  ["abcd", "a*c", false],
  ["aXbXc", "*X*c", true],
  ["a*c", "a\\*c", true],
  ["abc", "a\\*c", false],
  ["a\\c", "a\\\\c", true],
  ["aa", "a*a*a", false],
  ["zebra.log", "*.log", true],
  ["foo.logx", "*.log", false],
] as const) {
  test(`'${text}' ${expected ? "matches" : "does not match"} '${pattern}' [StringMatches]`, () => {
    assert.equal(matchesWildcards(text, pattern), expected);
  });
}

test("a pattern of many wildcards is no way to be slow [StringMatches]", () => {
  assert.equal(matchesWildcards("a".repeat(100_000), `${"*a".repeat(1_000)}*b`), false);
});
