import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeRecord, RecordMemo } from "../../src/kernel/record.ts";
import { encodeKey } from "../../src/kernel/tuple.ts";

interface Named {
  readonly name: string;
}

const KEY = encodeKey(1, ["a"]);

test("a record is decoded again only when its bytes change", () => {
  const memo = new RecordMemo<Named>(10);
  const first = memo.decode(KEY, encodeRecord({ name: "one" }));
  assert.deepEqual(first, { name: "one" });
  assert.equal(memo.decode(KEY, encodeRecord({ name: "one" })), first);
  assert.deepEqual(memo.decode(KEY, encodeRecord({ name: "two" })), { name: "two" });
});

test("what the caller does to its bytes afterwards changes nothing", () => {
  const memo = new RecordMemo<Named>(10);
  const value = encodeRecord({ name: "one" });
  memo.decode(KEY, value);
  value.fill(0x20);
  assert.deepEqual(memo.decode(KEY, encodeRecord({ name: "one" })), { name: "one" });
});

test("only the latest keys are kept", () => {
  const memo = new RecordMemo<Named>(2);
  const value = encodeRecord({ name: "same" });
  const first = memo.decode(encodeKey(1, [0]), value);
  for (const id of [1, 2]) memo.decode(encodeKey(1, [id]), value);
  assert.notEqual(memo.decode(encodeKey(1, [0]), value), first);
});
