import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import jsonata from "jsonata";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import {
  checkJsonata,
  evaluateJsonata,
  evaluateJsonataTemplate,
  isJsonataExpression,
  isMeantAsExpression,
  unsupportedReferences,
} from "../../../../src/services/stepfunctions/language/jsonata.ts";
import type { EvaluationScope } from "../../../../src/services/stepfunctions/language/scope.ts";
import { anyJson, NOW_MS, scopeOf, SEED } from "./scope.ts";

const INPUT = {
  a: 1,
  list: [3, 1, 2],
  items: [
    { n: "x", p: 2 },
    { n: "y", p: 5 },
  ],
  text: '{"k":[1]}',
};

function run(code: string, other: Partial<EvaluationScope> = {}): Promise<Json> {
  return evaluateJsonata(`{% ${code} %}`, scopeOf(INPUT, other), "Output");
}

const VALUES: readonly (readonly [code: string, expected: Json])[] = [
  ["$states.input.a + 1", 2],
  ["$states.context.Execution.Name", "e"],
  ["$sum($states.input.items.p)", 7],
  ["$states.input.items[p > 2].n", "y"],
  ["$states.input.items.n", ["x", "y"]],
  ["$states.input.list^($)", [1, 2, 3]],
  ["$counter + 1", 6],
  ["{'a': $states.input.none, 'b': null}", { b: null }],
  ["[$states.input.none]", []],
  ["$partition([1,2,3,4,5], 2)", [[1, 2], [3, 4], [5]]],
  ["$range(0, 10, 5)", [0, 5, 10]],
  ["$range(3, 1, -1)", [3, 2, 1]],
  ["$partition([1,2,3], 1.7)", [[1], [2], [3]]],
  ["$range(0.9, 3.9, 1.5)", [0, 1, 2, 3]],
  ["$hash('data', 'SHA-256')", createHash("sha256").update("data").digest("hex")],
  ["$random()", 0.5],
  // What `new java.util.Random(seed).nextDouble()` gives.
  ["$random(42)", 0.7275636800328681],
  ["$random(-5.5)", 0.2693905397415298],
  ["$random(7) = $random(7)", true],
  ["$random(7) = $random(8)", false],
  ["$uuid()", "9e1b7a5c-0d5e-4a3c-8f1e-3a2b1c0d9e8f"],
  ["$parse($states.input.text).k", [1]],
  ["$millis()", NOW_MS],
  ["$now()", "2026-01-02T03:04:05.678Z"],
  ["$now('[D01].[M01].[Y0001]')", "02.01.2026"],
  ["$count($shuffle([1..10]))", 10],
  ["$pad('a', 3) & $pad('b', -3, '-')", "a  --b"],
  ["($f := function($x) { $x * 2 }; $map($states.input.list, $f))", [6, 2, 4]],
  ["1/0", "Infinity"],
  ["{'k': [-1/0]}", { k: ["-Infinity"] }],
];

for (const [code, expected] of VALUES) {
  test(`${code} is ${JSON.stringify(expected)} [JSONata]`, async () => {
    assert.deepEqual(await run(code, { variables: { counter: 5 } }), expected);
  });
}

const FAILURES: readonly (readonly [code: string, ending: string])[] = [
  ["$states.input.none", " returned nothing (undefined)."],
  ["$none", " returned nothing (undefined)."],
  ["$states.result", " returned nothing (undefined)."],
  ["$states.input.constructor", " returned nothing (undefined)."],
  [
    "$states.input.a / 'x'",
    ` threw an error during evaluation. T2002: The right side of the "/" operator must evaluate to a number`,
  ],
  ["$eval('1')", " threw an error during evaluation. T1006: Attempted to invoke a non-function"],
  [
    "$sum('x')",
    ` threw an error during evaluation. T0412: Argument 1 of function "sum" must be an array of "num`,
  ],
  ["$error('no')", " threw an error during evaluation. D3137: no"],
  ["$sum", " threw an error during evaluation: the result is a function"],
  ["{'a': [function($x) { $x }]}", " threw an error during evaluation: the result is a function"],
  ["$parse('{')", " threw an error during evaluation: the argument of $parse is not JSON: "],
  [
    "$hash('a', 'CRC')",
    " threw an error during evaluation: the algorithm of $hash must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512",
  ],
  ["$range(1, 2, 0)", " threw an error during evaluation: the step of $range must not be 0"],
  [
    "$partition([1], 0)",
    " threw an error during evaluation: the chunk size of $partition must be a positive integer",
  ],
];

for (const [code, ending] of FAILURES) {
  test(`${code}${ending} [States.QueryEvaluationError]`, async () => {
    await assert.rejects(run(code), (error: { name: string; cause: string; location: string }) => {
      assert.equal(error.name, "States.QueryEvaluationError");
      const expected = `The JSONata expression '${code}' specified for the field 'Output'${ending}`;
      assert.equal(error.cause.slice(0, expected.length), expected);
      assert.equal(error.location, "Output");
      return true;
    });
  });
}

test("$states.result and $states.errorOutput are there when the scope has them [$states]", async () => {
  assert.equal(await run("$states.result.r", { result: { r: 1 } }), 1);
  assert.equal(await run("$states.errorOutput.Error", { errorOutput: { Error: "E" } }), "E");
});

const ENDLESS = {
  "endless recursion": "($f := function($n) { 1 + $f($n + 1) }; $f(0))",
  "a sum of 200 terms": Array.from({ length: 200 }, () => "1").join("+"),
  "an array of 900,000": "$count([1..900000])",
  "many long arrays": "$count($map([1..100000], function($i) { [1..100000] }))",
  "a text that doubles":
    "($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f('12345678', 40))",
  "padding without end": "$pad('a', 1000000000)",
  "a range without end": "$range(1, 1000000000, 1)",
};

for (const [name, code] of Object.entries(ENDLESS)) {
  test(`${name} ends in an error [limit]`, async () => {
    await assert.rejects(run(code), { name: "States.QueryEvaluationError" });
  });
}

test("a limit is told in the service's words [limit]", async () => {
  await assert.rejects(run("$count([1..900000])"), {
    cause:
      "The JSONata expression '$count([1..900000])' specified for the field 'Output' threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage",
  });
  await assert.rejects(run("($f := function($x){ 1 + $f($x) }; $f(1))"), {
    cause: /evaluation: Stack overflow error: Check for non-terminating recursive function\./,
  });
});

test("endless tail recursion ends in an error, and others have their turn meanwhile [limit]", async () => {
  const worker = new Worker(new URL("endless-expression.ts", import.meta.url));
  const [{ cause, turns }] = await once(worker, "message");
  await worker.terminate();
  assert.match(
    String(cause),
    /threw an error during evaluation: Expression evaluation timeout: Check for infinite loop$/,
  );
  assert.ok(turns > 10, `${turns} turns`);
});

test("a pattern that backtracks without end is answered at once [limit]", async () => {
  const subject = `${"a".repeat(60)}b`;
  assert.equal(await run(`$contains('${subject}', /^(a+)+$/)`), false);
  assert.equal(await run(`$contains('${subject}', /^(a+)+b$/)`), true);
});

test("values that are the same are distinct once, also when there are many [$distinct]", async () => {
  assert.deepEqual(await run("$distinct([{'a':1,'b':[2]},{'b':[2],'a':1},1,'1',1,null])"), [
    { a: 1, b: [2] },
    1,
    "1",
    null,
  ]);
  assert.equal(await run("$distinct($states.input.items.(1))"), 1);
  assert.equal(
    await run("$count($distinct($map([1..20000], function($i) { {'i': $i} })))"),
    20_000,
  );
});

test("evaluations of one expression side by side keep to their own scopes [JSONata]", async () => {
  const values = await Promise.all(
    [1, 2, 3].map((a) =>
      evaluateJsonata(
        "{% $states.input.a + $sum($map([1..10], function($x) { $v })) %}",
        scopeOf({ a }, { variables: { v: a } }),
        "Output",
      ),
    ),
  );
  assert.deepEqual(values, [11, 22, 33]);
});

test("a template has the values of its expressions, named by their places [JSONata]", async () => {
  const template = {
    plain: "x",
    a: "{%$states.input.a%}",
    b: [1, { c: "{% $states.input.list %}" }, null],
    "{% k %}": "{ % 1 % }",
  };
  assert.deepEqual(await evaluateJsonataTemplate(template, scopeOf(INPUT), "Output"), {
    plain: "x",
    a: 1,
    b: [1, { c: [3, 1, 2] }, null],
    "{% k %}": "{ % 1 % }",
  });
  for (const [wrong, location] of [
    [{ v: "{% $no %}" }, "Output/v"],
    [{ a: { b: "{% $no %}" } }, "Output/a/b"],
    [{ values: ["{% $no %}"] }, "Output/values[0]"],
    ["{% $no %}", "Output"],
  ] as const) {
    await assert.rejects(evaluateJsonataTemplate(wrong, scopeOf(INPUT), "Output"), {
      cause: `The JSONata expression '$no' specified for the field '${location}' returned nothing (undefined).`,
      location,
    });
  }
});

test("an expression is between {% and %} and nothing else [JSONata]", () => {
  for (const text of ["{% 1 %}", "{%1%}", "{%%}"])
    assert.equal(isJsonataExpression(text), true, text);
  for (const text of ["", "1", " {% 1 %}", "{% 1 %} ", "{%}", "{% 1"])
    assert.equal(isJsonataExpression(text), false, text);
});

test("syntax errors are told as the library tells them [INVALID_JSONATA_EXPRESSION]", () => {
  assert.equal(checkJsonata("{% 1 + 1 %}"), undefined);
  assert.equal(checkJsonata("{% 1 + %}"), "Unexpected end of expression");
  assert.equal(checkJsonata('{% "x %}'), "String literal must be terminated by a matching quote");
  assert.notEqual(checkJsonata("{%%}"), undefined);
});

test("an expression that is not opened or not closed is told [INVALID_JSONATA_EXPRESSION]", () => {
  for (const text of [" {% 1 %}", "{% 1 %} ", "{%}", "{% 1", "1 %}"]) {
    assert.equal(isMeantAsExpression(text), true, text);
    assert.match(checkJsonata(text) ?? "", /must start with '\{%' and end with '%\}'/, text);
  }
  for (const text of ["", "1", "a {% 1 %} b"]) assert.equal(isMeantAsExpression(text), false, text);
});

const REFERENCES: readonly (readonly [code: string, names: readonly string[]])[] = [
  ["phone", ["phone"]],
  ["phone.number", ["phone"]],
  ["$", ["$"]],
  ["$.a", ["$"]],
  ["$$.a", ["$$"]],
  ["*", ["*"]],
  ["**.a", ["**"]],
  ["$sum(a) + b", ["a", "b"]],
  ["$x[y = $z].w", []],
  ["$x.{'k': y, z: 1}", []],
  ["$x{k: v}", []],
  ["$x^(<y)", []],
  ["$map($x, function($v) { $v.a & b })", ["b"]],
  ["($a := c; $a.d)", ["c"]],
  ["c ? $a.d : e", ["c", "e"]],
  ["{ 'k': v }", ["v"]],
  ["[v, $w.v]", ["v"]],
  ["$x[$$.y]", ["$$"]],
  ["$states.errorOutput.Error", ["$states.errorOutput"]],
  ["$states.result[0].a", ["$states.result"]],
  ["$x ~> |a|{'b': c}|", []],
  ["$string(1) & 'text' & true & null & /re/", []],
];

for (const [code, names] of REFERENCES) {
  test(`${code} refers to [${names.join(", ")}] at the top level [UNSUPPORTED_JSONATA_EXPRESSION]`, () => {
    assert.deepEqual(unsupportedReferences(`{% ${code} %}`), names);
  });
}

const json = anyJson(3);
const leaf = fc.constantFrom(
  "$states.input",
  "$states.input.a",
  "$states.input.b",
  "$v",
  "1",
  "2.5",
  "'t'",
  "true",
  "null",
  "[1,2]",
);
const { code: randomCode } = fc.letrec<{ code: string }>((tie) => ({
  code: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc
      .tuple(
        tie("code"),
        fc.constantFrom("+", "-", "*", "&", "=", "!=", "<", "and", "or", "in"),
        tie("code"),
      )
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(
        fc.constantFrom(
          "$sum",
          "$count",
          "$string",
          "$boolean",
          "$keys",
          "$reverse",
          "$distinct",
          "$type",
          "$length",
        ),
        tie("code"),
      )
      .map(([f, a]) => `${f}(${a})`),
    fc.tuple(tie("code"), tie("code")).map(([a, b]) => `[${a}, ${b}]`),
    fc.tuple(tie("code"), tie("code")).map(([a, b]) => `{'x': ${a}, 'y': ${b}}`),
    fc
      .tuple(tie("code"), fc.constantFrom("a", "b", "*", "**"))
      .map(([a, name]) => `(${a}).${name}`),
    fc.tuple(tie("code"), fc.nat(2)).map(([a, index]) => `(${a})[${index}]`),
    fc.tuple(tie("code"), tie("code"), tie("code")).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    tie("code").map((a) => `$map(${a}, function($i) { [$i] })`),
  ),
}));

test(`expressions answer what the library answers (seed ${SEED}) [JSONata]`, async () => {
  let values = 0;
  const property = fc.asyncProperty(randomCode, json, json, json, async (code, a, b, v) => {
    const input = { a, b };
    let expected: string | undefined;
    try {
      expected = JSON.stringify(await jsonata(code).evaluate(undefined, { states: { input }, v }));
    } catch {
      expected = undefined;
    }
    const found = evaluateJsonata(`{% ${code} %}`, scopeOf(input, { variables: { v } }), "Output");
    if (expected === undefined)
      return assert.rejects(found, { name: "States.QueryEvaluationError" });
    values += 1;
    assert.equal(JSON.stringify(await found), expected);
  });
  await fc.assert(property, { seed: SEED, numRuns: 500 });
  assert.ok(values > 50, `${values} expressions had a value`);
});
