import type { Context } from "../../../kernel/operation.ts";
import { decodeRecord, encodeRecord, PRESENT } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { executionArn, expressArn, labelledArn } from "../arns.ts";
import type { Owner } from "../arns.ts";
import { newExecution } from "./execution.ts";
import type { Execution } from "./execution.ts";
import { saveThread } from "./threads.ts";
import { deadlineId, scheduleRun, TIMER_WORK } from "./work.ts";
import type { TimerPayload } from "./work.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import { executionAlreadyExists, invalidExecutionInput, stateMachineDeleting } from "../errors.ts";
import { putHistory } from "../history.ts";
import type { HistoryRecord } from "../interpreter/protocol.ts";
import { EXECUTION, EXECUTION_BY_START, EXECUTION_BY_STATUS, PROGRESS } from "../keys.ts";
import { parseJson } from "../language/json.ts";
import { MAX_TRACE_HEADER_LENGTH } from "../limits.ts";
import { logWhenCommitted } from "../logging.ts";
import { arnOfAlias, arnOfMachine, arnOfVersion } from "../machines.ts";
import type { ResolvedMachine } from "../machines.ts";
import type { ExecutionRecord, MapRunChild, ParentTask, ProgressRecord } from "../records.ts";
import { uidOf } from "../uids.ts";

/** An execution to be started. */
export interface StartRequest {
  readonly resolved: ResolvedMachine;
  readonly name: string;
  /** JSON text. */
  readonly input: string;
  readonly traceHeader?: string;
  readonly nowMs: number;
  readonly parent?: ParentTask;
}

/** Starts a Standard execution. Throws ExecutionAlreadyExists, unless the same one is running. */
export async function startStandard(
  tx: Tx,
  engine: Engine,
  request: StartRequest,
): Promise<{ arn: string; startMs: number }> {
  const { resolved, name, input, traceHeader, nowMs, parent } = request;
  const { machine, version, alias, revisionId } = resolved;
  if (machine.status === "DELETING") throw stateMachineDeleting(arnOfMachine(machine));
  const arn = executionArn(machine, machine.name, name);
  const uid = uidOf(arn);
  const existing = await existingStart(tx, { uid, arn, input });
  if (existing !== undefined) return existing;
  const groups = [machine.uid];
  if (version !== undefined) groups.push(`${machine.uid}:${version.version}`);
  if (alias !== undefined) groups.push(`${machine.uid}:${alias.name}`);
  await createExecution(tx, engine, {
    ...ownerOf(machine),
    arn,
    uid,
    name,
    type: "STANDARD",
    machineName: machine.name,
    machineUid: machine.uid,
    machineArn: arnOfMachine(machine),
    revisionId,
    ...(version && { versionArn: arnOfVersion(machine, version.version) }),
    ...(alias && { aliasArn: arnOfAlias(machine, alias.name) }),
    input,
    startMs: nowMs,
    ...(traceHeader !== undefined && { traceHeader }),
    groups,
    ...(parent && { parent }),
  });
  return { arn, startMs: nowMs };
}

/** What an execution of a map run is made of. */
export interface ChildRequest extends Owner {
  readonly machineName: string;
  readonly machineUid: string;
  readonly revisionId: string;
  readonly label: string;
  readonly name: string;
  readonly input: string;
  readonly type: "STANDARD" | "EXPRESS";
  /** What an Express execution's ARN ends in. */
  readonly unique?: string;
  readonly nowMs: number;
  readonly mapRun: MapRunChild;
}

/** A child of a map run, not started yet. */
export function newMapRunChild(request: ChildRequest): ExecutionRecord {
  const { label, mapRun, nowMs, unique, ...rest } = request;
  const machine = `${request.machineName}/${label}`;
  const arn =
    unique === undefined
      ? executionArn(request, machine, request.name)
      : expressArn(request, { machine, name: request.name, unique });
  return {
    ...rest,
    arn,
    uid: uidOf(arn),
    machineArn: labelledArn(request, request.machineName, label),
    startMs: nowMs,
    groups: [mapRun.uid],
    mapRun,
  };
}

/** The trace that an execution belongs to: the HTTP header counts for more than the body (StartExecution). */
export function traceHeaderOf(
  { traceHeader: own }: Context,
  { traceHeader: given }: { readonly traceHeader?: string | undefined },
): string | undefined {
  return own !== undefined && own.length <= MAX_TRACE_HEADER_LENGTH ? own : given;
}

/** Throws InvalidExecutionInput for what is no JSON. */
export function checkInput(input: string): void {
  const parsed = parseJson(input);
  if ("problem" in parsed) throw invalidExecutionInput(parsed.problem);
}

async function existingStart(
  tx: Tx,
  { uid, arn, input }: { uid: string; arn: string; input: string },
): Promise<{ arn: string; startMs: number } | undefined> {
  const [record, progress] = await tx.getMany([EXECUTION.key(uid), PROGRESS.key(uid)]);
  if (record === undefined || progress === undefined) return undefined;
  const { startMs, input: before } = decodeRecord<ExecutionRecord>(record);
  const isRunning = decodeRecord<ProgressRecord>(progress).status === "RUNNING";
  if (isRunning && before === input) return { arn, startMs };
  throw executionAlreadyExists(arn);
}

/** Writes a new execution, with its first event and the work that advances it. */
export async function createExecution(
  tx: Tx,
  engine: Engine,
  record: ExecutionRecord,
): Promise<void> {
  const { uid, startMs } = record;
  const revision = await revisionOf(engine, tx, record);
  const execution = newExecution(record, revision);
  const thread = execution.state.threads.get(0);
  if (record.type === "STANDARD") saveThread(tx, uid, { id: 0, thread, hasNewData: true });
  await writeStart(tx, engine, execution);
  await scheduleRun(tx, engine, { uid, type: record.type, atMs: startMs });
}

/** Writes a new execution, all but its threads and the work that advances it. */
export async function writeStart(tx: Tx, engine: Engine, execution: Execution): Promise<void> {
  const { record, revision } = execution;
  const { uid, startMs, groups } = record;
  const started = startedEvent(record, revision.record.roleArn);
  const timeoutSeconds = record.mapRun ? undefined : revision.definition.timeoutSeconds;
  const progress = { ...execution.progress, hasDeadline: timeoutSeconds !== undefined };
  tx.put(EXECUTION.key(uid), encodeRecord(record));
  tx.put(PROGRESS.key(uid), encodeRecord(progress));
  for (const group of groups) {
    tx.put(EXECUTION_BY_START.key(group, startMs, uid), PRESENT);
    tx.put(EXECUTION_BY_STATUS.key(group, "RUNNING", startMs, uid), PRESENT);
  }
  if (record.type === "STANDARD") putHistory(tx, uid, [started]);
  if (timeoutSeconds !== undefined) {
    const payload: TimerPayload = { uid };
    await engine.work.schedule(tx, {
      kind: TIMER_WORK,
      id: deadlineId(uid),
      dueAtMs: startMs + timeoutSeconds * 1000,
      payload,
    });
  }
  const logged = { arn: record.arn, redriveCount: 0, logging: revision.record.logging };
  logWhenCommitted(tx, engine.log, { execution: logged, events: [started] });
}

/** The first event of an execution. */
export function startedEvent(execution: StartedExecution, roleArn: string): HistoryRecord {
  const { input, startMs, aliasArn, versionArn } = execution;
  return {
    id: 1,
    previous: 0,
    type: "ExecutionStarted",
    atMs: startMs,
    details: {
      input,
      inputDetails: { truncated: false },
      roleArn,
      ...(aliasArn !== undefined && { stateMachineAliasArn: aliasArn }),
      ...(versionArn !== undefined && { stateMachineVersionArn: versionArn }),
    },
  };
}

/** What the first event of an execution says of it. */
export type StartedExecution = Pick<
  ExecutionRecord,
  "input" | "startMs" | "aliasArn" | "versionArn"
>;

const ownerOf = ({ accountId, region }: Owner): Owner => ({ accountId, region });
