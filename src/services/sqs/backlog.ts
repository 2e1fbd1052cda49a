import type { ServiceError } from "../../kernel/errors.ts";
import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import type { KeyRange } from "../../kernel/tuple.ts";
import type { WorkQueue } from "../../kernel/work.ts";
import { COUNT, FIFO_DELAYED, FLIGHT, HIDDEN, MESSAGE } from "./keys.ts";
import type { CountName } from "./keys.ts";
import { LIMITS } from "./limits.ts";
import { invalidParameter } from "./errors.ts";
import type { MessageRecord, ReceivedMessage } from "./message.ts";
import type { Positions } from "./position.ts";
import { backlogOf, topicOf } from "./queue.ts";
import type { QueueRecord } from "./queue.ts";
import { encodeReceipt } from "./receipt.ts";
import type { Receipt } from "./receipt.ts";

/** One queue in one transaction at one time: what every change to a backlog needs. */
export interface Scope {
  readonly tx: Tx;
  readonly queue: QueueRecord;
  readonly nowMs: number;
  readonly positions: Positions;
  readonly work: WorkQueue;
}

/**
 * What a queue does with its messages; standard and FIFO queues do it differently. A message is
 *
 *   enqueue ─▶ ready ──receive──▶ in flight ──remove──▶ gone
 *     │          ▲                   │
 *     └▶ delayed ┴──── promote ◀─────┘   (dead-lettered or expired when a receive meets it)
 */
export interface Backlog {
  /** Adds a message; answers it with what the queue gave it. `delaySeconds` is for standard queues. */
  enqueue(scope: Scope, message: MessageRecord, delaySeconds: number): Promise<MessageRecord>;
  receive(scope: Scope, request: ReceiveRequest): Promise<ReceivedMessage[]>;
  /** Deletes the message of a receipt. Throws `expired` where a receipt has to be the latest. */
  remove(scope: Scope, receipt: Receipt, expired: () => ServiceError): Promise<void>;
  /** Makes the message of a receipt visible in `seconds`. */
  changeVisibility(scope: Scope, receipt: Receipt, change: VisibilityChange): Promise<void>;
  /** Makes visible what became due, up to a limit; answers how many that were. */
  promote(scope: Scope): Promise<number>;
  /** Takes visible messages out of the queue; stops at the first one that is not to be taken. */
  take(scope: Scope, request: TakeRequest): Promise<Taken>;
  /** Removes a message, wherever it is; does nothing when another node was faster. */
  discard(scope: Scope, position: string, message: MessageRecord): Promise<void>;
}

export interface ReceiveRequest {
  readonly limit: number;
  readonly visibilityMs: number;
  /** Whether a queue with the most messages in flight refuses a receive, or answers it with none. */
  readonly whenFull: "refuse" | "answer nothing";
}

export interface TakeRequest {
  readonly limit: number;
  readonly mayTake: (message: MessageRecord) => Promise<boolean>;
}

export interface Taken {
  readonly messages: readonly MessageRecord[];
  /** The message that was met and is not to be taken; it stays where it is. */
  readonly stoppedBy: MessageRecord | undefined;
  /** What is still visible: nothing, more, or only what cannot be taken now: others hold it. */
  readonly left: "nothing" | "more" | "held";
}

export interface VisibilityChange {
  readonly handle: string;
  readonly seconds: number;
}

/** The part of a message that receives change. */
export interface FlightRecord {
  /** Names the latest receive. */
  readonly receive: string;
  /** Receives in this queue. */
  readonly receives: number;
  readonly firstReceivedAtMs: number;
  readonly receivedAtMs: number;
  readonly visibleAtMs: number;
  /** Of a FIFO queue. */
  readonly sequence?: string;
  /** Of a FIFO queue: the message is back in its group, so the receipt is over, whatever the time is. */
  readonly isBack?: true;
}

/** Why a message is hidden, and where it goes afterwards. */
export interface HiddenRecord {
  readonly kind: "delayed" | "flight";
  /** Of a fair queue. */
  readonly turn?: number;
  /** Of a FIFO queue. */
  readonly group?: string;
  readonly sequence?: string;
}

/** Changes to the three counts, written once per transaction. */
export type Tally = Record<CountName, number>;

/** No change yet. */
export function newTally(): Tally {
  return { ready: 0, delayed: 0, inFlight: 0 };
}

/** Adds a tally to the counts of the queue. */
export function writeTally({ tx, queue }: Scope, tally: Tally): void {
  const backlog = backlogOf(queue);
  if (tally.ready !== 0) tx.add(COUNT.key(backlog, "ready"), tally.ready);
  if (tally.delayed !== 0) tx.add(COUNT.key(backlog, "delayed"), tally.delayed);
  if (tally.inFlight !== 0) tx.add(COUNT.key(backlog, "inFlight"), tally.inFlight);
}

/** Messages in flight, by the counts. */
export function countOf(reader: Reader, queue: QueueRecord, name: CountName): Promise<number> {
  return reader.sum(COUNT.key(backlogOf(queue), name));
}

/** Whether a message is past its retention. */
export function isExpired({ queue, nowMs }: Scope, message: MessageRecord): boolean {
  return message.sentAtMs + queue.messageRetentionPeriod * 1_000 <= nowMs;
}

/**
 * What is left of the visible places by a transaction that claimed some of them and took messages;
 * whoever looked meanwhile did not see what it claimed, and gets to see what stays.
 */
export async function leftOf(
  { tx, queue }: Scope,
  visible: KeyRange,
  { claimed, taken }: { readonly claimed: number; readonly taken: number },
): Promise<Taken["left"]> {
  const [first] = await tx.range(visible, { limit: 1 });
  if (first === undefined) return "nothing";
  if (claimed > 0) tx.wake({ topic: topicOf(queue), count: claimed });
  return taken > 0 ? "more" : "held";
}

/** When the next hidden message or delayed group becomes visible; undefined when there is none. */
export async function nextVisibleAtMs(
  reader: Reader,
  queue: QueueRecord,
): Promise<number | undefined> {
  const backlog = backlogOf(queue);
  const [first] = await reader.range(HIDDEN.below(backlog), { limit: 1 });
  const hiddenUntilMs = first && HIDDEN.parts(first.key)[1];
  if (!queue.isFifo || queue.delaySeconds === 0) return hiddenUntilMs;
  const [group] = await reader.range(FIFO_DELAYED.below(backlog), { limit: 1 });
  if (group === undefined) return hiddenUntilMs;
  const delayedUntilMs = FIFO_DELAYED.parts(group.key)[1] + queue.delaySeconds * 1_000;
  return Math.min(delayedUntilMs, hiddenUntilMs ?? Infinity);
}

/** Writes the state of a message that is being received; answers it as the receiver gets it. */
export function putInFlight(
  scope: Scope,
  message: MessageRecord,
  flight: Omit<InFlight, "message">,
): ReceivedMessage {
  const { tx, queue, nowMs, positions } = scope;
  const { position, earlier, visibleAtMs, sequence } = flight;
  const backlog = backlogOf(queue);
  const receive = positions.sequence();
  const firstReceivedAtMs = earlier?.firstReceivedAtMs ?? message.firstReceivedAtMs ?? nowMs;
  const receives = (earlier?.receives ?? 0) + 1;
  const record: FlightRecord = {
    receive,
    receives,
    firstReceivedAtMs,
    receivedAtMs: nowMs,
    visibleAtMs,
    ...(sequence !== undefined && { sequence }),
  };
  tx.put(FLIGHT.key(backlog, position), encodeRecord(record));
  tx.put(HIDDEN.key(backlog, visibleAtMs, position), encodeRecord(hiddenFlight(message, sequence)));
  // Nobody who waits now still does after the longest wait.
  if (visibleAtMs - nowMs <= LIMITS.waitSeconds * 1_000) {
    tx.wake({ topic: topicOf(queue), atMs: visibleAtMs });
  }
  const group = queue.isFifo ? (message.group ?? "") : "";
  return {
    message,
    receiptHandle: encodeReceipt({ backlog, group, position, receive }),
    receiveCount: receives + (message.earlierReceives ?? 0),
    firstReceivedAtMs,
  };
}

interface InFlight {
  readonly position: string;
  readonly earlier: FlightRecord | undefined;
  readonly visibleAtMs: number;
  readonly sequence?: string;
}

/** Moves a message in flight to another time; tells waiters of it. */
export function moveHidden(
  { tx, queue }: Scope,
  position: string,
  move: {
    readonly flight: FlightRecord;
    readonly hidden: HiddenRecord;
    readonly visibleAtMs: number;
  },
): void {
  const backlog = backlogOf(queue);
  const { flight, hidden, visibleAtMs } = move;
  tx.delete(HIDDEN.key(backlog, flight.visibleAtMs, position));
  tx.put(HIDDEN.key(backlog, visibleAtMs, position), encodeRecord(hidden));
  tx.put(FLIGHT.key(backlog, position), encodeRecord({ ...flight, visibleAtMs }));
  tx.wake({ topic: topicOf(queue), atMs: visibleAtMs });
}

/** Throws when a message would be hidden for longer than 12 hours after it was received. */
export function checkTotalVisibility(
  { nowMs }: Scope,
  flight: FlightRecord,
  { seconds }: VisibilityChange,
): void {
  const totalMs = nowMs + seconds * 1_000 - flight.receivedAtMs;
  if (totalMs <= LIMITS.visibilitySeconds * 1_000) return;
  throw invalidParameter(
    `Value ${seconds} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout` +
      ` for the message is beyond the limit [${LIMITS.visibilitySeconds} seconds]`,
  );
}

/** What receives made of a message; undefined when it was never received. */
export async function readFlight(
  { tx, queue }: Scope,
  position: string,
): Promise<FlightRecord | undefined> {
  const value = await tx.get(FLIGHT.key(backlogOf(queue), position));
  return value && decodeRecord<FlightRecord>(value);
}

/** Whether the time that a message of a FIFO queue is in flight is over, also if time went back since. */
export function isOver({ isBack, visibleAtMs }: FlightRecord, nowMs: number): boolean {
  return isBack === true || visibleAtMs <= nowMs;
}

/** Takes a message out of HIDDEN; false when it is not there. */
export async function leaveHidden(
  { tx, queue }: Scope,
  position: string,
  visibleAtMs: number,
): Promise<boolean> {
  const key = HIDDEN.key(backlogOf(queue), visibleAtMs, position);
  if ((await tx.get(key)) === undefined) return false;
  tx.delete(key);
  return true;
}

/** Deletes the message and its flight; where it was is the caller's to delete. */
export function deleteMessage({ tx, queue }: Scope, position: string): void {
  const backlog = backlogOf(queue);
  tx.delete(MESSAGE.key(backlog, position));
  tx.delete(FLIGHT.key(backlog, position));
}

function hiddenFlight(message: MessageRecord, sequence: string | undefined): HiddenRecord {
  if (sequence !== undefined && message.group !== undefined) {
    return { kind: "flight", group: message.group, sequence };
  }
  return { kind: "flight", ...(message.turn !== undefined && { turn: message.turn }) };
}
