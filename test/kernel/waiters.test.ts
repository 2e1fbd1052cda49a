import assert from "node:assert/strict";
import { test } from "node:test";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import { WAKE_ALL } from "../../src/kernel/store.ts";
import { Waiters } from "../../src/kernel/waiters.ts";

const DEADLINE_MS = 10_000;

function room(): { clock: AdjustableClock; waiters: Waiters } {
  const clock = new AdjustableClock({ frozenAtMs: 0 });
  return { clock, waiters: new Waiters(clock) };
}

test("a wake-up reaches as many waiters as it says, longest waiting first", async () => {
  const { clock, waiters } = room();
  const woken: number[] = [];
  const waits = [0, 1, 2, 3].map(async (index) => {
    using waiter = waiters.enter("queue");
    if ((await waiter.woken(DEADLINE_MS)) === "woken") woken.push(index);
  });
  waiters.wake({ topic: "queue", count: 2 });
  waiters.wake({ topic: "other", count: 9 });
  await clock.advance(DEADLINE_MS);
  await Promise.all(waits);
  assert.deepEqual(woken, [0, 1]);
  assert.equal(waiters.waiting("queue"), 0);
});

test("a wake-up that comes while a waiter looks is not lost", async () => {
  const { waiters } = room();
  using waiter = waiters.enter("queue");
  waiters.wake({ topic: "queue" });
  assert.equal(await waiter.woken(DEADLINE_MS), "woken");
});

test("a waiter that leaves without using its wake-up passes it on", async () => {
  const { waiters } = room();
  const first = waiters.enter("queue");
  using second = waiters.enter("queue");
  waiters.wake({ topic: "queue" });
  first[Symbol.dispose]();
  assert.equal(await second.woken(DEADLINE_MS), "woken");
});

test("a wait ends at its deadline on the clock, and at once when that is over", async () => {
  const { clock, waiters } = room();
  using waiter = waiters.enter("queue");
  const wait = waiter.woken(500);
  await clock.advance(500);
  assert.equal(await wait, "timeout");
  assert.equal(await waiter.woken(500), "timeout");
});

test("an aborted wait ends", async () => {
  const { waiters } = room();
  using waiter = waiters.enter("queue");
  const abort = new AbortController();
  const wait = waiter.woken(DEADLINE_MS, abort.signal);
  abort.abort();
  assert.equal(await wait, "aborted");
  assert.equal(await waiter.woken(DEADLINE_MS, abort.signal), "aborted");
});

test("a wake-up for later comes when the clock is there, the earliest first", async () => {
  const { clock, waiters } = room();
  using waiter = waiters.enter("queue");
  waiters.wake({ topic: "queue", atMs: 3_000 });
  waiters.wake({ topic: "queue", atMs: 1_000 });
  let end: string | undefined;
  const wait = waiter.woken(DEADLINE_MS).then((how) => (end = how));
  await clock.advance(999);
  assert.equal(end, undefined);
  await clock.advance(1);
  assert.equal(await wait, "woken");
});

test("closing ends every wait, those that come later too", async () => {
  const { waiters } = room();
  using waiter = waiters.enter("queue");
  const wait = waiter.woken(DEADLINE_MS);
  waiters.close();
  assert.equal(await wait, "closed");
  using late = waiters.enter("queue");
  assert.equal(await late.woken(DEADLINE_MS), "closed");
});

test("when wake-ups may have been lost, all who wait look again", async () => {
  const { waiters } = room();
  using first = waiters.enter("queue");
  using second = waiters.enter("queue");
  using other = waiters.enter("other");
  const waits = [first, second, other].map((waiter) => waiter.woken(DEADLINE_MS));
  waiters.wake(WAKE_ALL);
  assert.deepEqual(await Promise.all(waits), ["woken", "woken", "woken"]);
});

test("a waiter whose client left after its wake-up passes it on", async () => {
  const { waiters } = room();
  const first = waiters.enter("queue");
  using second = waiters.enter("queue");
  const abort = new AbortController();
  const wait = first.woken(DEADLINE_MS, abort.signal);
  waiters.wake({ topic: "queue" });
  assert.equal(await wait, "woken");
  abort.abort();
  // It did not look, for nobody waits for what it would find.
  assert.equal(await first.woken(DEADLINE_MS, abort.signal), "aborted");
  first[Symbol.dispose]();
  assert.equal(second.hasUnusedWake, true);
});
