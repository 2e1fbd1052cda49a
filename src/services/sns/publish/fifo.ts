import { createHash } from "node:crypto";
import { decodeRecord, encodeRecord, PRESENT } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { invalidParameter } from "../errors.ts";
import { DEDUPLICATION, DEDUPLICATION_EXPIRY, FIFO_SEQUENCE } from "../keys.ts";
import { DEDUPLICATION_MS, LIMITS } from "../limits.ts";
import type { PublishedMessage } from "../message.ts";
import type { TopicRecord } from "../topic.ts";

/** Where the order of a FIFO topic stands. */
export interface SequenceRecord {
  /** 20 digits. */
  readonly last: string;
  /** The latest publish time, so that times in the archive go the way of the sequence. */
  readonly atMs: number;
}

interface DeduplicationRecord {
  readonly messageId: string;
  readonly sequenceNumber: string;
  readonly expiresAtMs: number;
}

/** What was answered to a publish that this one repeats. */
export interface Duplicate {
  readonly messageId: string;
  readonly sequenceNumber: string;
}

/** A message that may go on: its place in the topic is taken. */
export interface Admitted {
  readonly message: PublishedMessage & { readonly sequenceNumber: string };
  /** Never less than that of the message before. */
  readonly archivedAtMs: number;
}

const FIRST_SEQUENCE = 10_000_000_000_000_000_000n;

/** Checks group and deduplication id against the kind of topic. Throws InvalidParameter. */
export function checkOrdering(topic: TopicRecord, message: PublishedMessage): void {
  if (topic.isFifo) {
    if (message.messageGroupId === undefined) {
      throw invalidParameter("The MessageGroupId parameter is required for FIFO topics");
    }
    const byContent = topic.attributes["ContentBasedDeduplication"] === "true";
    if (message.messageDeduplicationId === undefined && !byContent) {
      throw invalidParameter(
        "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
      );
    }
  } else if (message.messageDeduplicationId !== undefined) {
    throw invalidParameter(
      "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
    );
  }
}

/** Gives a message of a FIFO topic its place, unless it repeats one of the last 5 minutes. */
export async function admit(
  tx: Tx,
  topic: TopicRecord,
  message: PublishedMessage,
  nowMs: number,
): Promise<{ readonly duplicate: Duplicate } | { readonly admitted: Admitted }> {
  const scope = deduplicationScope(topic, message);
  const deduplicationId = message.messageDeduplicationId ?? contentHash(message.body);
  const key = DEDUPLICATION.key(topic.id, scope, deduplicationId);
  const [known, sequence] = await tx.getMany([key, FIFO_SEQUENCE.key(topic.id)]);
  const earlier = known && decodeRecord<DeduplicationRecord>(known);
  if (earlier !== undefined && earlier.expiresAtMs > nowMs) return { duplicate: earlier };
  const before = sequence && decodeRecord<SequenceRecord>(sequence);
  const next: SequenceRecord = {
    last: String(before === undefined ? FIRST_SEQUENCE : BigInt(before.last) + 1n),
    atMs: Math.max(nowMs, before?.atMs ?? 0),
  };
  tx.put(FIFO_SEQUENCE.key(topic.id), encodeRecord(next));
  await remember(tx, topic.id, {
    scope,
    deduplicationId,
    record: {
      messageId: message.messageId,
      sequenceNumber: next.last,
      expiresAtMs: nowMs + DEDUPLICATION_MS,
    },
  });
  const placed = { ...message, sequenceNumber: next.last, messageDeduplicationId: deduplicationId };
  return { admitted: { message: placed, archivedAtMs: next.atMs } };
}

function deduplicationScope(topic: TopicRecord, message: PublishedMessage): string {
  return topic.attributes["FifoThroughputScope"] === "MessageGroup"
    ? (message.messageGroupId ?? "")
    : "";
}

function contentHash(body: string): string {
  return createHash("sha256").update(body).digest("hex");
}

/** Remembers an id, and forgets some of those whose time is over. */
async function remember(
  tx: Tx,
  topicId: string,
  entry: {
    readonly scope: string;
    readonly deduplicationId: string;
    readonly record: DeduplicationRecord;
  },
): Promise<void> {
  const { scope, deduplicationId, record } = entry;
  const nowMs = record.expiresAtMs - DEDUPLICATION_MS;
  const expired = await tx.claim(
    DEDUPLICATION_EXPIRY.between([topicId], 0, nowMs + 1),
    LIMITS.sweptPerPublish,
  );
  for (const { key } of expired) {
    const [, , oldScope, oldId] = DEDUPLICATION_EXPIRY.parts(key);
    tx.delete(key);
    tx.delete(DEDUPLICATION.key(topicId, oldScope, oldId));
  }
  tx.put(DEDUPLICATION.key(topicId, scope, deduplicationId), encodeRecord(record));
  tx.put(DEDUPLICATION_EXPIRY.key(topicId, record.expiresAtMs, scope, deduplicationId), PRESENT);
}
