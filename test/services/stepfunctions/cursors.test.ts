import assert from "node:assert/strict";
import { test } from "node:test";
import { Cursors } from "../../../src/services/stepfunctions/distributed/cursor.ts";
import type { Reading } from "../../../src/services/stepfunctions/distributed/cursor.ts";

/** A map run of the numbers 0 to 5 that tells when its items are opened and closed. */
function numbers(uid: string, events: string[]): (position: number) => Reading {
  async function* open(): AsyncIterable<number> {
    events.push(`open ${uid}`);
    try {
      for (let value = 0; value < 6; value += 1) yield value;
    } finally {
      events.push(`close ${uid}`);
    }
  }
  return (position) => ({ uid, position, open });
}

test("a cursor that is read stays open, however many others are; the idle ones that waited longest are closed", async () => {
  const events: string[] = [];
  const cursors = new Cursors(1);
  const one = numbers("one", events);
  const two = numbers("two", events);
  const three = numbers("three", events);
  await cursors.read(one(0), async (cursor) => {
    assert.equal(await cursor.next(), 0);
    await cursors.read(two(0), (other) => other.next());
    await cursors.read(three(0), (other) => other.next());
    assert.equal(await cursor.next(), 1);
  });
  assert.deepEqual(events, ["open one", "open two", "open three", "close two", "close three"]);
  assert.equal(await cursors.read(one(2), (cursor) => cursor.next()), 2);
  assert.equal(await cursors.read(one(1), (cursor) => cursor.next()), 1);
  assert.deepEqual(events.slice(5), ["close one", "open one"]);
});

test("a cursor that failed or was closed is not read on: that is not the end of the items", async () => {
  const events: string[] = [];
  const cursors = new Cursors();
  const one = numbers("one", events);
  const failing = cursors.read(one(0), async (cursor) => {
    await cursor.next();
    await cursor.close();
    await cursor.next();
  });
  await assert.rejects(failing);
  assert.equal(await cursors.read(one(1), (cursor) => cursor.next()), 1);
  assert.deepEqual(events, ["open one", "close one", "open one"]);
});
