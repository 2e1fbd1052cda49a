import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Dialect } from "../../../src/kernel/matching/conditions.ts";
import { PatternError } from "../../../src/kernel/matching/errors.ts";
import {
  compilePattern,
  matchesPattern,
  MAX_PATTERN_DEPTH,
} from "../../../src/kernel/matching/pattern.ts";
import { seeded } from "../../seed.ts";
import { referenceMatches } from "./reference.ts";

const DIALECT: Dialect = {
  nesting: "nested",
  largestNumber: 1e9,
  decimals: 5,
  existing: "any",
};

function matches(pattern: unknown, value: unknown): boolean {
  return matchesPattern(compilePattern(pattern, DIALECT), value);
}

test("a dialect can take null and the empty text for nothing [exists]", () => {
  const compiled = compilePattern({ a: [{ exists: true }] }, { ...DIALECT, existing: "full" });
  for (const a of [0, false, "x", [null, "x"]]) assert.ok(matchesPattern(compiled, { a }));
  for (const a of [null, "", [], [null, ""]]) assert.ok(!matchesPattern(compiled, { a }));
  const orNull = { a: [{ exists: true }, null] };
  assert.ok(matchesPattern(compilePattern(orNull, { ...DIALECT, existing: "full" }), { a: null }));
});

/** Pattern, a value that fits, a value that does not. */
const CASES: readonly [name: string, pattern: unknown, fits: unknown, refused: unknown][] = [
  ["exact string", { a: ["x", "y"] }, { a: "y" }, { a: "Y" }],
  ["exact number is no string", { a: [100] }, { a: 100 }, { a: "100" }],
  ["numbers alike in five decimals", { a: [0.123456] }, { a: 0.123457 }, { a: 0.1234 }],
  ["true, false and null", { a: [true, null] }, { a: null }, { a: false }],
  ["any element of a list", { a: ["x"] }, { a: ["y", "x"] }, { a: ["y"] }],
  ["every key", { a: ["x"], b: ["y"] }, { a: "x", b: "y" }, { a: "x" }],
  ["prefix", { a: [{ prefix: "ab" }] }, { a: "abc" }, { a: "cab" }],
  ["suffix", { a: [{ suffix: "ab" }] }, { a: "cab" }, { a: "abc" }],
  [
    "prefix in any case",
    { a: [{ prefix: { "equals-ignore-case": "AB" } }] },
    { a: "abc" },
    { a: "c" },
  ],
  ["equals-ignore-case", { a: [{ "equals-ignore-case": "ÄB" }] }, { a: "äb" }, { a: "ä" }],
  ["wildcard", { a: [{ wildcard: "a*b*c" }] }, { a: "a--b--c" }, { a: "acb" }],
  [
    "wildcard does not use a letter twice",
    { a: [{ wildcard: "ab*ba" }] },
    { a: "abba" },
    { a: "aba" },
  ],
  ["escaped wildcard", { a: [{ wildcard: "a\\*\\\\*" }] }, { a: "a*\\b" }, { a: "ab\\b" }],
  ["anything-but", { a: [{ "anything-but": ["x", "y"] }] }, { a: "z" }, { a: "x" }],
  [
    "anything-but one element of a list",
    { a: [{ "anything-but": ["x"] }] },
    { a: ["x", "z"] },
    { a: ["x"] },
  ],
  ["anything-but needs the key", { a: [{ "anything-but": ["x"] }] }, { a: "z" }, {}],
  ["anything-but number", { a: [{ "anything-but": 5 }] }, { a: 6 }, { a: 5 }],
  ["anything-but prefix", { a: [{ "anything-but": { prefix: "x" } }] }, { a: "yx" }, { a: "xy" }],
  [
    "anything-but suffixes",
    { a: [{ "anything-but": { suffix: ["x", "y"] } }] },
    { a: "xz" },
    { a: "zy" },
  ],
  [
    "anything-but wildcard",
    { a: [{ "anything-but": { wildcard: "*x*" } }] },
    { a: "y" },
    { a: "yxy" },
  ],
  [
    "anything-but ignoring case",
    { a: [{ "anything-but": { "equals-ignore-case": ["X"] } }] },
    { a: "y" },
    { a: "x" },
  ],
  ["numeric =", { a: [{ numeric: ["=", 5] }] }, { a: 5.000001 }, { a: 5.1 }],
  ["numeric range", { a: [{ numeric: [">", 0, "<=", 10] }] }, { a: 10 }, { a: 0 }],
  ["numeric takes no strings", { a: [{ numeric: [">=", 1] }] }, { a: 1 }, { a: "1" }],
  ["exists", { a: [{ exists: true }] }, { a: null }, { b: 1 }],
  ["exists false", { a: [{ exists: false }] }, { b: 1 }, { a: null }],
  ["exists looks at leaves", { a: [{ exists: false }] }, { a: { b: 1 } }, { a: 1 }],
  ["an empty list has no values", { a: [{ exists: false }] }, { a: [] }, { a: [1] }],
  ["cidr", { a: [{ cidr: "10.0.0.0/24" }] }, { a: "10.0.0.255" }, { a: "10.0.1.0" }],
  ["cidr of IPv6", { a: [{ cidr: "2001:db8::/32" }] }, { a: "2001:db8:1::1" }, { a: "2001:db9::" }],
  ["cidr of what is no address", { a: [{ cidr: "0.0.0.0/0" }] }, { a: "1.2.3.4" }, { a: "host" }],
  ["nested keys", { a: { b: ["x"] } }, { a: { b: "x" } }, { a: "x" }],
  [
    "one element fits all keys",
    { a: { b: [1], c: [2] } },
    { a: [{ b: 0 }, { b: 1, c: 2 }] },
    { a: [{ b: 1 }, { c: 2 }] },
  ],
  ["absence below what is absent", { a: { b: [{ exists: false }] } }, {}, { a: { b: 1 } }],
  ["$or", { $or: [{ a: [1] }, { b: [2] }] }, { b: 2 }, { a: 2, b: 1 }],
  ["$or beside keys", { c: [3], $or: [{ a: [1] }, { b: [2] }] }, { a: 1, c: 3 }, { a: 1 }],
  ["$or in $or", { $or: [{ a: [1] }, { $or: [{ b: [1] }, { c: [1] }] }] }, { c: 1 }, { d: 1 }],
  ["$or of one is a key", { $or: ["x"] }, { $or: "x" }, { a: "x" }],
  ["keys of the prototype", { constructor: [{ exists: false }] }, {}, { constructor: 1 }],
  ["a list of objects at the top", { a: [1] }, [{ b: 1 }, { a: 1 }], [{ b: 1 }]],
];

for (const [name, pattern, fits, refused] of CASES) {
  test(`pattern: ${name}`, () => {
    assert.equal(matches(pattern, fits), true, `fits ${JSON.stringify(fits)}`);
    assert.equal(matches(pattern, refused), false, `refused ${JSON.stringify(refused)}`);
  });
}

const REFUSED: readonly [pattern: unknown, why: RegExp][] = [
  [[], /Filter is not an object/],
  [{ a: "x" }, /"a" must be an object or an array/],
  [{ a: [] }, /Empty arrays are not allowed/],
  [{ a: {} }, /Empty objects are not allowed/],
  [{ a: [["x"]] }, /Match value must be String, number, true, false, or null/],
  [{ a: [{ like: "x" }] }, /Unrecognized match type like/],
  [{ a: [{ toString: "x" }] }, /Unrecognized match type toString/],
  [{ a: [{ prefix: "x", suffix: "y" }] }, /Only one key allowed in match expression/],
  [{ a: [{ prefix: 5 }] }, /prefix match pattern must be a string/],
  [{ a: [{ exists: "true" }] }, /exists match pattern must be either true or false\./],
  [{ a: [{ numeric: 5 }] }, /Value of numeric must be an array\./],
  [{ a: [{ numeric: ["!", 5] }] }, /Unrecognized numeric range operator: !/],
  [{ a: [{ numeric: ["=", "5"] }] }, /Value of equals must be numeric/],
  [{ a: [{ numeric: [">", 5, "<", 5] }] }, /Bottom must be less than top/],
  [{ a: [{ numeric: ["<", 5, ">", 1] }] }, /Too many elements in numeric expression/],
  [{ a: [{ numeric: [">", 1, "<", 2, "<", 3] }] }, /Too many terms in numeric range/],
  [{ a: [2e9] }, /Value must be between -1000000000 and 1000000000, inclusive/],
  [{ a: [{ cidr: "10.0.0.0/33" }] }, /Malformed CIDR/],
  [{ a: [{ cidr: "10.0.0.0/-1" }] }, /Malformed CIDR/],
  [{ a: [{ wildcard: "a**b" }] }, /Consecutive wildcard characters at pos 1/],
  [{ a: [{ wildcard: "a\\b" }] }, /Invalid escape character at pos 1/],
  [{ a: [{ "anything-but": { numeric: ["=", 1] } }] }, /Unsupported anything-but pattern: numeric/],
  [{ a: [{ "anything-but": [true] }] }, /Inside anything-but list/],
];

for (const [pattern, why] of REFUSED) {
  test(`pattern refused: ${JSON.stringify(pattern)}`, () => {
    assert.throws(
      () => compilePattern(pattern, DIALECT),
      (error) => {
        assert.ok(error instanceof PatternError);
        assert.match(error.message, why);
        return true;
      },
    );
  });
}

test("a flat dialect refuses nesting", () => {
  const flat: Dialect = { ...DIALECT, nesting: "flat" };
  assert.throws(() => compilePattern({ a: { b: [1] } }, flat), { fault: "nesting" });
});

test("nesting of patterns and of values is bounded", () => {
  let pattern: unknown = ["x"];
  for (let depth = 0; depth <= MAX_PATTERN_DEPTH; depth += 1) pattern = { a: pattern };
  assert.throws(() => compilePattern(pattern, DIALECT), /nested too deeply/);
  const deep: unknown = JSON.parse(`${"[".repeat(50_000)}1${"]".repeat(50_000)}`);
  assert.equal(matches({ a: [1] }, { a: deep }), false);
});

const keyArbitrary = fc.constantFrom("a", "b", "$or");
const scalarArbitrary = fc.constantFrom<unknown>(
  "",
  "a",
  "ab",
  "AB",
  "ba",
  1,
  1.5,
  -2,
  true,
  null,
  "10.0.0.1",
);
const valueArbitrary = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { arbitrary: scalarArbitrary, weight: 3 },
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(keyArbitrary, tie("value"), { maxKeys: 2 }),
  ),
})).value;

const textArbitrary = fc.constantFrom("a", "ab", "b", "B");
const conditionArbitrary = fc.oneof(
  scalarArbitrary,
  fc.record({ prefix: textArbitrary }),
  fc.record({ suffix: textArbitrary }),
  fc.record({ "equals-ignore-case": textArbitrary }),
  fc.record({ wildcard: fc.constantFrom("*", "a*", "*a", "a*a", "*b*") }),
  fc.record({ exists: fc.boolean() }),
  fc.record({
    "anything-but": fc.oneof(textArbitrary, fc.array(fc.constantFrom("a", 1), { minLength: 1 })),
  }),
  fc.record({ "anything-but": fc.record({ prefix: textArbitrary }) }),
  fc.record({
    numeric: fc.tuple(fc.constantFrom(">", ">=", "=", "<"), fc.constantFrom(-2, 0, 1.5)),
  }),
  fc.record({ cidr: fc.constantFrom("10.0.0.0/31", "10.0.0.0/32", "0.0.0.0/0") }),
);
const patternArbitrary = fc.letrec<{ pattern: Record<string, unknown> }>((tie) => ({
  pattern: fc.dictionary(
    fc.constantFrom("a", "b"),
    fc.oneof(
      { maxDepth: 3 },
      fc.array(conditionArbitrary, { minLength: 1, maxLength: 3 }),
      tie("pattern").filter((pattern) => Object.keys(pattern).length > 0),
    ),
    { minKeys: 1, maxKeys: 2 },
  ),
})).pattern;

test("a compiled pattern agrees with a plain reading of it", () => {
  const withChoices = fc
    .tuple(patternArbitrary, fc.array(patternArbitrary, { maxLength: 3 }))
    .map(([pattern, alternatives]) =>
      alternatives.length < 2 ? pattern : { ...pattern, $or: alternatives },
    );
  fc.assert(
    fc.property(withChoices, valueArbitrary, (pattern, value) => {
      assert.equal(matches(pattern, value), referenceMatches(pattern, value));
    }),
    seeded(3_000),
  );
});

test("whatever JSON a pattern is, it compiles or is refused with a reason", () => {
  const hostile = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(
      fc.constantFrom("a", "$or"),
      fc.array(
        fc.dictionary(
          fc.constantFrom(
            "prefix",
            "numeric",
            "cidr",
            "wildcard",
            "anything-but",
            "exists",
            "__proto__",
          ),
          fc.jsonValue(),
        ),
      ),
    ),
  );
  fc.assert(
    fc.property(hostile, fc.jsonValue(), (json, value) => {
      try {
        assert.equal(typeof matches(json, value), "boolean");
      } catch (error) {
        assert.ok(error instanceof PatternError, String(error));
      }
    }),
    seeded(2_000),
  );
});
