import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { encodeKey } from "../../src/kernel/tuple.ts";
import type { Key } from "../../src/kernel/tuple.ts";
import { KeyIntervals } from "../../src/stores/key-intervals.ts";
import { SortedMap } from "../../src/stores/sorted-map.ts";

const seed = randomInt(2 ** 31);
const KEYS = Array.from({ length: 2_000 }, (_, number) => encodeKey(7, [number]));
const number = fc.nat(KEYS.length - 1);

test(`a sorted map does what a map does, in order (seed ${seed})`, () => {
  // Runs of keys, up or down, so that chunks fill, split and empty.
  const run = fc.record({
    from: number,
    count: fc.integer({ min: 1, max: 700 }),
    step: fc.constantFrom(1, -1, 7),
    remove: fc.boolean(),
  });
  const property = fc.property(fc.array(run, { maxLength: 12 }), number, (runs, probe) => {
    const map = new SortedMap<number>();
    const model = new Map<number, number>();
    for (const [index, { from, count, step, remove }] of runs.entries()) {
      for (let done = 0; done < count; done += 1) {
        const at = (from + done * step + KEYS.length * 7) % KEYS.length;
        const before = remove ? map.delete(keyAt(at)) : map.set(keyAt(at), index);
        assert.equal(before, model.get(at));
        if (remove) model.delete(at);
        else model.set(at, index);
      }
    }
    assert.equal(map.size, model.size);
    const expected = [...model].toSorted(([a], [b]) => a - b);
    for (const [at, value] of expected) assert.equal(map.get(keyAt(at)), value);
    assert.equal(map.get(keyAt(probe)), model.get(probe));
    const up = walk(map.ascendFrom(keyAt(probe)));
    assert.deepEqual(
      up,
      expected.filter(([at]) => at >= probe).map(([at]) => keyAt(at)),
    );
    const down = walk(map.descendFrom(keyAt(probe)));
    const below = expected.filter(([at]) => at < probe).map(([at]) => keyAt(at));
    assert.deepEqual(down, below.toReversed());
  });
  fc.assert(property, { seed, numRuns: 100 });
});

test(`intervals hold what was added to them (seed ${seed})`, () => {
  const interval = fc.tuple(fc.nat(60), fc.nat(60));
  const property = fc.property(fc.array(interval, { maxLength: 20 }), (added) => {
    const intervals = new KeyIntervals();
    for (const [start, end] of added) intervals.add(keyAt(start), keyAt(end));
    const holds = (at: number): boolean => added.some(([from, to]) => from <= at && at < to);
    for (let at = 0; at <= 60; at += 1) {
      let end = at;
      while (holds(end)) end += 1;
      assert.equal(intervals.endAround(keyAt(at)), end === at ? undefined : keyAt(end));
    }
  });
  fc.assert(property, { seed, numRuns: 200 });
});

function keyAt(at: number): Key {
  const key = KEYS[at];
  assert.ok(key !== undefined);
  return key;
}

function walk(cursor: { readonly key: Key | undefined; next(): void }): Key[] {
  const keys: Key[] = [];
  for (; cursor.key !== undefined; cursor.next()) keys.push(cursor.key);
  return keys;
}
