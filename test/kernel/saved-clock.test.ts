import assert from "node:assert/strict";
import { test } from "node:test";
import { AdjustableClock } from "../../src/kernel/clock.ts";
import { restoreClock, saveClock } from "../../src/kernel/saved-clock.ts";
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
