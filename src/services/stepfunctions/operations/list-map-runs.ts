import type { ListMapRunsInput, ListMapRunsOutput, MapRunListItem } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { findMapRun } from "../execution/map-runs.ts";
import { requireExecution } from "../execution/executions.ts";
import { MAP_RUN_BY_EXECUTION } from "../keys.ts";
import { labelledArn } from "../arns.ts";
import { readPage } from "../page.ts";

/** Lists the map runs that an execution started, the newest first. */
export function listMapRuns(): Operation<ListMapRunsInput, ListMapRunsOutput> {
  return transaction(async (context, input, tx) => {
    const { record } = await requireExecution(tx, input.executionArn ?? "");
    const page = await readPage(tx, MAP_RUN_BY_EXECUTION.below(record.uid), {
      ...input,
      reverse: true,
      nowMs: context.nowMs,
    });
    const mapRuns: MapRunListItem[] = [];
    for (const { key } of page.entries) {
      const found = await findMapRun(tx, MAP_RUN_BY_EXECUTION.parts(key)[2]);
      if (found === undefined) continue;
      const { executionArn, arn, startMs, machineName, label } = found.record;
      const { stopMs } = found.progress;
      mapRuns.push({
        executionArn,
        mapRunArn: arn,
        stateMachineArn: labelledArn(found.record, machineName, label),
        startDate: new Date(startMs),
        ...(stopMs !== undefined && { stopDate: new Date(stopMs) }),
      });
    }
    return { mapRuns, ...(page.nextToken !== undefined && { nextToken: page.nextToken }) };
  });
}
