import type { FlightRecord, Scope } from "./backlog.ts";
import type { MessageRecord } from "./message.ts";
import { addressOfArn, findQueue, queueArn } from "./queue.ts";
import type { QueueRecord } from "./queue.ts";

/** Where a queue's messages go that were received too often. */
export interface DeadLetter {
  readonly queue: QueueRecord;
  readonly maxReceiveCount: number;
}

/** The dead-letter queue of a queue; undefined when it has none, or none that exists. */
export async function deadLetterOf({ tx, queue }: Scope): Promise<DeadLetter | undefined> {
  const policy = queue.redrivePolicy;
  const address = policy && addressOfArn(policy.deadLetterTargetArn);
  if (policy === undefined || address === undefined) return undefined;
  const target = await findQueue(tx, address);
  if (target === undefined || target.isFifo !== queue.isFifo) return undefined;
  return { queue: target, maxReceiveCount: policy.maxReceiveCount };
}

/**
 * A message as it enters its dead-letter queue. Its retention goes on from when it was sent first;
 * on a FIFO queue it begins anew (developer guide, "Using dead-letter queues in Amazon SQS").
 */
export function deadLettered(
  { queue, nowMs }: Scope,
  message: MessageRecord,
  flight: FlightRecord,
): MessageRecord {
  return {
    ...withoutPlace(message),
    // Under its own id, two messages that share a deduplication id stay two.
    ...(queue.isFifo && { sentAtMs: nowMs, deduplicationId: message.id }),
    deadLetterSource: queueArn(queue),
    earlierReceives: flight.receives + (message.earlierReceives ?? 0),
    firstReceivedAtMs: flight.firstReceivedAtMs,
  };
}

/** A message without what only its present queue gave it. */
export function withoutPlace(message: MessageRecord): MessageRecord {
  const { turn: _turn, sequenceNumber: _sequence, delayedUntilMs: _delay, ...kept } = message;
  return kept;
}
