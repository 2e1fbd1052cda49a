import { decodeRecord } from "../../kernel/record.ts";
import type { Entry } from "../../kernel/store.ts";
import type { FlightRecord, Scope } from "./backlog.ts";
import type { Sized } from "./chunk.ts";
import type { OrderRecord } from "./fifo-group.ts";
import { FIFO_GROUP, FIFO_ORDER, FIFO_READY, FLIGHT, MESSAGE } from "./keys.ts";
import type { MessageRecord } from "./message.ts";
import { prefetchDelays } from "./prefetch.ts";
import { backlogOf } from "./queue.ts";

/** The front of a ready message group: its first messages, in order. */
export interface Front {
  readonly group: string;
  readonly messages: readonly FrontMessage[];
}

/** A message of a front, with what belongs to it. */
export interface FrontMessage extends Sized {
  readonly key: Entry["key"];
  readonly sequence: string;
  readonly position: string;
  readonly message: MessageRecord;
  readonly flight: FlightRecord | undefined;
}

/** Reads ready groups, as many as it takes to have `limit` messages whose delay is over. */
export async function readFront(
  scope: Scope,
  ready: readonly Entry[],
  limit: number,
): Promise<Front[]> {
  const groups = ready.map((entry) => FIFO_READY.parts(entry.key)[2]);
  const orders = await readOrders(scope, groups, limit);
  const met: { group: string; placed: Placed[] }[] = [];
  let left = limit;
  for (const [index, entries] of orders.entries()) {
    if (left === 0) break;
    const placed = visibleOrders(scope, entries.slice(0, left));
    left -= placed.length;
    met.push({ group: groups[index] ?? "", placed });
  }
  const messages = await readPlaced(
    scope,
    met.flatMap(({ placed }) => placed),
  );
  return met.map(({ group, placed }) => ({
    group,
    messages: placed.flatMap((one) => messages.get(one) ?? []),
  }));
}

/**
 * Reads all of ready groups, one group after the other, page by page: what a page answered has left
 * its group before the next one is read.
 */
export function readInTurn(
  scope: Scope,
  ready: readonly Entry[],
): (most: number) => Promise<FrontMessage[]> {
  let unread = ready;
  return async (most) => {
    while (unread.length > 0) {
      const fronts = await readFront(scope, unread.slice(0, most), most);
      const page = fronts.flatMap(({ messages }) => messages);
      // The last group of a full page may have more.
      unread = unread.slice(page.length < most ? most : fronts.length - 1);
      if (page.length > 0) return page;
    }
    return [];
  };
}

/** The first entries of each group, of as many groups as it takes; all at once where that is quicker. */
async function readOrders(
  { tx, queue }: Scope,
  groups: readonly string[],
  limit: number,
): Promise<Entry[][]> {
  const backlog = backlogOf(queue);
  const read = (group: string, most: number): Promise<Entry[]> =>
    tx.range(FIFO_ORDER.below(backlog, group), { limit: most });
  if (tx.prefetch !== undefined) {
    const fetched = tx.prefetch(groups.map((group) => FIFO_GROUP.key(backlog, group)));
    const [orders] = await Promise.all([
      Promise.all(groups.map((group) => read(group, limit))),
      fetched,
    ]);
    return orders;
  }
  const orders: Entry[][] = [];
  let left = limit;
  for (const group of groups) {
    if (left === 0) break;
    const entries = await read(group, left);
    orders.push(entries);
    left -= entries.length;
  }
  return orders;
}

/** An entry of FIFO_ORDER. */
interface Placed extends OrderRecord {
  readonly key: Entry["key"];
}

/** The first entries of a group's order whose delay is over. */
function visibleOrders({ queue, nowMs }: Scope, entries: readonly Entry[]): Placed[] {
  const delayMs = queue.delaySeconds * 1_000;
  const placed = entries.map(({ key, value }) => ({ key, ...decodeRecord<OrderRecord>(value) }));
  // Without a delay nothing waits, also when the clock was set back since.
  const young = delayMs > 0 ? placed.findIndex(({ sentAtMs }) => sentAtMs + delayMs > nowMs) : -1;
  return young < 0 ? placed : placed.slice(0, young);
}

async function readPlaced(
  scope: Scope,
  placed: readonly Placed[],
): Promise<Map<Placed, FrontMessage>> {
  const { tx, queue } = scope;
  const messages = new Map<Placed, FrontMessage>();
  if (placed.length === 0) return messages;
  const backlog = backlogOf(queue);
  const [values] = await Promise.all([
    tx.getMany([
      ...placed.map(({ position }) => MESSAGE.key(backlog, position)),
      ...placed.map(({ position }) => FLIGHT.key(backlog, position)),
    ]),
    queue.delaySeconds > 0 && prefetchDelays(scope, placed),
  ]);
  for (const [index, one] of placed.entries()) {
    const message = values[index];
    const flight = values[placed.length + index];
    if (message === undefined) continue;
    messages.set(one, {
      key: one.key,
      sequence: FIFO_ORDER.parts(one.key)[2],
      position: one.position,
      message: decodeRecord<MessageRecord>(message),
      flight: flight && decodeRecord<FlightRecord>(flight),
      sizeBytes: message.byteLength,
    });
  }
  return messages;
}
