import type { ExecutionRedriveStatus } from "@aws-sdk/client-sfn";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Reader } from "../../../kernel/store.ts";
import { parseExecutionArn, wrongKind } from "../arns.ts";
import { executionDoesNotExist } from "../errors.ts";
import { failureOf } from "../interpreter/protocol.ts";
import type { Failure } from "../interpreter/protocol.ts";
import { EXECUTION, PROGRESS } from "../keys.ts";
import {
  MAX_REDRIVABLE_EVENTS,
  MAX_REDRIVES,
  MAX_STANDARD_DURATION_MS,
  REDRIVE_PERIOD_MS,
} from "../limits.ts";
import { findMachine } from "../machines.ts";
import type { ExecutionRecord, ProgressRecord } from "../records.ts";
import { uidOf } from "../uids.ts";

/** An execution as it is stored, without its threads. */
export interface StoredExecution {
  readonly record: ExecutionRecord;
  readonly progress: ProgressRecord;
}

/** The execution of an ARN. Throws InvalidArn (also for an Express one that no map run started, which is not stored) and ExecutionDoesNotExist. */
export async function requireExecution(reader: Reader, arn: string): Promise<StoredExecution> {
  const ref = parseExecutionArn(arn);
  if (ref.isExpress && ref.label === undefined) throw wrongKind("express");
  const found = await findExecution(reader, uidOf(arn));
  if (found === undefined) throw executionDoesNotExist(arn);
  return found;
}

/** The execution with a uid; undefined when there is none. */
export async function findExecution(
  reader: Reader,
  uid: string,
): Promise<StoredExecution | undefined> {
  const [record, progress] = await reader.getMany([EXECUTION.key(uid), PROGRESS.key(uid)]);
  if (record === undefined || progress === undefined) return undefined;
  return {
    record: decodeRecord<ExecutionRecord>(record),
    progress: decodeRecord<ProgressRecord>(progress),
  };
}

/** The failure that an execution is described with: of one that ran out of time, the history alone names the error. */
export function describedFailure({ outcome }: ProgressRecord): Failure {
  return outcome?.status === "TIMED_OUT" ? {} : failureOf(outcome ?? {});
}

/** Whether an execution can be redriven, and why not. */
export interface RedriveStatus {
  readonly status: ExecutionRedriveStatus;
  readonly reason?: string;
}

/** Whether an execution can be redriven at a time: whether RedriveExecution, or its map run, would. */
export async function redriveStatus(
  reader: Reader,
  stored: StoredExecution,
  nowMs: number,
): Promise<RedriveStatus> {
  const { record } = stored;
  const reason = ownRefusal(stored, nowMs) ?? (await machineRefusal(reader, record));
  if (reason !== undefined) return { status: "NOT_REDRIVABLE", reason };
  return { status: record.mapRun === undefined ? "REDRIVABLE" : "REDRIVABLE_BY_MAP_RUN" };
}

function ownRefusal({ record, progress }: StoredExecution, nowMs: number): string | undefined {
  if (progress.status === "RUNNING") return "Execution is RUNNING and cannot be redriven";
  if (progress.status === "SUCCEEDED") return "Execution is SUCCEEDED and cannot be redriven";
  // An Express child of a map run is started anew, whenever that is.
  if (record.type === "EXPRESS") return undefined;
  if (progress.lastEvent >= MAX_REDRIVABLE_EVENTS) return "Execution history event limit exceeded";
  if (nowMs - record.startMs >= MAX_STANDARD_DURATION_MS)
    return "Execution has exceeded the max execution time";
  if (nowMs - (progress.stopMs ?? 0) >= REDRIVE_PERIOD_MS)
    return "Execution redrivable period exceeded";
  if (progress.redriveCount >= MAX_REDRIVES)
    return `Execution has been redriven ${MAX_REDRIVES} times`;
  return undefined;
}

async function machineRefusal(
  reader: Reader,
  { accountId, region, machineName, machineUid }: ExecutionRecord,
): Promise<string | undefined> {
  const machine = await findMachine(reader, { accountId, region, name: machineName });
  // One of the same name may have been made after it.
  const isThere = machine?.uid === machineUid && machine.status !== "DELETING";
  return isThere ? undefined : "State machine is in DELETING status";
}
