import type { Reader, Tx } from "../../kernel/store.ts";
import type { Waiter } from "../../kernel/waiters.ts";
import { countOf } from "./backlog.ts";
import type { Desk } from "./desk.ts";
import { LIMITS } from "./limits.ts";
import { topicOf } from "./queue.ts";
import type { QueueRecord } from "./queue.ts";

/** Whether a queue has as many messages in flight as it may. */
export async function isFull(reader: Reader, queue: QueueRecord): Promise<boolean> {
  return (await countOf(reader, queue, "inFlight")) >= LIMITS.inFlightMessages;
}

/** Says, until it is disposed, that a poll of this topic waits because its queue is full. */
export function awaitPlace({ deps }: Desk, topic: string): Waiter {
  return deps.waiters.enter(placeOf(topic));
}

/**
 * Wakes polls that wait for a place, after the commit of a transaction that makes some free. Only
 * those of this node: others hear of what arrives, and look again when they are asked again.
 */
export function tellFreePlaces(
  { deps }: Desk,
  tx: Tx,
  { queue, count }: { readonly queue: QueueRecord; readonly count: number },
): void {
  const topic = topicOf(queue);
  tx.afterCommit(() => {
    if (deps.waiters.waiting(placeOf(topic)) > 0) deps.waiters.wake({ topic, count });
  });
}

function placeOf(topic: string): string {
  return `${topic} place in flight`;
}
