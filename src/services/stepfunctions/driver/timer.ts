import type { Tx } from "../../../kernel/store.ts";
import type { DueWork } from "../../../kernel/work.ts";
import type { Engine } from "../engine.ts";
import { deliverEvent } from "../execution/work.ts";
import type { TimerPayload } from "../execution/work.ts";

/** A deadline passed: its execution gets to know. */
export async function fireTimer(tx: Tx, engine: Engine, item: DueWork): Promise<void> {
  // Scheduled by this service only.
  const { uid, timer } = item.payload as TimerPayload;
  const event =
    timer === undefined ? ({ kind: "timedOut" } as const) : ({ kind: "fired", ...timer } as const);
  await deliverEvent(tx, engine, { uid, event });
}
