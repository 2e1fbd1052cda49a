import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  childKey,
  decodeKey,
  encodeKey,
  keyAfter,
  rangeBelow,
  rangeBetween,
  spaceOf,
} from "../../src/kernel/tuple.ts";
import type { Part } from "../../src/kernel/tuple.ts";
import { seeded } from "../seed.ts";

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
  fc.nat(),
  fc.maxSafeNat(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 128n }),
  fc.uint8Array({ maxLength: 12 }),
);
const text = fc.string({ unit: "binary" }).filter((each) => each.isWellFormed());

test("a key gives back its parts", () => {
  fc.assert(
    fc.property(fc.nat(65_535), fc.array(part, { maxLength: 5 }), (space, parts) => {
      const key = encodeKey(space, parts);
      assert.equal(spaceOf(key), space);
      assert.deepEqual(decodeKey(key), parts);
    }),
    seeded(),
  );
});

test("keys sort as their parts do: numbers by value, strings by UTF-8 bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.maxSafeNat(), text), { maxLength: 30 }), (tuples) => {
      const byKey = tuples.toSorted((a, b) => order(encodeKey(1, a), encodeKey(1, b)));
      const byParts = tuples.toSorted(
        (a, b) => a[0] - b[0] || Buffer.compare(Buffer.from(a[1]), Buffer.from(b[1])),
      );
      assert.deepEqual(byKey, byParts);
    }),
    seeded(),
  );
});

test("bigints and numbers share one order", () => {
  const values: Part[] = [0, 1, 255, 256, 2 ** 32, 2 ** 53 - 1, 2n ** 53n, 2n ** 64n, 2n ** 127n];
  const keys = values.map((value) => encodeKey(1, [value]));
  assert.deepEqual(keys.toSorted(order), keys);
  assert.equal(encodeKey(1, [5n]), encodeKey(1, [5]));
});

test("a prefix's range holds its children and nobody else's", () => {
  fc.assert(
    fc.property(text, text, part, (prefix, other, last) => {
      const { from, to } = rangeBelow(encodeKey(7, [prefix]));
      const inside = encodeKey(7, [prefix, last]);
      assert.ok(from <= inside && inside < to);
      const outside = encodeKey(7, [other, last]);
      if (other !== prefix) assert.ok(outside < from || outside >= to);
    }),
    seeded(),
  );
});

test("a range between two parts holds the first and not the end", () => {
  const prefix = encodeKey(7, ["queue"]);
  const { from, to } = rangeBetween(prefix, 10, 20);
  const isInside = (value: number): boolean => {
    const key = encodeKey(7, ["queue", value, "id"]);
    return from <= key && key < to;
  };
  assert.deepEqual([9, 10, 19, 20].map(isInside), [false, true, true, false]);
});

test("the key after a key has nothing in between", () => {
  const key = encodeKey(7, ["a"]);
  assert.ok(key < keyAfter(key));
  assert.ok(keyAfter(key) < childKey(key, 0));
});

test("negative and fractional numbers are refused", () => {
  assert.throws(() => encodeKey(1, [-1]), RangeError);
  assert.throws(() => encodeKey(1, [1.5]), RangeError);
  assert.throws(() => encodeKey(1, [-1n]), RangeError);
});

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
