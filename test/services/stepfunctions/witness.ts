import assert from "node:assert/strict";
import type { HistoryEvent } from "@aws-sdk/client-sfn";

/** Events whose predecessor is that of the branches or iterations which came to its end last. */
const JOINS = new Set([
  "ParallelStateSucceeded",
  "ParallelStateExited",
  "MapStateSucceeded",
  "MapStateExited",
  "MapIterationStarted",
]);

/**
 * What of a history is the same however often it was interrupted: its events, each with the one
 * before it. Branches take turns in any order, so the lines are sorted. Throws when numbers are missing,
 * come twice, or an event comes before its predecessor.
 */
export function witnessOf(name: string, events: readonly HistoryEvent[]): string[] {
  const lines = events.map((event, index) => {
    const { id = 0, previousEventId = 0 } = event;
    assert.equal(id, index + 1, "events are numbered from 1 on without gaps");
    assert.ok(previousEventId < id, "an event comes after its predecessor");
    // The first state follows nothing, as AWS has it.
    assert.ok(id <= 2 || previousEventId > 0, "an event has a predecessor");
    return describe(name, event);
  });
  return events
    .map(({ type = "", previousEventId = 0 }, index) => {
      const previous = JOINS.has(type) ? "the last one" : (lines[previousEventId - 1] ?? "nothing");
      return `${lines[index]} after ${previous}`;
    })
    .toSorted();
}

/** An event without what differs from run to run. */
function describe(
  name: string,
  { id: _, previousEventId: __, timestamp: ___, ...rest }: HistoryEvent,
): string {
  return JSON.stringify(rest)
    .replaceAll(name, "NAME")
    .replaceAll(/127\.0\.0\.1:\d+/g, "HOST")
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "UUID")
    .replaceAll(/\b[0-9a-f]{32}\b/g, "MD5")
    .replaceAll(/\b1\d{12}\b/g, "TIME")
    .replaceAll(/[\w-]{60,}/g, "TOKEN");
}
