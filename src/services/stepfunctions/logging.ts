import type { LoggingConfiguration } from "@aws-sdk/client-sfn";
import type { Log } from "../../kernel/log.ts";
import type { Tx } from "../../kernel/store.ts";
import type { HistoryRecord } from "./interpreter/protocol.ts";

/** Whose events are logged. */
export interface LoggedExecution {
  readonly arn: string;
  readonly redriveCount: number;
  readonly logging: LoggingConfiguration;
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/cloudwatch-log-level.html */
const ERRORS = /(?:Failed|TimedOut|Aborted)$|^FailStateEntered$/;
const FATAL = /^Execution(?:Failed|TimedOut|Aborted)$/;

/** Writes events to the log as the machine's logging configuration asks, in the shape that AWS logs. */
export function logEvents(
  log: Log,
  execution: LoggedExecution,
  events: readonly HistoryRecord[],
): void {
  const { level = "OFF", includeExecutionData = false } = execution.logging;
  if (level === "OFF") return;
  for (const event of events) {
    if (level === "ERROR" && !ERRORS.test(event.type)) continue;
    if (level === "FATAL" && !FATAL.test(event.type)) continue;
    log.info("states execution event", {
      id: String(event.id),
      type: event.type,
      details: includeExecutionData ? event.details : withoutPayload(event.details),
      previous_event_id: String(event.previous),
      event_timestamp: String(event.atMs),
      execution_arn: execution.arn,
      redrive_count: String(execution.redriveCount),
    });
  }
}

/** As {@link logEvents}, once the events are committed. */
export function logWhenCommitted(
  tx: Tx,
  log: Log,
  { execution, events }: { execution: LoggedExecution; events: readonly HistoryRecord[] },
): void {
  const { level = "OFF" } = execution.logging;
  if (level !== "OFF") tx.afterCommit(() => logEvents(log, execution, events));
}

const PAYLOADS = new Set(["input", "output", "parameters", "assignedVariables", "cause"]);

function withoutPayload(details: HistoryRecord["details"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details ?? {}).filter(
      ([name]) => !PAYLOADS.has(name) && !name.endsWith("Details"),
    ),
  );
}
