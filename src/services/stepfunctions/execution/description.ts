import { describedFailure } from "./executions.ts";
import type { RedriveStatus, StoredExecution } from "./executions.ts";
import type { Json, JsonObject } from "../language/json.ts";

/** How payloads and times of an execution are told. */
export interface Telling {
  readonly redrive: RedriveStatus;
  readonly payload: (text: string) => Json;
  readonly date: (ms: number) => Json;
}

/** An ended execution as `.sync` tasks and the files of a ResultWriter show it. */
export function describeEnded(
  { record, progress }: StoredExecution,
  { redrive, payload, date }: Telling,
): JsonObject {
  const { output } = progress.outcome ?? {};
  const { error, cause } = describedFailure(progress);
  return {
    ...(cause !== undefined && { Cause: cause }),
    ...(error !== undefined && { Error: error }),
    ExecutionArn: record.arn,
    Input: payload(record.input),
    InputDetails: { Included: true },
    Name: record.name,
    ...(output !== undefined && { Output: payload(output), OutputDetails: { Included: true } }),
    RedriveCount: progress.redriveCount,
    RedriveStatus: redrive.status,
    ...(redrive.reason !== undefined && { RedriveStatusReason: redrive.reason }),
    StartDate: date(record.startMs),
    ...(record.aliasArn !== undefined && { StateMachineAliasArn: record.aliasArn }),
    StateMachineArn: record.machineArn,
    ...(record.versionArn !== undefined && { StateMachineVersionArn: record.versionArn }),
    Status: progress.status,
    StopDate: date(progress.stopMs ?? 0),
  };
}
