import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom } from "../src/random.ts";

test("identifiers are version 4 UUIDs, and none comes twice [RFC 9562, 5.4]", () => {
  const random = systemRandom();
  const ids = Array.from({ length: 10_000 }, () => random.uuid());
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) {
    assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  }
});

test("bytes are as many as asked, and stay as they are", () => {
  const random = systemRandom();
  const first = random.bytes(16);
  const copy = Uint8Array.from(first);
  for (let round = 0; round < 2_000; round += 1) random.bytes(7);
  assert.deepEqual(first, copy);
  assert.equal(random.bytes(0).length, 0);
  assert.equal(random.bytes(20_000).length, 20_000);
  assert.notDeepEqual(random.bytes(16), random.bytes(16));
});

test("fractions are spread from 0 up to 1", () => {
  const random = systemRandom();
  const fractions = Array.from({ length: 10_000 }, () => random.fraction());
  assert.ok(fractions.every((value) => value >= 0 && value < 1));
  const mean = fractions.reduce((sum, value) => sum + value, 0) / fractions.length;
  assert.ok(Math.abs(mean - 0.5) < 0.05);
});
