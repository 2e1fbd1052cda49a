import type { Caller } from "../../../kernel/caller.ts";
import { mapRunArn } from "../arns.ts";
import type { Engine } from "../engine.ts";
import { argumentProblems } from "../integrations/arguments.ts";
import type { Surroundings } from "../interpreter/protocol.ts";
import { labelOf } from "../language/label.ts";
import { MAX_HISTORY_EVENTS } from "../limits.ts";
import type { ExecutionRecord } from "../records.ts";
import { formatToken } from "../uids.ts";
import type { Execution } from "./execution.ts";

/** What an interpreter needs to know around an execution, besides its state. */
export function surroundingsOf(engine: Engine, execution: Execution, nowMs: number): Surroundings {
  const { record, revision, definition, context } = execution;
  const { uid } = record;
  return {
    definition,
    context,
    region: record.region,
    random: engine.random,
    nowMs,
    maxEvents: MAX_HISTORY_EVENTS,
    tokenOf: (thread, wait) => formatToken({ uid, thread, wait }, engine.random),
    mapRunArnOf: (state) => newMapRunArn(engine, record, labelOf(revision.definition, state)),
    argumentProblems: (resource, given) => argumentProblems(engine.operations, resource, given),
  };
}

function newMapRunArn(engine: Engine, record: ExecutionRecord, label: string): string {
  return mapRunArn(record, {
    machine: record.machineName,
    label,
    unique: engine.random.uuid(),
  });
}

/** Who an execution's tasks act as. */
export function callerOfExecution({
  record,
  revision,
}: Pick<Execution, "record" | "revision">): Caller {
  const { accountId, region } = record;
  return { accountId, region, accessKeyId: "", principalArn: revision.record.roleArn };
}
