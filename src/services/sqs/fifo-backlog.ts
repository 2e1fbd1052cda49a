import type { ServiceError } from "../../kernel/errors.ts";
import { decodeRecord, encodeRecord, PRESENT } from "../../kernel/record.ts";
import type { Entry } from "../../kernel/store.ts";
import {
  checkTotalVisibility,
  deleteMessage,
  isExpired,
  isOver,
  leaveHidden,
  leftOf,
  moveHidden,
  newTally,
  putInFlight,
  readFlight,
  writeTally,
} from "./backlog.ts";
import type {
  Backlog,
  FlightRecord,
  HiddenRecord,
  ReceiveRequest,
  Scope,
  Tally,
} from "./backlog.ts";
import { chunkOf } from "./chunk.ts";
import { deadLettered } from "./dead-letter.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { messageIsGone, receiptExpired } from "./errors.ts";
import { readFront, readInTurn } from "./fifo-front.ts";
import type { Front, FrontMessage } from "./fifo-front.ts";
import { leavePlace, readGroup, settleGroup, withoutGroupPlace } from "./fifo-group.ts";
import type { GroupRecord, OrderRecord } from "./fifo-group.ts";
import {
  FIFO_DELAYED,
  FIFO_ORDER,
  FIFO_READY,
  FIFO_YOUNG,
  FLIGHT,
  HIDDEN,
  MESSAGE,
} from "./keys.ts";
import { BACKGROUND_CHUNK, RECEIVE_ROUNDS } from "./limits.ts";
import type { MessageRecord, ReceivedMessage } from "./message.ts";
import { sentAtMsOf, sequenceAfter } from "./position.ts";
import { prefetchPromotion, prefetchReceipts } from "./prefetch.ts";
import { backlogOf, topicOf } from "./queue.ts";
import type { Receipt } from "./receipt.ts";
import { startReceive } from "./receive-start.ts";

/**
 * The backlog of a FIFO queue: in order within a message group, of which no message is received
 * while another one is in flight (developer guide, "FIFO queue delivery logic in Amazon SQS").
 */
export const fifoBacklog: Backlog = {
  async enqueue(scope, message) {
    const { tx, queue, positions } = scope;
    const backlog = backlogOf(queue);
    const group = message.group ?? "";
    const record = await readGroup(scope, group);
    const sequence = sequenceAfter(record?.last, positions.sequence());
    const position = positions.next(message.sentAtMs);
    const delayMs = queue.delaySeconds * 1_000;
    const placed: MessageRecord = {
      ...message,
      sequenceNumber: sequence,
      ...(delayMs > 0 && { delayedUntilMs: message.sentAtMs + delayMs }),
    };
    const order: OrderRecord = { position, sentAtMs: message.sentAtMs };
    tx.put(MESSAGE.key(backlog, position), encodeRecord(placed));
    tx.put(FIFO_ORDER.key(backlog, group, sequence), encodeRecord(order));
    const tally = newTally();
    if (placed.delayedUntilMs === undefined) {
      tally.ready += 1;
    } else {
      // Only counts: whether the message is to be had follows from the queue's delay.
      tx.put(FIFO_YOUNG.key(backlog, message.sentAtMs, position), PRESENT);
      tally.delayed += 1;
    }
    writeTally(scope, tally);
    await settleGroup(scope, group, {
      ...record,
      last: sequence,
      queued: (record?.queued ?? 0) + 1,
      inFlight: record?.inFlight ?? 0,
    });
    return placed;
  },

  async receive(scope, request) {
    const { tx, queue } = scope;
    const ready = FIFO_READY.below(backlogOf(queue));
    const start = { promote: (at: Scope) => fifoBacklog.promote(at), ready, limit: request.limit };
    const { limit, deadLetter, first } = await startReceive(scope, start);
    const received: ReceivedMessage[] = [];
    let isWorthAnotherLook = false;
    let unused = 0;
    for (let round = 0; round < RECEIVE_ROUNDS && received.length < limit; round += 1) {
      const wanted = limit - received.length;
      const groups = round === 0 ? first : await tx.claim(ready, wanted);
      const met = await readFront(scope, groups, wanted);
      unused = groups.length - met.length;
      isWorthAnotherLook = groups.length === wanted;
      for (const one of met) {
        const got = await receiveGroup(scope, one, { request, deadLetter });
        received.push(...got);
        // All that was met in the group was expired or dead-lettered: there may be more behind.
        if (got.length === 0) isWorthAnotherLook = true;
      }
      if (!isWorthAnotherLook && unused === 0) break;
    }
    if (received.length === 0 && isWorthAnotherLook) unused += 1;
    // Whoever looked meanwhile did not see the groups that are claimed here and stay.
    if (unused > 0) tx.wake({ topic: topicOf(queue), count: unused });
    return received;
  },

  async remove(scope, receipt, expired) {
    await prefetchReceipts(scope, [receipt]);
    const flight = await readFlight(scope, receipt.position);
    if (flight === undefined) return;
    landFlight(scope, receipt, { flight, expired });
    deleteMessage(scope, receipt.position);
    writeTally(scope, { ready: 0, delayed: 0, inFlight: -1 });
    await changeGroup(scope, receipt.group, { queued: 0, inFlight: -1 });
  },

  async changeVisibility(scope, receipt, change) {
    const { nowMs } = scope;
    await prefetchReceipts(scope, [receipt]);
    const flight = await readFlight(scope, receipt.position);
    if (flight === undefined) throw messageIsGone(change.handle);
    const expired = (): ServiceError => receiptExpired(change.handle);
    checkReceipt(scope, receipt, { flight, expired });
    checkTotalVisibility(scope, flight, change);
    const sequence = flight.sequence ?? "";
    if (change.seconds > 0) {
      const hidden: HiddenRecord = { kind: "flight", group: receipt.group, sequence };
      const visibleAtMs = nowMs + change.seconds * 1_000;
      moveHidden(scope, receipt.position, { flight, hidden, visibleAtMs });
      return;
    }
    landFlight(scope, receipt, { flight, expired });
    const landed: FlightRecord = { ...flight, visibleAtMs: nowMs };
    putBack(scope, receipt.position, { flight: landed, group: receipt.group, sequence });
    writeTally(scope, { ready: 1, delayed: 0, inFlight: -1 });
    await changeGroup(scope, receipt.group, { queued: 1, inFlight: -1 });
  },

  async promote(scope) {
    const { tx, queue, nowMs } = scope;
    const backlog = backlogOf(queue);
    const oldEnough = Math.max(0, nowMs - queue.delaySeconds * 1_000 + 1);
    const [due, grown, delayed] = await Promise.all([
      tx.claim(HIDDEN.between([backlog], 0, nowMs + 1), BACKGROUND_CHUNK),
      tx.claim(FIFO_YOUNG.between([backlog], 0, oldEnough), BACKGROUND_CHUNK),
      tx.claim(FIFO_DELAYED.between([backlog], 0, oldEnough), BACKGROUND_CHUNK),
    ]);
    if (due.length + delayed.length > 0) await prefetchPromotion(scope, due, delayed);
    const tally = newTally();
    for (const { key, value } of due) await promoteOne(scope, { key, value }, tally);
    for (const { key } of grown) tx.delete(key);
    tally.ready += grown.length;
    tally.delayed -= grown.length;
    writeTally(scope, tally);
    for (const { key } of delayed) await changeGroup(scope, FIFO_DELAYED.parts(key)[2], NO_CHANGE);
    return due.length + grown.length + delayed.length;
  },

  async take(scope, { limit, mayTake }) {
    const { tx, queue } = scope;
    await fifoBacklog.promote(scope);
    const ready = FIFO_READY.below(backlogOf(queue));
    const groups = await tx.claim(ready, limit);
    const messages: MessageRecord[] = [];
    const gone = new Map<string, number>();
    const tally = newTally();
    let stoppedBy: MessageRecord | undefined;
    for await (const one of chunkOf(limit, readInTurn(scope, groups))) {
      const { group = "" } = one.message;
      const isKept = !isExpired(scope, one.message);
      if (isKept && !(await mayTake(one.message))) {
        stoppedBy = one.message;
        break;
      }
      tally[await leaveOrder(scope, one)] -= 1;
      deleteMessage(scope, one.position);
      gone.set(group, (gone.get(group) ?? 0) + 1);
      if (isKept) messages.push(one.message);
    }
    writeTally(scope, tally);
    const seen = { claimed: groups.length, taken: gone.size };
    if (gone.size === 0 && stoppedBy === undefined) {
      // All that these have is delayed since: they are not ready any more.
      for (const { key } of groups) gone.set(FIFO_READY.parts(key)[2], 0);
    }
    for (const [group, count] of gone) {
      await changeGroup(scope, group, { queued: -count, inFlight: 0 });
    }
    return { messages, stoppedBy, left: await leftOf(scope, ready, seen) };
  },

  async discard(scope, position, message) {
    const { tx, queue } = scope;
    const backlog = backlogOf(queue);
    const group = message.group ?? "";
    const orderKey = FIFO_ORDER.key(backlog, group, message.sequenceNumber ?? "");
    const flight = await readFlight(scope, position);
    const tally = newTally();
    if ((await tx.get(orderKey)) !== undefined) {
      tally[await leaveOrder(scope, { key: orderKey, message, position })] -= 1;
      await changeGroup(scope, group, { queued: -1, inFlight: 0 });
    } else if (flight !== undefined && (await leaveHidden(scope, position, flight.visibleAtMs))) {
      tally.inFlight -= 1;
      await changeGroup(scope, group, { queued: 0, inFlight: -1 });
    }
    deleteMessage(scope, position);
    writeTally(scope, tally);
  },
};

const NO_CHANGE = { queued: 0, inFlight: 0 };

interface Receiving {
  readonly request: ReceiveRequest;
  readonly deadLetter: DeadLetter | undefined;
}

/** Receives messages of a ready group; the group is locked if there was one. */
async function receiveGroup(
  scope: Scope,
  { group, messages }: Front,
  { request, deadLetter }: Receiving,
): Promise<ReceivedMessage[]> {
  const { nowMs } = scope;
  const received: ReceivedMessage[] = [];
  const tally = newTally();
  for (const { key, message, position, flight, sequence } of messages) {
    tally[await leaveOrder(scope, { key, message, position })] -= 1;
    if (isExpired(scope, message)) {
      deleteMessage(scope, position);
    } else if (deadLetter && flight && flight.receives >= deadLetter.maxReceiveCount) {
      deleteMessage(scope, position);
      const target = { ...scope, queue: deadLetter.queue };
      await fifoBacklog.enqueue(target, deadLettered(scope, message, flight), 0);
    } else {
      const visibleAtMs = nowMs + request.visibilityMs;
      received.push(
        putInFlight(scope, message, { position, earlier: flight, visibleAtMs, sequence }),
      );
    }
  }
  writeTally(scope, { ...tally, inFlight: received.length });
  await changeGroup(scope, group, { queued: -messages.length, inFlight: received.length });
  return received;
}

/** Changes a group's numbers and lets it find its place; a group that gave messages takes a new turn. */
async function changeGroup(
  scope: Scope,
  group: string,
  change: { readonly queued: number; readonly inFlight: number },
): Promise<void> {
  const record = await readGroup(scope, group);
  if (record === undefined) return;
  const changed: GroupRecord = {
    ...record,
    queued: record.queued + change.queued,
    inFlight: record.inFlight + change.inFlight,
  };
  if (change.queued >= 0 && record.delayedSinceMs === undefined) {
    await settleGroup(scope, group, changed);
    return;
  }
  leavePlace(scope, group, record);
  await settleGroup(scope, group, withoutGroupPlace(changed));
}

async function promoteOne(scope: Scope, { key, value }: Entry, tally: Tally): Promise<void> {
  const hidden = decodeRecord<HiddenRecord>(value);
  const { group = "", sequence = "" } = hidden;
  const position = HIDDEN.parts(key)[2];
  scope.tx.delete(key);
  tally.ready += 1;
  tally.inFlight -= 1;
  putBack(scope, position, { flight: await readFlight(scope, position), group, sequence });
  await changeGroup(scope, group, { queued: 1, inFlight: -1 });
}

/** What returns to its place in a group's order. */
interface Returning {
  readonly flight: FlightRecord | undefined;
  readonly group: string;
  readonly sequence: string;
}

/** Returns a message that was in flight to its place in its group's order; its receipt is over. */
function putBack({ tx, queue }: Scope, position: string, { flight, ...place }: Returning): void {
  const backlog = backlogOf(queue);
  if (flight !== undefined) {
    const back: FlightRecord = { ...flight, isBack: true };
    tx.put(FLIGHT.key(backlog, position), encodeRecord(back));
  }
  const order: OrderRecord = { position, sentAtMs: sentAtMsOf(position) };
  tx.put(FIFO_ORDER.key(backlog, place.group, place.sequence), encodeRecord(order));
}

/** What is in flight under a receipt, and what to throw when the receipt does not hold any more. */
interface Held {
  readonly flight: FlightRecord;
  readonly expired: () => ServiceError;
}

/** Takes a flight out of HIDDEN. Throws when the receipt is not the latest or no longer holds. */
function landFlight(scope: Scope, receipt: Receipt, held: Held): void {
  checkReceipt(scope, receipt, held);
  const key = HIDDEN.key(backlogOf(scope.queue), held.flight.visibleAtMs, receipt.position);
  scope.tx.delete(key);
}

function checkReceipt({ nowMs }: Scope, receipt: Receipt, { flight, expired }: Held): void {
  if (flight.receive !== receipt.receive || isOver(flight, nowMs)) throw expired();
}

/** Takes a message out of its group's order; answers which count it was in. */
function leaveOrder(
  scope: Scope,
  { key, message, position }: Pick<FrontMessage, "key" | "message" | "position">,
): Promise<"ready" | "delayed"> {
  scope.tx.delete(key);
  return leaveDelay(scope, position, message);
}

/** Which count a queued message is in; forgets its delay if that still runs. */
async function leaveDelay(
  { tx, queue }: Scope,
  position: string,
  message: MessageRecord,
): Promise<"ready" | "delayed"> {
  if (message.delayedUntilMs === undefined) return "ready";
  const key = FIFO_YOUNG.key(backlogOf(queue), message.sentAtMs, position);
  if ((await tx.get(key)) === undefined) return "ready";
  tx.delete(key);
  return "delayed";
}
