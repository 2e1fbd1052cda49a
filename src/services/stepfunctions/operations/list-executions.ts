import type {
  ExecutionListItem,
  ListExecutionsInput,
  ListExecutionsOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Reader } from "../../../kernel/store.ts";
import { checkMapRunArn, parseMachineArn } from "../arns.ts";
import {
  resourceNotFound,
  stateMachineDoesNotExist,
  typeNotSupported,
  validationError,
} from "../errors.ts";
import type { StoredExecution } from "../executions.ts";
import { EXECUTION, EXECUTION_BY_START, EXECUTION_BY_STATUS, MAP_RUN, PROGRESS } from "../keys.ts";
import { findAlias, findMachine, findVersion, refuseLabel } from "../machines.ts";
import { readPage } from "../page.ts";
import type { ExecutionRecord, ProgressRecord } from "../records.ts";
import { uidOf } from "../uids.ts";
import { checkEnum } from "../validation.ts";

const STATUSES = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"];

/** Lists executions of a machine, version, alias or map run, the newest first. */
export function listExecutions(): Operation<ListExecutionsInput, ListExecutionsOutput> {
  return transaction(async (_context, input, tx) => {
    const { statusFilter, redriveFilter } = input;
    checkEnum("statusFilter", statusFilter, STATUSES);
    checkEnum("redriveFilter", redriveFilter, ["REDRIVEN", "NOT_REDRIVEN"]);
    const group = await groupOf(tx, input);
    const range =
      statusFilter === undefined
        ? EXECUTION_BY_START.below(group)
        : EXECUTION_BY_STATUS.below(group, statusFilter);
    const page = await readPage(tx, range, { ...input, reverse: true });
    const uids = page.entries.map(({ key }) =>
      statusFilter === undefined
        ? EXECUTION_BY_START.parts(key)[2]
        : EXECUTION_BY_STATUS.parts(key)[3],
    );
    const isWanted = ({ redriveCount = 0 }: ExecutionListItem): boolean =>
      redriveFilter === undefined || redriveCount > 0 === (redriveFilter === "REDRIVEN");
    const executions = (await readItems(tx, uids)).filter(isWanted);
    return { executions, ...(page.nextToken !== undefined && { nextToken: page.nextToken }) };
  });
}

async function groupOf(
  reader: Reader,
  { stateMachineArn, mapRunArn, redriveFilter }: ListExecutionsInput,
): Promise<string> {
  if ((stateMachineArn === undefined) === (mapRunArn === undefined)) {
    throw validationError("Must provide exactly one of stateMachineArn or mapRunArn");
  }
  if (mapRunArn !== undefined) {
    checkMapRunArn(mapRunArn);
    const uid = uidOf(mapRunArn);
    if ((await reader.get(MAP_RUN.key(uid))) === undefined) throw resourceNotFound(mapRunArn);
    return uid;
  }
  if (redriveFilter !== undefined)
    throw validationError("redriveFilter is only supported with mapRunArn");
  const arn = stateMachineArn ?? "";
  const ref = parseMachineArn(arn);
  refuseLabel(ref);
  const machine = await findMachine(reader, ref);
  if (machine === undefined) throw stateMachineDoesNotExist(arn);
  if (machine.type === "EXPRESS") throw typeNotSupported();
  if (ref.version !== undefined) {
    if ((await findVersion(reader, machine, ref.version)) === undefined)
      throw resourceNotFound(arn);
    return `${machine.uid}:${ref.version}`;
  }
  if (ref.alias === undefined) return machine.uid;
  if ((await findAlias(reader, machine, ref.alias)) === undefined) throw resourceNotFound(arn);
  return `${machine.uid}:${ref.alias}`;
}

/** How many executions are read at once: each comes with its input, which may be long. */
const CHUNK = 50;

async function readItems(reader: Reader, uids: readonly string[]): Promise<ExecutionListItem[]> {
  const items: ExecutionListItem[] = [];
  for (let at = 0; at < uids.length; at += CHUNK) {
    const some = uids.slice(at, at + CHUNK);
    const records = await reader.getMany(some.map((uid) => EXECUTION.key(uid)));
    const progresses = await reader.getMany(some.map((uid) => PROGRESS.key(uid)));
    for (const [index, record] of records.entries()) {
      const progress = progresses[index];
      if (record === undefined || progress === undefined) continue;
      items.push(
        toItem({
          record: decodeRecord<ExecutionRecord>(record),
          progress: decodeRecord<ProgressRecord>(progress),
        }),
      );
    }
  }
  return items;
}

function toItem({ record, progress }: StoredExecution): ExecutionListItem {
  const { stopMs, redriveMs, redriveCount, status } = progress;
  const { mapRun, versionArn, aliasArn } = record;
  return {
    executionArn: record.arn,
    stateMachineArn: record.machineArn,
    name: record.name,
    status,
    startDate: new Date(record.startMs),
    ...(stopMs !== undefined && { stopDate: new Date(stopMs) }),
    ...(mapRun !== undefined && { mapRunArn: mapRun.arn, itemCount: mapRun.itemCount }),
    ...(versionArn !== undefined && { stateMachineVersionArn: versionArn }),
    ...(aliasArn !== undefined && { stateMachineAliasArn: aliasArn }),
    redriveCount,
    ...(redriveMs !== undefined && { redriveDate: new Date(redriveMs) }),
  };
}
