import assert from "node:assert/strict";
import { test } from "node:test";
import { Positions, sentAtMsOf } from "../../../src/services/sqs/position.ts";

test("sequence numbers increase, whether time stands, goes on, or has no number left", () => {
  let nowMs = 1_000;
  const random = {
    bytes: (count: number) => new Uint8Array(count),
    uuid: () => "",
    fraction: () => 0,
  };
  const positions = new Positions(random, { steadyNow: () => nowMs });
  assert.equal(positions.sequence(), "00000000010000000000");
  assert.equal(positions.sequence(), "00000000010000000001");
  nowMs = 1_001;
  assert.equal(positions.sequence(), "00000000010010000000");
  nowMs = 1_000;
  assert.equal(positions.sequence(), "00000000010010000001");
  for (let count = 2; count < 10_000_000; count += 1) positions.sequence();
  assert.equal(positions.sequence(), "00000000010020000000");
  nowMs = 1_002;
  assert.equal(positions.sequence(), "00000000010020000001");
});

test("a position tells when its message was sent", () => {
  const random = { bytes: () => new Uint8Array(6), uuid: () => "", fraction: () => 0 };
  const positions = new Positions(random, { steadyNow: () => 0 });
  for (const sentAtMs of [0, 7, Date.UTC(2026, 0, 1), 9_999_999_999_999]) {
    assert.equal(sentAtMsOf(positions.next(sentAtMs)), sentAtMs);
  }
});
