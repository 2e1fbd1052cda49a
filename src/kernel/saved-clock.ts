import type { AdjustableClock, ClockState } from "./clock.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import { space } from "./spaces.ts";
import type { Space } from "./spaces.ts";
import type { Store } from "./store.ts";

export const CLOCK: Space<[]> = space({
  number: 5,
  name: "clock",
  layout: [],
  value: "ClockState",
  lifetime: "from when an operator first moved the clock",
});

/** Keeps how the clock stands, so that the next start goes on from there. */
export async function saveClock(store: Store, clock: AdjustableClock): Promise<void> {
  const state = clock.state();
  await store.transact(async (tx) => tx.put(CLOCK.key(), encodeRecord(state)));
}

/** Puts a new clock where the last one stood: frozen at its time, or as far ahead of the machine's. */
export async function restoreClock(store: Store, clock: AdjustableClock): Promise<void> {
  const value = await store.read((reader) => reader.get(CLOCK.key()));
  if (value === undefined) return;
  const saved = decodeRecord<ClockState>(value);
  if (saved.mode === "frozen") {
    clock.freeze();
    await clock.set(saved.nowMs);
  } else {
    const { nowMs, offsetMs } = clock.state();
    await clock.set(nowMs - offsetMs + saved.offsetMs);
  }
}

/** Removes every key but the clock's: what was reset must not fall back in time at the next start. */
export async function clearAllButClock(store: Store): Promise<void> {
  const value = await store.read((reader) => reader.get(CLOCK.key()));
  await store.clear();
  if (value !== undefined) await store.transact(async (tx) => tx.put(CLOCK.key(), value));
}
