import { decodeRecord, encodeRecord, PRESENT } from "../../kernel/record.ts";
import type { Tx } from "../../kernel/store.ts";
import { executionArn, labelledArn } from "./arns.ts";
import type { Owner } from "./arns.ts";
import { saveThread } from "./driver/execution.ts";
import { deadlineId, RUN_WORK, TIMER_WORK } from "./driver/work.ts";
import type { TimerPayload } from "./driver/work.ts";
import { revisionOf } from "./engine.ts";
import type { Engine } from "./engine.ts";
import { executionAlreadyExists, invalidExecutionInput, stateMachineDeleting } from "./errors.ts";
import { putHistory } from "./history.ts";
import type { HistoryRecord } from "./interpreter/protocol.ts";
import { initialState } from "./interpreter/state.ts";
import { graphAt } from "./interpreter/transition.ts";
import { EXECUTION, EXECUTION_BY_START, EXECUTION_BY_STATUS, PROGRESS } from "./keys.ts";
import { parseJson } from "./language/json.ts";
import type { Json } from "./language/json.ts";
import { logEvents } from "./logging.ts";
import { arnOfAlias, arnOfMachine, arnOfVersion } from "./machines.ts";
import type { ResolvedMachine } from "./machines.ts";
import type { ExecutionRecord, MapRunChild, ParentTask, ProgressRecord } from "./records.ts";
import { uidOf } from "./uids.ts";
import { checkPayload } from "./validation.ts";

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
  readonly nowMs: number;
  readonly mapRun: MapRunChild;
}

/** Starts a child of a map run. */
export async function startMapRunChild(
  tx: Tx,
  engine: Engine,
  request: ChildRequest,
): Promise<void> {
  const { label, mapRun, nowMs, ...rest } = request;
  const arn = executionArn(request, `${request.machineName}/${label}`, request.name);
  await createExecution(tx, engine, {
    ...rest,
    arn,
    uid: uidOf(arn),
    machineArn: labelledArn(request, request.machineName, label),
    startMs: nowMs,
    groups: [mapRun.uid],
    mapRun,
  });
}

/** Checks an input as StartExecution does. Throws InvalidExecutionInput, ValidationException. */
export function checkInput(input: string): void {
  checkPayload("input", input);
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
async function createExecution(tx: Tx, engine: Engine, record: ExecutionRecord): Promise<void> {
  const { uid, startMs, groups } = record;
  const revision = await revisionOf(engine, tx, record);
  const graph = record.mapRun
    ? graphAt(revision.definition, record.mapRun.graph)
    : revision.definition;
  const input: Json = JSON.parse(record.input);
  const state = initialState(graph.startAt, input);
  const started = startedEvent(record, revision.record.roleArn);
  const timeoutSeconds = record.mapRun ? undefined : revision.definition.timeoutSeconds;
  const progress: ProgressRecord = {
    status: "RUNNING",
    commit: 0,
    lastEvent: state.lastEvent,
    nextThread: state.nextThread,
    nextWait: state.nextWait,
    redriveCount: 0,
    hasDeadline: timeoutSeconds !== undefined,
  };
  tx.put(EXECUTION.key(uid), encodeRecord(record));
  tx.put(PROGRESS.key(uid), encodeRecord(progress));
  for (const group of groups) {
    tx.put(EXECUTION_BY_START.key(group, startMs, uid), PRESENT);
    tx.put(EXECUTION_BY_STATUS.key(group, "RUNNING", startMs, uid), PRESENT);
  }
  if (record.type === "STANDARD") {
    saveThread(tx, uid, { id: 0, thread: state.threads.get(0), hasNewData: true });
    putHistory(tx, uid, [started]);
  }
  if (timeoutSeconds !== undefined) {
    const payload: TimerPayload = { uid };
    await engine.work.schedule(tx, {
      kind: TIMER_WORK,
      id: deadlineId(uid),
      dueAtMs: startMs + timeoutSeconds * 1000,
      payload,
    });
  }
  await engine.work.schedule(tx, { kind: RUN_WORK, id: uid, dueAtMs: startMs, payload: {} });
  const { logging } = revision.record;
  tx.afterCommit(() =>
    logEvents(engine.log, { arn: record.arn, redriveCount: 0, logging }, [started]),
  );
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
