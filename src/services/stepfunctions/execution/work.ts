import { encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { Engine } from "../engine.ts";
import type { ExecutionEvent } from "../interpreter/protocol.ts";
import type { TimerPurpose } from "../interpreter/state.ts";
import { INBOX } from "../keys.ts";
import type { ExecutionRecord } from "../records.ts";

/** A Standard execution has something to do now; its id is the execution's uid. */
export const RUN_WORK = "states.run";
/** A deadline of an execution passes. */
export const TIMER_WORK = "states.timer";
/** A task's call is to be made outside of transactions. */
export const TASK_WORK = "states.task";
/** An asynchronous Express execution is to be run. */
export const EXPRESS_WORK = "states.express";
/** An Express child of a map run is to be run; its id is the execution's uid. */
export const EXPRESS_CHILD_WORK = "states.expressChild";
/** A map run has children to start or is to be ended. */
export const MAP_RUN_WORK = "states.mapRun";
/** A state machine is being deleted. */
export const DELETE_WORK = "states.delete";
/** An execution's history has been kept long enough. */
export const EXPIRE_WORK = "states.expire";

/** Payload of {@link TIMER_WORK}. */
export interface TimerPayload {
  readonly uid: string;
  /** Absent from the timer of the execution's own timeout. */
  readonly timer?: {
    readonly thread: number;
    readonly wait: number;
    readonly purpose: TimerPurpose;
  };
}

/** The id of a wait's timer. */
export const timerId = (uid: string, wait: number, purpose: TimerPurpose): string =>
  `${uid}.${wait}.${purpose}`;

/** The id of the timer that ends an execution. */
export const deadlineId = (uid: string): string => `${uid}.deadline`;

/** The id of a task's call. */
export const taskId = (uid: string, wait: number): string => `${uid}.${wait}`;

/** What of one wait happens first when all happens in one millisecond. */
const ORDER: Readonly<Record<ExecutionEvent["kind"], number>> = {
  redriven: 0,
  step: 0,
  started: 1,
  submitted: 2,
  succeeded: 3,
  failed: 3,
  fired: 4,
  timedOut: 5,
  aborted: 5,
};

/** Something that happened to an execution. */
export interface Delivery {
  readonly uid: string;
  readonly event: ExecutionEvent;
}

/** Has an execution that is stored begin, or begin anew. */
export async function scheduleRun(
  tx: Tx,
  engine: Engine,
  { uid, type, atMs }: { uid: string; type: ExecutionRecord["type"]; atMs: number },
): Promise<void> {
  // Express ones hold their slot while they wait: they have slots of their own.
  const kind = type === "STANDARD" ? RUN_WORK : EXPRESS_CHILD_WORK;
  await engine.work.schedule(tx, { kind, id: uid, dueAtMs: atMs, payload: {} });
}

/** Tells a Standard execution that something happened, in the transaction that makes it happen. */
export async function deliverEvent(
  tx: Tx,
  engine: Pick<Engine, "clock" | "work">,
  delivery: Delivery,
): Promise<void> {
  putEvent(tx, engine, delivery);
  const dueAtMs = engine.clock.now();
  await engine.work.ensure(tx, { kind: RUN_WORK, id: delivery.uid, dueAtMs, payload: {} });
}

/** As {@link deliverEvent}, where who advances the execution looks into the inbox anyway. */
export function putEvent(tx: Tx, engine: Pick<Engine, "clock">, { uid, event }: Delivery): void {
  const wait = "wait" in event ? event.wait : 0;
  const purpose = event.kind === "fired" ? event.purpose : "";
  const name = `${ORDER[event.kind]}${event.kind}${purpose}`;
  tx.put(INBOX.key(uid, engine.clock.now(), wait, name), encodeRecord(event));
}
