import { decodeRecord, encodeRecord, PRESENT } from "../../kernel/record.ts";
import type { Key } from "../../kernel/tuple.ts";
import type { Scope } from "./backlog.ts";
import { DEDUPLICATION, FORGET } from "./keys.ts";
import { BACKGROUND_CHUNK, DEDUPLICATION_MS } from "./limits.ts";
import type { MessageRecord } from "./message.ts";
import { backlogOf } from "./queue.ts";

/** What a send of a FIFO queue answered, for the sends that repeat it. */
interface DeduplicationRecord {
  readonly messageId: string;
  readonly sequenceNumber: string;
  readonly untilMs: number;
}

/** How many forgotten ids a send clears away: more than it adds. */
const FORGET_PER_SEND = 2;

/** The earlier message that a message repeats within 5 minutes; undefined when it is new. */
export async function earlierSend(
  { tx, queue, nowMs }: Scope,
  message: MessageRecord,
): Promise<Pick<DeduplicationRecord, "messageId" | "sequenceNumber"> | undefined> {
  const value = await tx.get(deduplicationKey(queue, message));
  if (value === undefined) return undefined;
  const record = decodeRecord<DeduplicationRecord>(value);
  return record.untilMs > nowMs ? record : undefined;
}

/** Remembers a message that was accepted. */
export async function rememberSend(scope: Scope, message: MessageRecord): Promise<void> {
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
  await forgetDue(scope, FORGET_PER_SEND);
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
  for (const entry of due) {
    // The key part of a FORGET key is the text of a key of this backlog.
    const key = FORGET.parts(entry.key)[2] as Key;
    tx.delete(entry.key);
    const value = await tx.get(key);
    if (value === undefined) continue;
    if (decodeRecord<{ untilMs: number }>(value).untilMs <= nowMs) tx.delete(key);
  }
  return due.length;
}

function deduplicationKey(queue: Scope["queue"], message: MessageRecord): Key {
  const scope = queue.deduplicationScope === "messageGroup" ? (message.group ?? "") : "";
  return DEDUPLICATION.key(backlogOf(queue), scope, message.deduplicationId ?? "");
}
