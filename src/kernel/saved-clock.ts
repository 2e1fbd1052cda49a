import type { AdjustableClock, ClockState } from "./clock.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import { space } from "./spaces.ts";
import type { Space } from "./spaces.ts";
import { WAKE_ALL } from "./store.ts";
import type { Store } from "./store.ts";

export const CLOCK: Space<[]> = space({
  number: 5,
  name: "clock",
  layout: [],
  value: "ClockState",
  lifetime: "from when an operator first moved the clock",
});

/** Wakes nodes that share the store: one of them has moved the clock. */
const CLOCK_TOPIC = "clock";
/** Running clocks that differ by no more stand alike: two looks at the machine's time may differ so. */
const SAME_OFFSET_MS = 2;

/** Keeps how the clock stands, so that the next start goes on from there; tells other nodes. */
export async function saveClock(store: Store, clock: AdjustableClock): Promise<void> {
  const state = clock.state();
  await store.transact(async (tx) => {
    tx.put(CLOCK.key(), encodeRecord(state));
    tx.wake({ topic: CLOCK_TOPIC });
  });
}

/** Calls `look` when another node may have moved the clock. */
export function watchClock(store: Store, look: () => void): void {
  store.onWake(({ topic }) => {
    if (topic === CLOCK_TOPIC || topic === WAKE_ALL.topic) look();
  });
}

/** Puts the clock where the saved one stands: frozen at its time, or as far ahead of the machine's. */
export async function restoreClock(store: Store, clock: AdjustableClock): Promise<void> {
  const value = await store.read((reader) => reader.get(CLOCK.key()));
  if (value === undefined) return;
  const saved = decodeRecord<ClockState>(value);
  const present = clock.state();
  if (standsAlike(saved, present)) return;
  if (saved.mode === "frozen") {
    clock.freeze();
    await clock.set(saved.nowMs);
  } else {
    // First, so that nothing is lost of the time that the move takes.
    clock.resume();
    await clock.set(present.nowMs - present.offsetMs + saved.offsetMs);
  }
}

function standsAlike(one: ClockState, other: ClockState): boolean {
  if (one.mode !== other.mode) return false;
  if (one.mode === "frozen") return one.nowMs === other.nowMs;
  return Math.abs(one.offsetMs - other.offsetMs) <= SAME_OFFSET_MS;
}

/** Removes every key but the clock's: what was reset must not fall back in time at the next start. */
export function clearAllButClock(store: Store): Promise<void> {
  return store.clear([CLOCK.key()]);
}
