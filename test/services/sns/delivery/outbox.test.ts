import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTBOX } from "../../../../src/services/sns/keys.ts";
import { LIMITS } from "../../../../src/services/sns/limits.ts";
import { putInOutbox, readOutbox } from "../../../../src/services/sns/delivery/outbox.ts";
import { RateWindows } from "../../../../src/services/sns/delivery/rate-windows.ts";
import { partsInMemory } from "../parts.ts";

test("the outbox keeps a bounded number of entries, the latest, and shows the newest first", async () => {
  const { sns, clock } = partsInMemory();
  const { store } = sns.deps;
  const count = LIMITS.outboxEntries + 10;
  for (let index = 0; index < count; index += 1) {
    await clock.set(index);
    await store.transact((tx) =>
      putInOutbox(sns, tx, {
        kind: "sms",
        to: "+1",
        body: String(index),
        messageId: "m",
      }),
    );
  }
  const kept = await store.read((reader) => reader.range(OUTBOX.below(), { limit: count }));
  assert.ok(kept.length <= LIMITS.outboxEntries, String(kept.length));
  assert.ok(kept.length > LIMITS.outboxEntries - 10, String(kept.length));
  const shown = await readOutbox(sns);
  assert.equal(shown.length, LIMITS.outboxPage);
  assert.equal(shown[0]?.body, String(count - 1));
  await store.close();
});

test("a second's share is taken once, and comes back with the next second", () => {
  const windows = new RateWindows();
  const take = (wanted: number, nowMs: number): unknown =>
    windows.take("a", { wanted, perSecond: 3, nowMs });
  assert.deepEqual(take(2, 1_500), { count: 2, nextMs: 2_500 });
  assert.deepEqual(take(2, 1_600), { count: 1, nextMs: 2_500 });
  assert.deepEqual(take(2, 2_499), { count: 0, nextMs: 2_500 });
  assert.deepEqual(take(2, 2_500), { count: 2, nextMs: 3_500 });
  assert.deepEqual(take(5, 1_000), { count: 3, nextMs: 2_000 }, "a clock that was set back");
  assert.deepEqual(windows.take("b", { wanted: 9, perSecond: undefined, nowMs: 0 }), {
    count: 9,
    nextMs: 0,
  });
});
