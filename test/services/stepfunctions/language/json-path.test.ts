import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StatesError } from "../../../../src/services/stepfunctions/language/errors.ts";
import {
  applyPath,
  checkPath,
  findAny,
  findPath,
  selectPath,
} from "../../../../src/services/stepfunctions/language/json-path.ts";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import { checkReferencePath } from "../../../../src/services/stepfunctions/language/reference-path.ts";
import { anyJson, scopeOf, SEED } from "./scope.ts";

const STORE = {
  book: [
    { title: "Sayings", price: 8.95, tags: ["old"], isbn: null },
    { title: "Sword", price: 12.99, tags: [] },
    { title: "Moby", price: 8.99, isbn: "0-553", tags: ["old", "sea"] },
  ],
  bicycle: { color: "red", price: 19.95 },
  "a key": { "it's": 1 },
};

const SELECTED: readonly (readonly [path: string, expected: unknown])[] = [
  ["$", STORE],
  ["$.bicycle.color", "red"],
  ["$['bicycle']['color']", "red"],
  ['$["bicycle"].color', "red"],
  ["$['a key']['it\\'s']", 1],
  ["$.['a key'].['it\\'s']", 1],
  ["$.book[0].title", "Sayings"],
  ["$.book[-1].title", "Moby"],
  ["$.book[*].title", ["Sayings", "Sword", "Moby"]],
  ["$.book[0,2].title", ["Sayings", "Moby"]],
  ["$.book[1:].title", ["Sword", "Moby"]],
  ["$.book[:2].title", ["Sayings", "Sword"]],
  ["$.book[-2:].title", ["Sword", "Moby"]],
  ["$.book[5:].title", []],
  ["$.bicycle.*", ["red", 19.95]],
  ["$..price", [8.95, 12.99, 8.99, 19.95]],
  ["$..book[0].title", ["Sayings"]],
  ["$.bicycle['color','price']", { color: "red", price: 19.95 }],
  ["$.bicycle['color','none']", { color: "red" }],
  ["$.book[?(@.isbn)].title", ["Sayings", "Moby"]],
  ["$.book[?(!@.isbn)].title", ["Sword"]],
  ["$.book[?(@.isbn == null)].title", ["Sayings"]],
  ["$.book[?(@.price < 10)].title", ["Sayings", "Moby"]],
  ["$.book[?(@.price < 10 && @.title != 'Moby')].title", ["Sayings"]],
  ["$.book[?(@.price > 12 || (@.title == 'Moby'))].title", ["Sword", "Moby"]],
  ["$.book[?(@.price <= $.bicycle.price)].title", ["Sayings", "Sword", "Moby"]],
  ["$.book[?(@.title in ['Moby', 'Sword'])].title", ["Sword", "Moby"]],
  ["$.book[?(@.title nin ['Moby', 'Sword'])].title", ["Sayings"]],
  ["$.book[?(@.title =~ /S.*/)].title", ["Sayings", "Sword"]],
  ["$.book[?(@.title =~ /s.*/i)].title", ["Sayings", "Sword"]],
  ["$.book[?(@.title =~ /S/)].title", []],
  ["$.book[?(@.tags contains 'sea')].title", ["Moby"]],
  ["$.book[?(@.tags empty true)].title", ["Sword"]],
  ["$.book[?(@.tags size 2)].title", ["Moby"]],
  ["$.book[?(@.tags subsetof ['old'])].title", ["Sayings", "Sword"]],
  ["$.book[?(@.tags anyof ['sea'])].title", ["Moby"]],
  ["$.book[?(@.tags noneof ['sea'])].title", ["Sayings", "Sword"]],
  ["$.book[?(@.price == 'x')].title", []],
  ["$.book.length()", 3],
  ["$.book[*].price.sum()", 8.95 + 12.99 + 8.99],
  ["$.book[*].price.max()", 12.99],
  ["$.book.first().title", "Sayings"],
  ["$.bicycle.keys()", ["color", "price"]],
  ["$.book.index(1).title", "Sword"],
  ["$.max($.book[*].price)", 12.99],
  ["$.book[*].price.max(13, 2)", 13],
  ["$.length($.book)", 3],
  ["$.book[*].title.concat('-', 1, $.bicycle.color)", "SayingsSwordMoby-1red"],
  ["$.book[0].tags.append('new', $.bicycle.price)", ["old", "new", 19.95]],
  ["$.book[?(@.price == '8.95')].title", ["Sayings"]],
  ["$.book[?('8.95' == @.price)].title", ["Sayings"]],
  ["$.book[?('8.950' == @.price)].title", []],
  ["$.book[?(@.price in ['8.95'])].title", ["Sayings"]],
  ["$.book[?(@.price =~ /8.*/)].title", ["Sayings", "Moby"]],
  ["$.book[?(@.none == @.nothing)].title", []],
  ["$.book[?(@.none != @.nothing)].title", ["Sayings", "Sword", "Moby"]],
  ["$$.Execution.Id", "arn:e"],
  ["$$", { Execution: { Id: "arn:e", Name: "e" } }],
  ["$list[1]", 20],
  ["$list", [10, 20]],
];

for (const [path, expected] of SELECTED) {
  test(`${path} selects ${JSON.stringify(expected)} [JSONPath]`, () => {
    assert.deepEqual(findPath(path, scopeOf(STORE, { variables: { list: [10, 20] } })), expected);
  });
}

/** Names that need no brackets and quotes: each path finds the 1 in its input. */
const NAMES: readonly (readonly [path: string, input: Json])[] = [
  ["$.@timestamp", { "@timestamp": 1 }],
  ["$.xml:lang", { "xml:lang": 1 }],
  ["$.a=b", { "a=b": 1 }],
  ["$.a,b", { "a,b": 1 }],
  ["$.a*b", { "a*b": 1 }],
  ["$.&Ж中.\uD800\uDF46", { "&Ж中": { "\uD800\uDF46": 1 } }],
  ["$.store\\.book", { "store.book": 1 }],
  ["$.foo\\@bar.baz\\[\\[.\\?pretty", { "foo@bar": { "baz[[": { "?pretty": 1 } } }],
];

for (const [path, input] of NAMES) {
  test(`${path} is names without quotes [Reference Path]`, () => {
    assert.equal(checkReferencePath(path), undefined);
    assert.equal(findPath(path, scopeOf(input)), 1);
  });
}

test("names in filters and calls end where the path may [JSONPath]", () => {
  const list = [{ "@type": "x", "a:b": 1, is: true }, { "@type": "y" }];
  assert.deepEqual(findPath("$[?(@.@type=='x'&&@.a:b)].is", scopeOf(list)), [true]);
});

for (const [path, expected] of [
  ["$.none[*].x", []],
  ["$.none[0:2]", []],
  ["$.none[?(@.b)]", []],
  ["$.none[0,1]", []],
  ["$.bicycle.color[*].x", []],
  ["$.none.x", undefined],
  ["$.none.length()", undefined],
  ["$[1:]", undefined],
  ["$none[*]", undefined],
] as const) {
  test(`${path} selects ${JSON.stringify(expected)} for a template [JSONPath]`, () => {
    assert.deepEqual(findAny(path, scopeOf(STORE)), expected);
  });
}

for (const path of [
  "$.none",
  "$.book.title",
  "$.book[3]",
  "$.none[*]",
  "$.bicycle.color[0]",
  "$.bicycle[1:]",
  "$none",
  "$.constructor",
  "$.__proto__",
  "$.bicycle.sum()",
]) {
  test(`${path} finds nothing, which is an error and no empty list [JSONPath]`, () => {
    assert.equal(findPath(path, scopeOf(STORE)), undefined);
  });
}

for (const path of [
  "",
  "x",
  "$.",
  "$..",
  "$...a",
  "$.[",
  "$[",
  "$['a'",
  "$.a b",
  "$.a[b]",
  "$[?(@.a ==)]",
  "$[?(@.a",
  "$.a.exec()",
  "$.a.index()",
  "$.a.keys(1)",
  "$.a.append(1",
  `$.a.append(${"1,".repeat(100)}1)`,
  "$[?(/(/ =~ 1)]",
  "$[1:2:3]",
  "@.a",
  "$.a[?(" + "(".repeat(200),
]) {
  test(`${JSON.stringify(path.slice(0, 20))} is no path [JSONPath]`, () => {
    assert.notEqual(checkPath(path), undefined);
  });
}

test("a path that finds nothing tells path, field and input [States.Runtime]", () => {
  assert.throws(
    () => selectPath("$.x.y", scopeOf({ a: 1 }), "z.$"),
    new StatesError(
      "States.Runtime",
      `The JSONPath '$.x.y' specified for the field 'z.$' could not be found in the input '{"a":1}'`,
      "z.$",
    ),
  );
});

test("a pattern that backtracks without end is answered at once [limit]", () => {
  assert.deepEqual(findPath("$[?(@ =~ /(a+)+/)]", scopeOf([`${"a".repeat(60)}b`, "aa"])), ["aa"]);
});

test("paths that look at too many values end in an error [limit]", () => {
  const wide = Array.from({ length: 5_000 }, (_, value) => [value, value]);
  let deep: Json = 1;
  for (let depth = 0; depth < 300; depth += 1) deep = [deep];
  const cases: readonly (readonly [path: string, input: Json])[] = [
    ["$..*..*..*", deep],
    ["$[?(@ in $)]", wide],
    ["$[?($ == $)]", wide],
    ["$[?(@[0] == $..none)]", wide],
    ["$[?(@ subsetof $)]", wide],
  ];
  for (const [path, input] of cases) {
    const run = (): unknown => findPath(path, scopeOf(input));
    assert.throws(
      run,
      { name: "States.Runtime", cause: "The JSONPath looks at more than 5000000 values" },
      path,
    );
  }
  assert.equal(findPath("$..*.length()", scopeOf(wide)), 15_000);
});

test("null as InputPath gives an empty object [InputPath]", () => {
  assert.deepEqual(applyPath(null, scopeOf([1]), "InputPath"), {});
  assert.deepEqual(applyPath("$", scopeOf([1]), "InputPath"), [1]);
  assert.deepEqual(applyPath("$[0]", scopeOf([1]), "OutputPath"), 1);
});

/** Every place in a JSON value: its steps from the root and what is there. */
function* placesIn(
  value: Json,
  steps: readonly (string | number)[] = [],
): Generator<readonly [readonly (string | number)[], Json]> {
  yield [steps, value];
  if (typeof value !== "object" || value === null) return;
  const isArray = Array.isArray(value);
  for (const [name, child] of Object.entries(value))
    yield* placesIn(child, [...steps, isArray ? Number(name) : name]);
}

function written(step: string | number): string {
  return typeof step === "number" ? `[${step}]` : `['${step.replace(/['\\]/g, "\\$&")}']`;
}

const json = anyJson(4);

test(`the path to each place of a value selects what is there (seed ${SEED}) [JSONPath]`, () => {
  const property = fc.property(json, (value) => {
    for (const [steps, expected] of placesIn(value)) {
      assert.deepEqual(findPath(`$${steps.map(written).join("")}`, scopeOf(value)), expected);
    }
  });
  fc.assert(property, { seed: SEED, numRuns: 200 });
});

test(`wildcards, slices and descendants select what a plain walk finds (seed ${SEED}) [JSONPath]`, () => {
  const bound = fc.integer({ min: -4, max: 4 });
  const property = fc.property(json, fc.array(json), bound, bound, (value, list, from, to) => {
    const scope = scopeOf({ value, list });
    assert.deepEqual(findPath("$.list[*]", scope), list);
    assert.deepEqual(findPath(`$.list[${from}:${to}]`, scope), list.slice(from, to));
    const below = [...placesIn(value)].map(([, found]) => found);
    const children = below.flatMap((found) =>
      typeof found === "object" && found !== null ? Object.values(found) : [],
    );
    const found = findPath("$.value..*", scope);
    assert.ok(Array.isArray(found));
    assert.deepEqual(found.toSorted(byText), children.toSorted(byText));
  });
  fc.assert(property, { seed: SEED, numRuns: 200 });
});

function byText(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;
}

test(`any text is a path or has a problem, and a path never throws (seed ${SEED}) [JSONPath]`, () => {
  const piece = fc.constantFrom(
    "$",
    "$$",
    ".",
    "..",
    "[",
    "]",
    "*",
    "?",
    "(",
    ")",
    "@",
    "'a'",
    "a",
    "0",
    ":",
    ",",
    "&&",
    "==",
    "/x/",
    "-1",
    "!",
    " ",
  );
  const property = fc.property(fc.array(piece, { maxLength: 12 }), json, (pieces, value) => {
    const path = pieces.join("");
    if (checkPath(path) === undefined) findPath(path, scopeOf(value));
  });
  fc.assert(property, { seed: SEED, numRuns: 2_000 });
});
