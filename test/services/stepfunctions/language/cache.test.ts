import assert from "node:assert/strict";
import { test } from "node:test";
import { remembering } from "../../../../src/services/stepfunctions/language/cache.ts";

test("what was made last is remembered, as much as there is room for [limit]", () => {
  const made: string[] = [];
  const lengthOf = remembering(2_000, (text) => {
    made.push(text);
    return { length: text.length };
  });
  for (const text of ["a", "b", "c", "a", "c"]) assert.deepEqual(lengthOf(text), { length: 1 });
  assert.deepEqual(made, ["a", "b", "c"]);
  // There is room for three: the oldest goes.
  lengthOf("d");
  lengthOf("b");
  lengthOf("a");
  assert.deepEqual(made, ["a", "b", "c", "d", "a"]);
  const long = "l".repeat(201);
  lengthOf(long);
  lengthOf(long);
  assert.deepEqual(made.slice(5), [long, long]);
});
