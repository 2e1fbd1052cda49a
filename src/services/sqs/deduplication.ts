import { decodeRecord, encodeRecord, PRESENT } from "../../kernel/record.ts";
import type { Tx } from "../../kernel/store.ts";
import type { Key } from "../../kernel/tuple.ts";
import type { Scope } from "./backlog.ts";
import { ensureExpiry } from "./expiry-timer.ts";
import { DEDUPLICATION, FIFO_GROUP, FORGET } from "./keys.ts";
import { BACKGROUND_CHUNK, DEDUPLICATION_MS } from "./limits.ts";
import type { MessageRecord } from "./message.ts";
import { backlogOf } from "./queue.ts";

/** What a send of a FIFO queue answered, for the sends that repeat it. */
interface DeduplicationRecord {
  readonly messageId: string;
  readonly sequenceNumber: string;
  readonly untilMs: number;
}

/**
 * One send of so many, by a digit of its random id, clears ids away: twice as many as are added
 * meanwhile. It has the queue's timer do the same when no more sends come. To look for them is a
 * round trip where the store is remote.
 */
const SENDS_PER_CLEARING = 16;

/** Transactions that have looked for ids to clear away. */
const CLEARED = new WeakSet<Tx>();

/** Fetches what sends to a FIFO queue will read, together; some of them clear old ids away, too. */
export async function prefetchSends(
  scope: Scope,
  messages: readonly MessageRecord[],
): Promise<void> {
  const { tx, queue, nowMs, work } = scope;
  if (!queue.isFifo) return;
  const clears = messages.some(({ id }) => id.endsWith("0")) && !CLEARED.has(tx);
  if (clears) CLEARED.add(tx);
  if (!clears && tx.prefetch === undefined) return;
  const fetched = tx.prefetch?.(
    messages.flatMap((message) => [
      deduplicationKey(queue, message),
      FIFO_GROUP.key(backlogOf(queue), message.group ?? ""),
    ]),
  );
  const dueAtMs = nowMs + DEDUPLICATION_MS;
  await Promise.all([
    fetched,
    clears && forgetDue(scope, 2 * SENDS_PER_CLEARING),
    clears && ensureExpiry(tx, work, { queue, dueAtMs }),
  ]);
}

/** The earlier message that a message repeats within 5 minutes; undefined when it is new. */
export async function earlierSend(
  scope: Scope,
  message: MessageRecord,
): Promise<Pick<DeduplicationRecord, "messageId" | "sequenceNumber"> | undefined> {
  const { tx, queue, nowMs } = scope;
  await prefetchSends(scope, [message]);
  const value = await tx.get(deduplicationKey(queue, message));
  if (value === undefined) return undefined;
  const record = decodeRecord<DeduplicationRecord>(value);
  return record.untilMs > nowMs ? record : undefined;
}

/** Remembers a message that was accepted. */
export function rememberSend(scope: Scope, message: MessageRecord): void {
  const { tx, queue, nowMs } = scope;
  const untilMs = nowMs + DEDUPLICATION_MS;
  const key = deduplicationKey(queue, message);
  const record: DeduplicationRecord = {
    messageId: message.id,
    sequenceNumber: message.sequenceNumber ?? "",
    untilMs,
  };
  tx.put(key, encodeRecord(record));
  forgetAt(scope, key, untilMs);
}

/** Has a key deleted at a time, by the sends that follow or by the queue's timer. */
export function forgetAt({ tx, queue }: Scope, key: Key, atMs: number): void {
  tx.put(FORGET.key(backlogOf(queue), atMs, key), PRESENT);
}

/** Deletes keys whose time has come; answers how many. A key that was renewed stays. */
export async function forgetDue(
  { tx, queue, nowMs }: Scope,
  limit: number = BACKGROUND_CHUNK,
): Promise<number> {
  const due = await tx.claim(FORGET.between([backlogOf(queue)], 0, nowMs + 1), limit);
  // The key part of a FORGET key is the text of a key of this backlog.
  const keys = due.map((entry) => FORGET.parts(entry.key)[2] as Key);
  const values = due.length === 0 ? [] : await tx.getMany(keys);
  for (const [index, entry] of due.entries()) {
    tx.delete(entry.key);
    const [key, value] = [keys[index], values[index]];
    if (key === undefined || value === undefined) continue;
    if (decodeRecord<{ untilMs: number }>(value).untilMs <= nowMs) tx.delete(key);
  }
  return due.length;
}

/** Whether something is remembered that is to be forgotten at some time. */
export async function remembersMore({ tx, queue }: Scope): Promise<boolean> {
  return (await tx.range(FORGET.below(backlogOf(queue)), { limit: 1 })).length > 0;
}

function deduplicationKey(queue: Scope["queue"], message: MessageRecord): Key {
  const scope = queue.deduplicationScope === "messageGroup" ? (message.group ?? "") : "";
  return DEDUPLICATION.key(backlogOf(queue), scope, message.deduplicationId ?? "");
}
