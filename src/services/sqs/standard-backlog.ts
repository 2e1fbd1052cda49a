import { decodeRecord, encodeRecord, PRESENT } from "../../kernel/record.ts";
import type { Entry } from "../../kernel/store.ts";
import {
  checkTotalVisibility,
  deleteMessage,
  isExpired,
  leaveHidden,
  leftOf,
  moveHidden,
  newTally,
  putInFlight,
  readFlight,
  writeTally,
} from "./backlog.ts";
import type { Backlog, FlightRecord, HiddenRecord, ReceiveRequest, Scope } from "./backlog.ts";
import { chunkOf } from "./chunk.ts";
import type { Sized } from "./chunk.ts";
import { deadLettered } from "./dead-letter.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { messageIsGone, messageNotInFlight, tooManyInFlight } from "./errors.ts";
import { assignTurn, leaveTurn } from "./fairness.ts";
import { FLIGHT, HIDDEN, MESSAGE, READY } from "./keys.ts";
import type { CountName } from "./keys.ts";
import { BACKGROUND_CHUNK, RECEIVE_ROUNDS } from "./limits.ts";
import type { MessageRecord, ReceivedMessage } from "./message.ts";
import { backlogOf, topicOf } from "./queue.ts";
import { startReceive } from "./receive-start.ts";

/** The backlog of a standard queue: at least once, in the order of turns and positions. */
export const standardBacklog: Backlog = {
  async enqueue(scope, message, delaySeconds) {
    const { tx, queue, nowMs, positions } = scope;
    const backlog = backlogOf(queue);
    const position = positions.next(message.sentAtMs);
    const atMs = nowMs + delaySeconds * 1_000;
    const turned = await assignTurn(scope, message);
    const placed = delaySeconds > 0 ? { ...turned, delayedUntilMs: atMs } : turned;
    tx.put(MESSAGE.key(backlog, position), encodeRecord(placed));
    const tally = newTally();
    if (delaySeconds > 0) {
      const hidden: HiddenRecord = {
        kind: "delayed",
        ...(placed.turn !== undefined && { turn: placed.turn }),
      };
      tx.put(HIDDEN.key(backlog, atMs, position), encodeRecord(hidden));
      tx.wake({ topic: topicOf(queue), atMs });
      tally.delayed += 1;
    } else {
      putReady(scope, placed.turn, position);
      tally.ready += 1;
    }
    writeTally(scope, tally);
    return placed;
  },

  async receive(scope, request) {
    const { tx, queue } = scope;
    const ready = READY.below(backlogOf(queue));
    const start = {
      promote: (at: Scope) => standardBacklog.promote(at),
      ready,
      limit: request.limit,
    };
    const { limit, deadLetter, first } = await startReceive(scope, start);
    if (limit === 0 && request.whenFull === "refuse") throw tooManyInFlight();
    const received: ReceivedMessage[] = [];
    const tally = newTally();
    for (let round = 0; round < RECEIVE_ROUNDS && received.length < limit; round += 1) {
      const wanted = limit - received.length;
      const entries = round === 0 ? first : await tx.claim(ready, wanted);
      for (const met of await readMet(scope, entries)) {
        tx.delete(met.entry.key);
        tally.ready -= 1;
        const one = await receiveOne(scope, met, { request, deadLetter });
        if (one !== undefined) received.push(one);
      }
      if (entries.length < wanted) break;
    }
    // All that was met was expired or dead-lettered, and there may be more behind.
    if (received.length === 0 && tally.ready < 0) tx.wake({ topic: topicOf(queue) });
    tally.inFlight += received.length;
    writeTally(scope, tally);
    return received;
  },

  async remove(scope, receipt) {
    const { tx, queue } = scope;
    const flight = await readFlight(scope, receipt.position);
    // Gone already, or received again since: a standard queue answers success all the same.
    if (flight?.receive !== receipt.receive) return;
    const backlog = backlogOf(queue);
    const value = queue.isFair ? await tx.get(MESSAGE.key(backlog, receipt.position)) : undefined;
    const message = value && decodeRecord<MessageRecord>(value);
    const isHidden = await leaveHidden(scope, receipt.position, flight.visibleAtMs);
    const tally = newTally();
    if (!isHidden) tx.delete(READY.key(backlog, message?.turn ?? 0, receipt.position));
    tally[isHidden ? "inFlight" : "ready"] -= 1;
    deleteMessage(scope, receipt.position);
    if (message !== undefined) leaveTurn(scope, message);
    writeTally(scope, tally);
  },

  async changeVisibility(scope, receipt, change) {
    const { tx, queue, nowMs } = scope;
    const flight = await readFlight(scope, receipt.position);
    if (flight === undefined) throw messageIsGone(change.handle);
    const hiddenKey = HIDDEN.key(backlogOf(queue), flight.visibleAtMs, receipt.position);
    const value = await tx.get(hiddenKey);
    const isCurrent = flight.receive === receipt.receive && flight.visibleAtMs > nowMs;
    if (value === undefined || !isCurrent) throw messageNotInFlight(change.handle);
    checkTotalVisibility(scope, flight, change);
    const hidden = decodeRecord<HiddenRecord>(value);
    if (change.seconds > 0) {
      const visibleAtMs = nowMs + change.seconds * 1_000;
      moveHidden(scope, receipt.position, { flight, hidden, visibleAtMs });
      return;
    }
    tx.delete(hiddenKey);
    tx.put(
      FLIGHT.key(backlogOf(queue), receipt.position),
      encodeRecord({ ...flight, visibleAtMs: nowMs }),
    );
    putReady(scope, hidden.turn, receipt.position);
    writeTally(scope, { ready: 1, delayed: 0, inFlight: -1 });
  },

  async promote(scope) {
    const { tx, queue, nowMs } = scope;
    const due = HIDDEN.between([backlogOf(queue)], 0, nowMs + 1);
    const entries = await tx.claim(due, BACKGROUND_CHUNK);
    const tally = newTally();
    for (const { key, value } of entries) {
      const hidden = decodeRecord<HiddenRecord>(value);
      tx.delete(key);
      putReady(scope, hidden.turn, HIDDEN.parts(key)[2]);
      tally.ready += 1;
      tally[hidden.kind === "delayed" ? "delayed" : "inFlight"] -= 1;
    }
    writeTally(scope, tally);
    return entries.length;
  },

  async take(scope, { limit, mayTake }) {
    const { tx, queue } = scope;
    await standardBacklog.promote(scope);
    const ready = READY.below(backlogOf(queue));
    const entries = await tx.claim(ready, limit);
    const tally = newTally();
    const messages: MessageRecord[] = [];
    let stoppedBy: MessageRecord | undefined;
    const unread = [...entries];
    const read = (most: number): Promise<Met[]> => readMet(scope, unread.splice(0, most));
    for await (const { entry, message, position } of chunkOf(limit, read)) {
      const isKept = message !== undefined && !isExpired(scope, message);
      if (isKept && !(await mayTake(message))) {
        stoppedBy = message;
        break;
      }
      tx.delete(entry.key);
      tally.ready -= 1;
      if (message === undefined) continue;
      deleteMessage(scope, position);
      leaveTurn(scope, message);
      if (isKept) messages.push(message);
    }
    writeTally(scope, tally);
    const seen = { claimed: entries.length, taken: -tally.ready };
    return { messages, stoppedBy, left: await leftOf(scope, ready, seen) };
  },

  async discard(scope, position, message) {
    const place = await leavePlace(scope, position, message);
    deleteMessage(scope, position);
    if (place === undefined) return;
    leaveTurn(scope, message);
    writeTally(scope, { ...newTally(), [place]: -1 });
  },
};

/** A ready entry with what belongs to it. */
interface Met extends Sized {
  readonly entry: Entry;
  readonly position: string;
  readonly message: MessageRecord | undefined;
  readonly flight: FlightRecord | undefined;
}

async function readMet({ tx, queue }: Scope, entries: readonly Entry[]): Promise<Met[]> {
  if (entries.length === 0) return [];
  const backlog = backlogOf(queue);
  const positions = entries.map((entry) => READY.parts(entry.key)[2]);
  const values = await tx.getMany([
    ...positions.map((position) => MESSAGE.key(backlog, position)),
    ...positions.map((position) => FLIGHT.key(backlog, position)),
  ]);
  return entries.map((entry, index) => {
    const message = values[index];
    const flight = values[entries.length + index];
    return {
      entry,
      position: positions[index] ?? "",
      message: message && decodeRecord<MessageRecord>(message),
      flight: flight && decodeRecord<FlightRecord>(flight),
      sizeBytes: message?.byteLength ?? 0,
    };
  });
}

interface Receiving {
  readonly request: ReceiveRequest;
  readonly deadLetter: DeadLetter | undefined;
}

async function receiveOne(
  scope: Scope,
  { message, position, flight }: Met,
  { request, deadLetter }: Receiving,
): Promise<ReceivedMessage | undefined> {
  if (message === undefined) return undefined;
  if (isExpired(scope, message)) {
    deleteMessage(scope, position);
    leaveTurn(scope, message);
    return undefined;
  }
  if (deadLetter && flight && flight.receives >= deadLetter.maxReceiveCount) {
    deleteMessage(scope, position);
    leaveTurn(scope, message);
    const target = { ...scope, queue: deadLetter.queue };
    await standardBacklog.enqueue(target, deadLettered(scope, message, flight), 0);
    return undefined;
  }
  const visibleAtMs = scope.nowMs + request.visibilityMs;
  return putInFlight(scope, message, { position, earlier: flight, visibleAtMs });
}

function putReady({ tx, queue }: Scope, turn: number | undefined, position: string): void {
  tx.put(READY.key(backlogOf(queue), turn ?? 0, position), PRESENT);
  tx.wake({ topic: topicOf(queue) });
}

/** Takes a message out of the place where it is; answers which that was, undefined for none. */
async function leavePlace(
  scope: Scope,
  position: string,
  message: MessageRecord,
): Promise<CountName | undefined> {
  const { tx, queue } = scope;
  const readyKey = READY.key(backlogOf(queue), message.turn ?? 0, position);
  if ((await tx.get(readyKey)) !== undefined) {
    tx.delete(readyKey);
    return "ready";
  }
  const flight = await readFlight(scope, position);
  const hiddenUntilMs = flight?.visibleAtMs ?? message.delayedUntilMs ?? 0;
  if (!(await leaveHidden(scope, position, hiddenUntilMs))) return undefined;
  return flight === undefined ? "delayed" : "inFlight";
}
