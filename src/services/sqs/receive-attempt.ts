import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import { isOver, moveHidden } from "./backlog.ts";
import type { FlightRecord, HiddenRecord, ReceiveRequest, Scope } from "./backlog.ts";
import { forgetAt } from "./deduplication.ts";
import { attemptNotRetryable } from "./errors.ts";
import { FLIGHT, MESSAGE, RECEIVE_ATTEMPT } from "./keys.ts";
import { DEDUPLICATION_MS } from "./limits.ts";
import type { MessageRecord, ReceivedMessage } from "./message.ts";
import { backlogOf } from "./queue.ts";
import { decodeReceipt } from "./receipt.ts";
import type { Receipt } from "./receipt.ts";

/** What a receive with an attempt id gave out. */
interface AttemptRecord {
  readonly untilMs: number;
  /** Until when all of them are hidden, as long as nobody changes that. */
  readonly visibleAtMs: number;
  readonly received: readonly Omit<ReceivedMessage, "message">[];
}

/**
 * The messages of an earlier receive with the same attempt id, hidden anew: what a client gets that
 * lost the answer. Undefined when there was none within 5 minutes, or when its visibility timeout is
 * over. Throws InvalidParameterValue when one of its messages was deleted or got another timeout.
 */
export async function repeatAttempt(
  scope: Scope,
  attemptId: string,
  request: ReceiveRequest,
): Promise<ReceivedMessage[] | undefined> {
  const { tx, queue, nowMs } = scope;
  const key = RECEIVE_ATTEMPT.key(backlogOf(queue), attemptId);
  const value = await tx.get(key);
  const attempt = value && decodeRecord<AttemptRecord>(value);
  if (attempt === undefined || attempt.untilMs <= nowMs) return undefined;
  const held = await heldMessages(scope, attempt);
  if (held === "changed") throw attemptNotRetryable(attemptId);
  if (held === "visible again") {
    // A new receive, also when what it meets is dead-lettered and seems deleted afterwards.
    tx.delete(key);
    return undefined;
  }
  const visibleAtMs = nowMs + request.visibilityMs;
  for (const { receipt, flight } of held) {
    const { group, position } = receipt;
    const hidden: HiddenRecord = { kind: "flight", group, sequence: flight.sequence ?? "" };
    moveHidden(scope, position, { flight, hidden, visibleAtMs });
  }
  tx.put(key, encodeRecord({ ...attempt, visibleAtMs } satisfies AttemptRecord));
  return held.map(({ received }) => received);
}

interface Held {
  readonly receipt: Receipt;
  readonly flight: FlightRecord;
  readonly received: ReceivedMessage;
}

/** The messages of an attempt, or what keeps it from being repeated. */
async function heldMessages(
  scope: Scope,
  attempt: AttemptRecord,
): Promise<Held[] | "changed" | "visible again"> {
  const { tx, queue, nowMs } = scope;
  const backlog = backlogOf(queue);
  const receipts = attempt.received.map(({ receiptHandle }) => decodeReceipt(receiptHandle));
  const values = await tx.getMany([
    ...receipts.map(({ position }) => FLIGHT.key(backlog, position)),
    ...receipts.map(({ position }) => MESSAGE.key(backlog, position)),
  ]);
  const held: Held[] = [];
  let isVisibleAgain = false;
  for (const [index, receipt] of receipts.entries()) {
    const earlier = attempt.received[index];
    const value = values[index];
    const record = values[receipts.length + index];
    if (earlier === undefined || value === undefined || record === undefined) return "changed";
    const flight = decodeRecord<FlightRecord>(value);
    const isLatest = flight.receive === receipt.receive;
    if (isLatest && flight.visibleAtMs !== attempt.visibleAtMs) return "changed";
    if (!isLatest || isOver(flight, nowMs)) isVisibleAgain = true;
    const received = { ...earlier, message: decodeRecord<MessageRecord>(record) };
    held.push({ receipt, flight, received });
  }
  return isVisibleAgain ? "visible again" : held;
}

/** Remembers what a receive with an attempt id gave out. */
export function rememberAttempt(
  scope: Scope,
  attemptId: string,
  given: { readonly received: readonly ReceivedMessage[]; readonly visibilityMs: number },
): void {
  const untilMs = scope.nowMs + DEDUPLICATION_MS;
  const key = RECEIVE_ATTEMPT.key(backlogOf(scope.queue), attemptId);
  const visibleAtMs = scope.nowMs + given.visibilityMs;
  const received = given.received.map(({ message: _message, ...rest }) => rest);
  scope.tx.put(key, encodeRecord({ untilMs, visibleAtMs, received } satisfies AttemptRecord));
  forgetAt(scope, key, untilMs);
}
