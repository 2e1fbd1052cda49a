import type { Entry } from "../../kernel/store.ts";
import type { KeyRange } from "../../kernel/tuple.ts";
import { countOf } from "./backlog.ts";
import type { Scope } from "./backlog.ts";
import { deadLetterOf } from "./dead-letter.ts";
import type { DeadLetter } from "./dead-letter.ts";
import { LIMITS } from "./limits.ts";
import { topicOf } from "./queue.ts";

/** What a receive of either kind of queue begins with. */
export interface ReceiveStart {
  /** How many messages it may take: 0 when the most are in flight. */
  readonly limit: number;
  readonly deadLetter: DeadLetter | undefined;
  /** The first ready entries, claimed; at most `limit`. */
  readonly first: readonly Entry[];
}

export interface ReceiveStartOptions {
  /** Makes visible what is due; answers how much that was. */
  readonly promote: (scope: Scope) => Promise<number>;
  readonly ready: KeyRange;
  /** How many messages are asked for. */
  readonly limit: number;
}

/**
 * Asks together for what a receive surely needs, which is one round trip where the store is remote;
 * for some of it again only when something has just become visible, or a place free.
 */
export async function startReceive(
  scope: Scope,
  { promote, ready, limit: asked }: ReceiveStartOptions,
): Promise<ReceiveStart> {
  const { tx, queue } = scope;
  const [promoted, counted, deadLetter, claimed] = await Promise.all([
    promote(scope),
    countOf(tx, queue, "inFlight"),
    deadLetterOf(scope),
    tx.claim(ready, asked),
  ]);
  const inFlight = promoted === 0 ? counted : await countOf(tx, queue, "inFlight");
  const limit = Math.max(0, Math.min(asked, LIMITS.inFlightMessages - inFlight));
  // Whoever looked meanwhile did not see what is claimed here and stays.
  const unused = claimed.length - limit;
  if (limit > 0 && unused > 0) tx.wake({ topic: topicOf(queue), count: unused });
  const isKnown = promoted === 0 || claimed.length >= limit;
  const first = isKnown ? claimed.slice(0, limit) : await tx.claim(ready, limit);
  return { limit, deadLetter, first };
}
