import type { DescribeMapRunInput, DescribeMapRunOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { readCounts } from "../execution/counts.ts";
import { requireMapRun } from "../execution/map-runs.ts";

/** Describes a map run and counts its children and items. */
export function describeMapRun(): Operation<DescribeMapRunInput, DescribeMapRunOutput> {
  return transaction(async (_context, input, tx) => {
    const { record, progress } = await requireMapRun(tx, input.mapRunArn ?? "");
    const { stopMs, redriveMs } = progress;
    const counts = await readCounts(tx, record.uid);
    return {
      mapRunArn: record.arn,
      executionArn: record.executionArn,
      status: progress.status,
      startDate: new Date(record.startMs),
      ...(stopMs !== undefined && { stopDate: new Date(stopMs) }),
      maxConcurrency: progress.maxConcurrency,
      toleratedFailurePercentage: progress.toleratedFailurePercentage ?? 0,
      toleratedFailureCount: progress.toleratedFailureCount ?? 0,
      itemCounts: counts.items,
      executionCounts: counts.executions,
      redriveCount: progress.redriveCount,
      ...(redriveMs !== undefined && { redriveDate: new Date(redriveMs) }),
    };
  });
}
