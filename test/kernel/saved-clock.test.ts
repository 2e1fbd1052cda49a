import assert from "node:assert/strict";
import { test } from "node:test";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import { clearAllButClock, CLOCK, restoreClock, saveClock } from "../../src/kernel/saved-clock.ts";
import { encodeKey, rangeBelow } from "../../src/kernel/tuple.ts";
import { memoryStore } from "../../src/stores/memory.ts";

test("a clock that is put where a running one stands runs as far ahead, however long that takes", async () => {
  let machine = 1_000;
  const machineNow = (): number => machine;
  const store = memoryStore();
  const moved = new AdjustableClock({ machineNow });
  await moved.set(6_000);
  await saveClock(store, moved);
  for (const clock of [
    new AdjustableClock({ machineNow }),
    new AdjustableClock({ frozenAtMs: 500, machineNow }),
  ]) {
    clock.alarm(clock.now() + 1_000, () => void (machine += 300));
    await restoreClock(store, clock);
    assert.deepEqual(clock.state(), moved.state());
  }
});

test("nobody, and no start after a kill, ever sees a store that is reset without its clock", async () => {
  const store = memoryStore();
  const kept = CLOCK.key();
  await saveClock(store, new AdjustableClock({ frozenAtMs: 6_000 }));
  await store.transact(async (tx) => tx.put(encodeKey(9, ["else"]), new Uint8Array()));
  let isOver = false;
  const clearing = clearAllButClock(store).finally(() => (isOver = true));
  while (!isOver) assert.ok(await store.read((reader) => reader.get(kept)));
  await clearing;
  const left = await store.read((reader) =>
    reader.range(rangeBelow(encodeKey(9, [])), { limit: 1 }),
  );
  assert.deepEqual(left, []);
});
