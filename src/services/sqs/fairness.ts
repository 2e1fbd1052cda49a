import type { MessageRecord } from "./message.ts";
import type { Scope } from "./backlog.ts";
import { READY, TENANT_LOAD } from "./keys.ts";
import { backlogOf, putQueue } from "./queue.ts";

/**
 * Fair queues (developer guide, "Amazon SQS fair queues"): on a standard queue a message group id
 * names a tenant, and a tenant with much in the queue must not make the others wait.
 *
 * Ready messages are ordered by their *turn*. A message gets the turn that is up now plus one for
 * each message that its tenant already has in the queue, waiting or in flight: a burst is spread over
 * as many turns as it has messages, and the next message of a quiet tenant goes before most of it
 * (start-time fair queueing, with one counter per tenant). A message without a group id is a tenant
 * of its own. Queues without tenants have one turn, 0, and pay nothing for this.
 */
export async function assignTurn(scope: Scope, message: MessageRecord): Promise<MessageRecord> {
  const { tx, queue } = scope;
  if (message.group === undefined && queue.isFair !== true) return message;
  const backlog = backlogOf(queue);
  const [head] = await tx.range(READY.below(backlog), { limit: 1 });
  const turnUp = head === undefined ? 0 : READY.parts(head.key)[1];
  if (message.group === undefined) return { ...message, turn: turnUp };
  if (queue.isFair !== true) putQueue(tx, { ...queue, isFair: true });
  const loadKey = TENANT_LOAD.key(backlog, message.group);
  const load = await tx.sum(loadKey);
  tx.add(loadKey, 1);
  return { ...message, turn: turnUp + Math.max(0, load) };
}

/** Counts a message of a tenant as gone. */
export function leaveTurn({ tx, queue }: Scope, message: MessageRecord): void {
  if (message.group === undefined || queue.isFifo) return;
  tx.add(TENANT_LOAD.key(backlogOf(queue), message.group), -1);
}
