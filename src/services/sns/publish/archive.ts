import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { TimerHandler } from "../../../kernel/work.ts";
import { invalidParameter } from "../errors.ts";
import type { Admitted } from "./fifo.ts";
import { readJsonObject } from "../json-object.ts";
import { ARCHIVE } from "../keys.ts";
import { ARCHIVE_SWEEP_MS, DAY_MS, LIMITS } from "../limits.ts";
import type { PublishedMessage } from "../message.ts";
import type { Sns } from "../sns.ts";
import { findTopic } from "../topic.ts";
import type { TopicAddress, TopicRecord } from "../topic.ts";

/** A message in the archive, as it was published. */
export interface ArchivedMessage {
  readonly message: PublishedMessage;
}

/** The kind of work that sweeps an archive; its id is the topic's. */
export const ARCHIVE_WORK = "sns.archive";

/** Days that a topic keeps messages; undefined when it has no archive. */
export function archiveDays(topic: TopicRecord): number | undefined {
  const policy = topic.attributes["ArchivePolicy"];
  return policy === undefined ? undefined : readArchivePolicy(policy);
}

/**
 * Reads `{"MessageRetentionPeriod": "30"}`; undefined for an empty object, which ends archiving.
 * Throws InvalidParameter.
 */
export function readArchivePolicy(text: string): number | undefined {
  const refuse = (reason: string): Error => invalidParameter(`ArchivePolicy: ${reason}`);
  const entries = Object.entries(readJsonObject(text, refuse));
  if (entries.length === 0) return undefined;
  for (const [name] of entries) {
    if (name !== "MessageRetentionPeriod") {
      throw refuse(`invalid JSON. Attribute ${name} is unknown.`);
    }
  }
  const value = entries[0]?.[1];
  const days = typeof value === "string" || typeof value === "number" ? Number(value) : Number.NaN;
  if (!Number.isInteger(days) || days < 1 || days > LIMITS.archiveDays) {
    throw refuse("MessageRetentionPeriod value is invalid");
  }
  return days;
}

/** The earliest moment that can be replayed from; undefined without an archive. */
export function beginningArchiveMs(topic: TopicRecord, nowMs: number): number | undefined {
  const days = archiveDays(topic);
  if (days === undefined || topic.archiveSinceMs === undefined) return undefined;
  return Math.max(topic.archiveSinceMs, nowMs - days * DAY_MS);
}

/** Keeps a message if its topic has an archive. */
export function archive(tx: Tx, topic: TopicRecord, { message, archivedAtMs }: Admitted): void {
  if (archiveDays(topic) === undefined) return;
  tx.put(
    ARCHIVE.key(topic.id, archivedAtMs, message.sequenceNumber),
    encodeRecord({ message } satisfies ArchivedMessage),
  );
}

/** Sees to it that the archive is swept while there is one, and emptied afterwards. */
export async function scheduleSweep(sns: Sns, tx: Tx, topic: TopicRecord): Promise<void> {
  const { accountId, region, name } = topic;
  const payload: TopicAddress = { accountId, region, name };
  const dueAtMs = sns.deps.clock.now() + ARCHIVE_SWEEP_MS;
  await sns.deps.work.schedule(tx, { kind: ARCHIVE_WORK, id: topic.id, dueAtMs, payload });
}

/** Removes archived messages whose time is over. */
export function archiveTimer(sns: Sns): TimerHandler {
  return {
    kind: "timer",
    fire: async (tx, { id: topicId, payload }) => {
      // Written by scheduleSweep.
      const topic = await findTopic(tx, payload as TopicAddress);
      if (topic?.id !== topicId) return;
      const nowMs = sns.deps.clock.now();
      const days = archiveDays(topic);
      const end = days === undefined ? nowMs + 1 : nowMs - days * DAY_MS;
      const limit = LIMITS.removedPerTransaction;
      const expired = await tx.claim(ARCHIVE.between([topicId], 0, Math.max(0, end)), limit);
      for (const { key } of expired) tx.delete(key);
      const isDone = expired.length < limit;
      if (isDone && days === undefined) return;
      const dueAtMs = isDone ? nowMs + ARCHIVE_SWEEP_MS : nowMs;
      await sns.deps.work.schedule(tx, { kind: ARCHIVE_WORK, id: topicId, dueAtMs, payload });
    },
  };
}

/** A message out of the archive. */
export function readArchived(value: Uint8Array): PublishedMessage {
  return decodeRecord<ArchivedMessage>(value).message;
}
