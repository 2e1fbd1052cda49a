import { decodeRecord } from "../../kernel/record.ts";
import type { Entry } from "../../kernel/store.ts";
import type { FlightRecord, HiddenRecord, Scope } from "./backlog.ts";
import type { OrderRecord } from "./fifo-group.ts";
import {
  FIFO_DELAYED,
  FIFO_GROUP,
  FIFO_ORDER,
  FIFO_YOUNG,
  FLIGHT,
  HIDDEN,
  MESSAGE,
  READY,
} from "./keys.ts";
import type { MessageRecord } from "./message.ts";
import { backlogOf } from "./queue.ts";
import type { Receipt } from "./receipt.ts";

/*
 * What is read one by one later on, fetched together: few round trips where the store is remote, and
 * nothing at all where it is near.
 */

/** For the deletion of messages, or changes of their visibility. */
export async function prefetchReceipts(scope: Scope, receipts: readonly Receipt[]): Promise<void> {
  const { tx, queue } = scope;
  if (tx.prefetch === undefined) return;
  const backlog = backlogOf(queue);
  const flightKeys = receipts.map(({ position }) => FLIGHT.key(backlog, position));
  if (queue.isFifo) {
    const groupKeys = receipts.map(({ group }) => FIFO_GROUP.key(backlog, group));
    return tx.prefetch([...flightKeys, ...groupKeys]);
  }
  const messageKeys = receipts.map(({ position }) => MESSAGE.key(backlog, position));
  await tx.prefetch(queue.isFair ? [...flightKeys, ...messageKeys] : flightKeys);
  await prefetchHidden(
    scope,
    receipts.map(({ position }) => position),
  );
}

/** For messages that are discarded, wherever they are. */
export async function prefetchDiscards(
  scope: Scope,
  messages: readonly { readonly position: string; readonly message: MessageRecord }[],
): Promise<void> {
  const { tx, queue } = scope;
  if (tx.prefetch === undefined) return;
  const backlog = backlogOf(queue);
  await tx.prefetch(
    messages.flatMap(({ position, message }) => {
      const { group = "", sequenceNumber = "", turn = 0, delayedUntilMs, sentAtMs } = message;
      const isDelayed = delayedUntilMs !== undefined;
      const flightKey = FLIGHT.key(backlog, position);
      if (!queue.isFifo) {
        const hiddenKey = isDelayed ? [HIDDEN.key(backlog, delayedUntilMs, position)] : [];
        return [flightKey, READY.key(backlog, turn, position), ...hiddenKey];
      }
      const youngKey = isDelayed ? [FIFO_YOUNG.key(backlog, sentAtMs, position)] : [];
      const orderKey = FIFO_ORDER.key(backlog, group, sequenceNumber);
      return [flightKey, orderKey, FIFO_GROUP.key(backlog, group), ...youngKey];
    }),
  );
  await prefetchHidden(
    scope,
    messages.map(({ position }) => position),
  );
}

/** For messages in flight, whose flights were fetched. */
async function prefetchHidden({ tx, queue }: Scope, positions: readonly string[]): Promise<void> {
  const backlog = backlogOf(queue);
  const flights = await tx.getMany(positions.map((position) => FLIGHT.key(backlog, position)));
  const keys = positions.flatMap((position, index) => {
    const flight = flights[index];
    if (flight === undefined) return [];
    return HIDDEN.key(backlog, decodeRecord<FlightRecord>(flight).visibleAtMs, position);
  });
  await tx.prefetch?.(keys);
}

/** For messages of a FIFO queue that become visible, and groups whose delay is over. */
export async function prefetchPromotion(
  { tx, queue }: Scope,
  due: readonly Entry[],
  delayed: readonly Entry[],
): Promise<void> {
  const backlog = backlogOf(queue);
  const positions = due.map(({ key }) => HIDDEN.parts(key)[2]);
  await tx.prefetch?.([
    ...positions.map((position) => FLIGHT.key(backlog, position)),
    ...due.map(({ value }) =>
      FIFO_GROUP.key(backlog, decodeRecord<HiddenRecord>(value).group ?? ""),
    ),
    ...delayed.map(({ key }) => FIFO_GROUP.key(backlog, FIFO_DELAYED.parts(key)[2])),
  ]);
}

/** For messages of a FIFO queue that may count as delayed. */
export async function prefetchDelays(
  { tx, queue }: Scope,
  orders: readonly OrderRecord[],
): Promise<void> {
  const backlog = backlogOf(queue);
  await tx.prefetch?.(
    orders.map(({ sentAtMs, position }) => FIFO_YOUNG.key(backlog, sentAtMs, position)),
  );
}
