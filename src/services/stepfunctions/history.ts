import type { HistoryEvent } from "@aws-sdk/client-sfn";
import type { HistoryRecord } from "./interpreter/protocol.ts";

/** Members of event details that hold payloads, and the members that say whether they were cut. */
const PAYLOADS: ReadonlySet<string> = new Set([
  "input",
  "output",
  "parameters",
  "assignedVariables",
]);

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
