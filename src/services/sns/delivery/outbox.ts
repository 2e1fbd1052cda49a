import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { OUTBOX, OUTBOX_COUNT } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import type { Sns } from "../sns.ts";

/** What is told of everything here, since nobody is there who could be given it. */
export const NOTHING_SENT = "kept here, nothing was sent";

/** A mail, short message or push that this server keeps because it has nobody to give it to. */
export interface OutboxRecord {
  readonly kind: "email" | "push" | "sms";
  readonly to: string;
  readonly from?: string;
  readonly subject?: string;
  readonly body: string;
  readonly messageId: string;
}

/** Entries removed when one is added to a full outbox. */
const MADE_ROOM = 2;

/** Keeps an entry; the oldest go when there are too many. */
export async function putInOutbox(sns: Sns, tx: Tx, record: OutboxRecord): Promise<void> {
  const { clock, log, random } = sns.deps;
  tx.put(OUTBOX.key(clock.now(), random.uuid()), encodeRecord({ state: NOTHING_SENT, ...record }));
  tx.add(OUTBOX_COUNT.key(), 1);
  if ((await tx.sum(OUTBOX_COUNT.key())) > LIMITS.outboxEntries) {
    const oldest = await tx.claim(OUTBOX.below(), MADE_ROOM);
    for (const { key } of oldest) tx.delete(key);
    tx.add(OUTBOX_COUNT.key(), -oldest.length);
  }
  const { kind, to, subject, messageId } = record;
  const told = { kind, state: NOTHING_SENT, to, subject, messageId };
  tx.afterCommit(() => log.info("sns outbox", told));
}

/** The latest entries, newest first. */
export async function readOutbox(
  sns: Sns,
): Promise<readonly (OutboxRecord & { readonly at: string; readonly state: string })[]> {
  const entries = await sns.deps.store.read((reader) =>
    reader.range(OUTBOX.below(), { limit: LIMITS.outboxPage, reverse: true }),
  );
  return entries.map(({ key, value }) => {
    const [atMs] = OUTBOX.parts(key);
    return {
      at: new Date(atMs).toISOString(),
      ...decodeRecord<OutboxRecord & { readonly state: string }>(value),
    };
  });
}
