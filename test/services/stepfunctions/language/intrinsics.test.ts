import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { StatesError } from "../../../../src/services/stepfunctions/language/errors.ts";
import {
  checkIntrinsic,
  evaluateIntrinsic,
} from "../../../../src/services/stepfunctions/language/intrinsics.ts";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import { anyJson, scopeOf, SEED } from "./scope.ts";

const INPUT = {
  list: [1, 2, 3, 3, 1, { a: [1] }, { a: [1] }],
  text: "Foo",
  json: '{"a":[1,null]}',
  left: { a: { a1: 1, a2: 2 }, b: 2 },
  right: { a: { a3: 1 }, c: 5 },
  split: "This.is+a,test=string",
  by: ".+,=",
};

const VALUES: readonly (readonly [call: string, expected: Json])[] = [
  ["States.Format('Hi {}, {} and {}', $.text, 2, null)", "Hi Foo, 2 and null"],
  ["States.Format('\\{\\} \\'{}\\' \\\\', $.left.b)", "{} '2' \\"],
  ["States.Format('no {')", "no {"],
  ["States.Format('{}', $.left)", '{"a":{"a1":1,"a2":2},"b":2}'],
  ["States.StringToJson($.json)", { a: [1, null] }],
  ["States.JsonToString($.right)", '{"a":{"a3":1},"c":5}'],
  ["States.Array()", []],
  ["States.Array('a', 1, true, null, $.text, States.Array())", ["a", 1, true, null, "Foo", []]],
  [
    "States.ArrayPartition($.list, 4)",
    [
      [1, 2, 3, 3],
      [1, { a: [1] }, { a: [1] }],
    ],
  ],
  ["States.ArrayContains($.list, 3)", true],
  ["States.ArrayContains($.list, '3')", false],
  ["States.ArrayContains($.list, $.list[5])", true],
  ["States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]],
  ["States.ArrayRange(5, 1, -2)", [5, 3, 1]],
  ["States.ArrayGetItem($.list, 5)", { a: [1] }],
  ["States.ArrayLength($.list)", 7],
  ["States.ArrayUnique($.list)", [1, 2, 3, { a: [1] }]],
  ["States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="],
  ["States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "Data to encode"],
  ["States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"],
  ["States.JsonMerge($.left, $.right, false)", { a: { a3: 1 }, b: 2, c: 5 }],
  ["States.MathRandom(1, 999)", 500],
  ["States.MathAdd(111, -1)", 110],
  ["States.MathAdd(1.4, 2.5)", 4],
  ["States.StringSplit('1,2,3,4,5', ',')", ["1", "2", "3", "4", "5"]],
  ["States.StringSplit($.split, $.by)", ["This", "is", "a", "test", "string"]],
  ["States.UUID()", "9e1b7a5c-0d5e-4a3c-8f1e-3a2b1c0d9e8f"],
  [
    "States.ArrayGetItem(States.StringSplit(States.Format('{}/{}', 'a', $$.Execution.Name), '/'), 1)",
    "e",
  ],
  ["  States.Array( 1 ,2 )  ".trim(), [1, 2]],
];

for (const [call, expected] of VALUES) {
  test(`${call} is ${JSON.stringify(expected)} [Intrinsics]`, () => {
    assert.deepEqual(evaluateIntrinsic(call, scopeOf(INPUT), "x.$"), expected);
    assert.equal(checkIntrinsic(call), undefined);
  });
}

const FAILURES: readonly (readonly [call: string, problem: RegExp])[] = [
  ["States.Format('{}')", /1 placeholders in the template, but 0 values/],
  ["States.Format('{}', 1, 2)", /1 placeholders in the template, but 2 values/],
  ["States.StringToJson('{')", /not a JSON string/],
  ["States.ArrayPartition($.list, 0)", /positive integer/],
  ["States.ArrayPartition($.text, 2)", /expected an array, but got "Foo"/],
  ["States.ArrayGetItem($.list, 7)", /The index 7 is out of bounds for an array of length 7/],
  ["States.ArrayRange(1, 2, 0)", /the step must not be 0/],
  ["States.ArrayRange(0, 1000, 1)", /at most 1000 elements, not 1001/],
  ["States.Base64Decode('*')", /not a Base64 string/],
  ["States.Hash('a', 'CRC')", /the algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512/],
  ["States.JsonMerge($.left, $.right, true)", /only a shallow merge/],
  ["States.JsonMerge($.left, 1, false)", /expected an object/],
  ["States.MathRandom(5, 5)", /must be less than/],
  ["States.MathAdd(2147483647, 1)", /not between -2147483648 and 2147483647/],
  ["States.MathAdd('1', 1)", /expected a number/],
  ["States.ArrayLength()", /Invalid number of arguments for States.ArrayLength: 0/],
  ["States.UUID(1)", /Invalid number of arguments/],
  ["States.JsonToString('a\\b')", /Invalid escape sequence '\\b'/],
  ["States.Format('\\n')", /Invalid escape sequence '\\n'/],
];

for (const [call, problem] of FAILURES) {
  test(`${call} fails [States.IntrinsicFailure]`, () => {
    assert.throws(
      () => evaluateIntrinsic(call, scopeOf(INPUT), "x.$"),
      (error) => {
        assert.ok(error instanceof StatesError);
        assert.equal(error.name, "States.IntrinsicFailure");
        assert.ok(error.cause.startsWith(`The function '${call}' had the following error: `));
        assert.match(error.cause, problem);
        return true;
      },
    );
  });
}

test("a template from a path is data, with its backslashes [States.Format]", () => {
  const scope = scopeOf({ t: "C:\\dir\\{} \\\\", v: 1 });
  assert.equal(evaluateIntrinsic("States.Format($.t, $.v)", scope, "x.$"), "C:\\dir\\1 \\\\");
});

test("a path for many values finds none among the arguments where their array is missing [JSONPath]", () => {
  assert.equal(evaluateIntrinsic("States.ArrayLength($.none[*])", scopeOf({}), "x.$"), 0);
});

test("a path among the arguments that finds nothing is told [States.Runtime]", () => {
  assert.throws(() => evaluateIntrinsic("States.Array($.no)", scopeOf({ a: 1 }), "x.$"), {
    name: "States.Runtime",
    cause: `The function 'States.Array($.no)' had the following error: The JsonPath argument for the field '$.no' could not be found in the input '{"a":1}'`,
  });
});

test("texts of 10,000 characters are the longest for Base64 and Hash [limit]", () => {
  const run = (call: string, length: number): Json =>
    evaluateIntrinsic(call, scopeOf({ t: "a".repeat(length) }), "x.$");
  for (const call of [
    "States.Base64Encode($.t)",
    "States.Base64Decode($.t)",
    "States.Hash($.t, 'MD5')",
  ]) {
    run(call, 10_000);
    assert.throws(() => run(call, 10_001), { name: "States.IntrinsicFailure" });
  }
});

test("calls nest ten deep and no deeper [limit]", () => {
  const nested = (depth: number): string =>
    depth === 1 ? "States.UUID()" : `States.Array(${nested(depth - 1)})`;
  assert.equal(checkIntrinsic(nested(10)), undefined);
  assert.match(checkIntrinsic(nested(11)) ?? "", /nested deeper than 10 levels/);
});

for (const text of [
  "States.Nope()",
  "States.Array(",
  "States.Array(1",
  "States.Array('a)",
  "States.Array(1 2)",
  "States.Array(a)",
  "States.Array(1) x",
  "States.Format",
  "States.Array($.a[)",
  "States.Hash('a')",
  "States.UUID(1)",
]) {
  test(`${text} is no call [Intrinsics]`, () => {
    assert.notEqual(checkIntrinsic(text), undefined);
  });
}

test("a seed gives what java.util.Random makes of it [States.MathRandom]", () => {
  // `start + new java.util.Random(seed).nextInt(end - start)`; the second is a power of two, the last drawn twice.
  for (const [call, expected] of [
    ["1, 999, 7", 853],
    ["-5, 11, 42", 6],
    ["0, 1610612737, 99", 1551465787],
  ] as const) {
    assert.equal(evaluateIntrinsic(`States.MathRandom(${call})`, scopeOf({}), "x.$"), expected);
  }
});

test("a seed gives the same number each time, in the range [States.MathRandom]", () => {
  const run = (seed: number): Json =>
    evaluateIntrinsic(`States.MathRandom(1, 1000, ${seed})`, scopeOf({}), "x.$");
  const numbers = Array.from({ length: 200 }, (_, seed) => run(seed));
  assert.deepEqual(
    Array.from({ length: 200 }, (_, seed) => run(seed)),
    numbers,
  );
  assert.ok(numbers.every((number) => typeof number === "number" && number >= 1 && number < 1000));
  assert.ok(new Set(numbers).size > 150);
});

const json = anyJson(3);
const call = (text: string, input: Json): Json => evaluateIntrinsic(text, scopeOf(input), "x.$");

test(`functions undo each other, or do what plain code does (seed ${SEED}) [Intrinsics]`, () => {
  const property = fc.property(
    fc.array(json),
    json,
    fc.string(),
    fc.integer({ min: 1, max: 9 }),
    (list, item, text, size) => {
      const input = { list, item, text };
      assert.deepEqual(call("States.StringToJson(States.JsonToString($.item))", input), item);
      assert.equal(
        call("States.Base64Decode(States.Base64Encode($.text))", input),
        text.toWellFormed(),
      );
      assert.deepEqual(
        (call(`States.ArrayPartition($.list, ${size})`, input) as Json[][]).flat(1),
        list,
      );
      assert.equal(call("States.ArrayLength($.list)", input), list.length);
      assert.equal(call("States.ArrayContains(States.Array($.text, $.item), $.item)", input), true);
      assert.equal(call("States.Format('{}{}', $.text, $.text)", input), text + text);
      const hash = createHash("sha256").update(text, "utf8").digest("hex");
      assert.equal(call("States.Hash($.text, 'SHA-256')", input), hash);
    },
  );
  fc.assert(property, { seed: SEED, numRuns: 200 });
});

test(`a unique list has each value once, where it is first (seed ${SEED}) [States.ArrayUnique]`, () => {
  const few = fc.array(
    fc.oneof(
      fc.constantFrom(0, 1, "1", true, null),
      fc.dictionary(fc.constantFrom("a", "b"), fc.nat(1), { noNullPrototype: true }),
    ),
  );
  const property = fc.property(few, (list) => {
    const expected = list.filter(
      (item, at) => list.findIndex((other) => isDeepStrictEqual(other, item)) === at,
    );
    assert.deepEqual(call("States.ArrayUnique($)", list), expected);
  });
  fc.assert(property, { seed: SEED });
});

test(`any text in single quotes with its escapes is itself (seed ${SEED}) [Intrinsics]`, () => {
  const property = fc.property(fc.string(), (text) => {
    const written = `'${text.replace(/['\\{}]/g, "\\$&")}'`;
    assert.deepEqual(call(`States.Array(${written})`, {}), [text]);
    assert.equal(call(`States.Format(${written})`, {}), text);
  });
  fc.assert(property, { seed: SEED });
});
