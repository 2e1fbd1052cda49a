import type {
  ExecutionListItem,
  ListExecutionsInput,
  ListExecutionsOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Entry, Reader } from "../../../kernel/store.ts";
import type { Key, KeyRange } from "../../../kernel/tuple.ts";
import { checkMapRunArn, parseMachineArn } from "../arns.ts";
import {
  resourceNotFound,
  stateMachineDoesNotExist,
  typeNotSupported,
  validationError,
} from "../errors.ts";
import type { StoredExecution } from "../execution/executions.ts";
import { EXECUTION, EXECUTION_BY_START, EXECUTION_BY_STATUS, MAP_RUN, PROGRESS } from "../keys.ts";
import { MAX_PAGE_SIZE } from "../limits.ts";
import { findAlias, findMachine, findVersion, refuseLabel } from "../machines.ts";
import { firstPage, readPage } from "../page.ts";
import type { Page } from "../page.ts";
import type { ExecutionRecord, ProgressRecord } from "../records.ts";
import { uidOf } from "../uids.ts";

/** Lists executions of a machine, version, alias or map run, the newest first. */
export function listExecutions(): Operation<ListExecutionsInput, ListExecutionsOutput> {
  return transaction(async (context, input, tx) => {
    const { statusFilter, redriveFilter } = input;
    const { range, uidAt } = listOf(await groupOf(tx, input), statusFilter);
    const request = { ...input, reverse: true, nowMs: context.nowMs };
    const read = async (page: Page<Entry>): Promise<Listed[]> =>
      readItems(
        tx,
        page.entries.map(({ key }) => key),
        uidAt,
      );
    if (redriveFilter === undefined) {
      const page = await readPage(tx, range, request);
      return answer(await read(page), page.nextToken);
    }
    // As many are looked at as a page may have: when few of them are wanted, the page is short.
    const looked = await readPage(tx, range, { ...request, maxResults: MAX_PAGE_SIZE });
    const wanted = (await read(looked)).filter(
      ({ item: { redriveCount = 0 } }) => redriveCount > 0 === (redriveFilter === "REDRIVEN"),
    );
    const page = firstPage(wanted, request);
    return answer(page.entries, page.nextToken ?? looked.nextToken);
  });
}

function answer(listed: readonly Listed[], nextToken: string | undefined): ListExecutionsOutput {
  const executions = listed.map(({ item }) => item);
  return { executions, ...(nextToken !== undefined && { nextToken }) };
}

/** A list of executions as keys, and how to tell which execution a key stands for. */
function listOf(
  group: string,
  status: string | undefined,
): { range: KeyRange; uidAt: (key: Key) => string } {
  return status === undefined
    ? {
        range: EXECUTION_BY_START.below(group),
        uidAt: (key) => EXECUTION_BY_START.parts(key)[2],
      }
    : {
        range: EXECUTION_BY_STATUS.below(group, status),
        uidAt: (key) => EXECUTION_BY_STATUS.parts(key)[3],
      };
}

async function groupOf(
  reader: Reader,
  { stateMachineArn, mapRunArn, statusFilter, redriveFilter }: ListExecutionsInput,
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
  if (statusFilter === "PENDING_REDRIVE")
    throw validationError("The status PENDING_REDRIVE is only supported with mapRunArn");
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

/** An execution of a list, with its key there. */
interface Listed {
  readonly key: Key;
  readonly item: ExecutionListItem;
}

async function readItems(
  reader: Reader,
  keys: readonly Key[],
  uidAt: (key: Key) => string,
): Promise<Listed[]> {
  const items: Listed[] = [];
  for (let at = 0; at < keys.length; at += CHUNK) {
    const some = keys.slice(at, at + CHUNK);
    const records = await reader.getMany(some.map((key) => EXECUTION.key(uidAt(key))));
    const progresses = await reader.getMany(some.map((key) => PROGRESS.key(uidAt(key))));
    for (const [index, key] of some.entries()) {
      const [record, progress] = [records[index], progresses[index]];
      if (record === undefined || progress === undefined) continue;
      const item = toItem({
        record: decodeRecord<ExecutionRecord>(record),
        progress: decodeRecord<ProgressRecord>(progress),
      });
      items.push({ key, item });
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
