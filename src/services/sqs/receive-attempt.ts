import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import { moveHidden, readFlight } from "./backlog.ts";
import type { HiddenRecord, ReceiveRequest, Scope } from "./backlog.ts";
import { forgetAt } from "./deduplication.ts";
import { MESSAGE, RECEIVE_ATTEMPT } from "./keys.ts";
import { DEDUPLICATION_MS } from "./limits.ts";
import type { MessageRecord, ReceivedMessage } from "./message.ts";
import { backlogOf } from "./queue.ts";
import { decodeReceipt } from "./receipt.ts";

/** What a receive with an attempt id gave out. */
interface AttemptRecord {
  readonly untilMs: number;
  readonly received: readonly Omit<ReceivedMessage, "message">[];
}

/**
 * The messages of an earlier receive with the same attempt id, hidden anew: what a client gets that
 * lost the answer. Undefined when there was none within 5 minutes, or when one of its messages was
 * deleted, became visible or got another visibility timeout meanwhile.
 */
export async function repeatAttempt(
  scope: Scope,
  attemptId: string,
  request: ReceiveRequest,
): Promise<ReceivedMessage[] | undefined> {
  const { tx, queue, nowMs } = scope;
  const value = await tx.get(RECEIVE_ATTEMPT.key(backlogOf(queue), attemptId));
  const attempt = value && decodeRecord<AttemptRecord>(value);
  if (attempt === undefined || attempt.untilMs <= nowMs) return undefined;
  const repeated: ReceivedMessage[] = [];
  for (const earlier of attempt.received) {
    const { position, receive, group } = decodeReceipt(earlier.receiptHandle);
    const flight = await readFlight(scope, position);
    const record = await tx.get(MESSAGE.key(backlogOf(queue), position));
    const stillHeld = flight?.receive === receive && flight.visibleAtMs > nowMs;
    if (!stillHeld || flight === undefined || record === undefined) return undefined;
    const hidden: HiddenRecord = { kind: "flight", group, sequence: flight.sequence ?? "" };
    moveHidden(scope, position, { flight, hidden, visibleAtMs: nowMs + request.visibilityMs });
    repeated.push({ ...earlier, message: decodeRecord<MessageRecord>(record) });
  }
  return repeated;
}

/** Remembers what a receive with an attempt id gave out. */
export function rememberAttempt(
  scope: Scope,
  attemptId: string,
  received: readonly ReceivedMessage[],
): void {
  const untilMs = scope.nowMs + DEDUPLICATION_MS;
  const key = RECEIVE_ATTEMPT.key(backlogOf(scope.queue), attemptId);
  const kept = received.map(({ message: _message, ...rest }) => rest);
  scope.tx.put(key, encodeRecord({ untilMs, received: kept } satisfies AttemptRecord));
  forgetAt(scope, key, untilMs);
}
