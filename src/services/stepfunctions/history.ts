import type { HistoryEvent } from "@aws-sdk/client-sfn";
import { decodeRecord } from "../../kernel/record.ts";
import type { Entry, Reader, Tx } from "../../kernel/store.ts";
import type { HistoryRecord } from "./interpreter/protocol.ts";
import { HISTORY } from "./keys.ts";
import { MAX_HISTORY_PAGE_BYTES } from "./limits.ts";

/** Characters after which a chunk of events ends. */
const CHUNK_CHARACTERS = 65_536;
/** How many chunks are read at once. */
const CHUNKS_AT_ONCE = 64;

/** Members of event details that hold payloads, and the members that say whether they were cut. */
const PAYLOADS: ReadonlySet<string> = new Set([
  "input",
  "output",
  "parameters",
  "assignedVariables",
]);

/** Adds events to an execution's history: one key for all of them, unless they are long. */
export function putHistory(tx: Tx, uid: string, events: readonly HistoryRecord[]): void {
  let texts: string[] = [];
  let characters = 0;
  for (const [index, event] of events.entries()) {
    const text = JSON.stringify(event);
    texts.push(text);
    characters += text.length;
    if (characters < CHUNK_CHARACTERS && index < events.length - 1) continue;
    tx.put(HISTORY.key(uid, event.id), Buffer.from(`[${texts.join()}]`, "utf8"));
    texts = [];
    characters = 0;
  }
}

/** Which events of a history are asked for. */
export interface HistoryRange {
  /** The event before the first one, in the direction of reading; none at first. */
  readonly after: number | undefined;
  /** From the last event to the first. */
  readonly reverse: boolean;
  /** The most events; fewer are answered when they are long. */
  readonly limit: number;
}

/** Some events of a history in order, at least one unless there is none. */
export async function readHistory(
  reader: Reader,
  uid: string,
  { after, reverse, limit }: HistoryRange,
): Promise<HistoryRecord[]> {
  const events: HistoryRecord[] = [];
  let bytes = 0;
  let last = after;
  for (;;) {
    const chunks = await nextChunks(reader, uid, { last, reverse });
    for (const { value } of chunks) {
      if (events.length > 0 && bytes + value.byteLength > MAX_HISTORY_PAGE_BYTES) return events;
      bytes += value.byteLength;
      const chunk = decodeRecord<HistoryRecord[]>(value);
      if (reverse) chunk.reverse();
      for (const event of chunk) {
        if (last !== undefined && (reverse ? event.id >= last : event.id <= last)) continue;
        events.push(event);
        last = event.id;
        if (events.length >= limit) return events;
      }
    }
    if (chunks.length === 0 || last === undefined || (reverse && last <= 1)) return events;
  }
}

/** The next chunks with events past `last`, the first of which may begin before that. */
async function nextChunks(
  reader: Reader,
  uid: string,
  { last, reverse }: { readonly last: number | undefined; readonly reverse: boolean },
): Promise<Entry[]> {
  const limit = CHUNKS_AT_ONCE;
  if (!reverse) {
    return reader.range(
      last === undefined ? HISTORY.below(uid) : HISTORY.between([uid], last + 1),
      {
        limit,
      },
    );
  }
  if (last === undefined) return reader.range(HISTORY.below(uid), { limit, reverse });
  const [holding] = await reader.range(HISTORY.between([uid], last), { limit: 1 });
  const before = await reader.range(HISTORY.between([uid], 0, last), { limit, reverse });
  return holding === undefined ? before : [holding, ...before];
}

/** The answer's form of a stored event. */
export function toHistoryEvent(
  record: HistoryRecord,
  { withData }: { readonly withData: boolean },
): HistoryEvent {
  const { id, previous, type, atMs, details } = record;
  const member = detailsMember(type);
  // The one place where stored details become the SDK's union of optional members.
  return {
    id,
    previousEventId: previous,
    timestamp: new Date(atMs),
    type,
    ...(details && member && { [member]: withData ? details : withoutData(details) }),
  } as HistoryEvent;
}

/** The member of an event that holds the details of its type; undefined for types that have none. */
export function detailsMember(type: string): string | undefined {
  if (type.endsWith("StateEntered")) return "stateEnteredEventDetails";
  if (type.endsWith("StateExited")) return "stateExitedEventDetails";
  if (/^(?:Parallel|Map)State(?:Succeeded|Failed|Aborted)$/.test(type)) return undefined;
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}

function withoutData(details: NonNullable<HistoryRecord["details"]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).filter(([name]) => !PAYLOADS.has(name) && !name.endsWith("Details")),
  );
}
