import type { DescribeExecutionInput, DescribeExecutionOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { describedFailure, redriveStatus, requireExecution } from "../execution/executions.ts";

/** Describes a Standard execution, or a child of a map run. */
export function describeExecution(): Operation<DescribeExecutionInput, DescribeExecutionOutput> {
  return transaction(async (context, input, tx) => {
    const stored = await requireExecution(tx, input.executionArn ?? "");
    const { record, progress } = stored;
    const { outcome, stopMs, redriveMs } = progress;
    const withData = input.includedData !== "METADATA_ONLY";
    const redrive = await redriveStatus(tx, stored, context.nowMs);
    return {
      executionArn: record.arn,
      stateMachineArn: record.machineArn,
      name: record.name,
      status: progress.status,
      startDate: new Date(record.startMs),
      ...(stopMs !== undefined && { stopDate: new Date(stopMs) }),
      ...(withData && { input: record.input }),
      inputDetails: { included: withData },
      ...(withData && outcome?.output !== undefined && { output: outcome.output }),
      ...(outcome?.output !== undefined && { outputDetails: { included: withData } }),
      ...(withData && describedFailure(progress)),
      ...(record.traceHeader !== undefined && { traceHeader: record.traceHeader }),
      ...(record.mapRun !== undefined && { mapRunArn: record.mapRun.arn }),
      ...(record.versionArn !== undefined && { stateMachineVersionArn: record.versionArn }),
      ...(record.aliasArn !== undefined && { stateMachineAliasArn: record.aliasArn }),
      redriveCount: progress.redriveCount,
      ...(redriveMs !== undefined && { redriveDate: new Date(redriveMs) }),
      redriveStatus: redrive.status,
      ...(redrive.reason !== undefined && { redriveStatusReason: redrive.reason }),
    };
  });
}
