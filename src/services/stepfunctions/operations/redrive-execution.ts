import type { RedriveExecutionInput, RedriveExecutionOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { redriveWithin } from "../driver/redrive.ts";
import type { Engine } from "../engine.ts";
import { executionNotRedrivable, validationError } from "../errors.ts";
import { redriveStatus, requireExecution } from "../execution/executions.ts";
import { REDRIVE_TOKEN_MS } from "../limits.ts";

/** Lets an execution that failed, timed out or was aborted go on where it was. */
export function redriveExecution(
  engine: Engine,
): Operation<RedriveExecutionInput, RedriveExecutionOutput> {
  return transaction(async (context, input, tx) => {
    const { executionArn = "", clientToken } = input;
    const stored = await requireExecution(tx, executionArn);
    const { record, progress } = stored;
    const { nowMs } = context;
    const done = progress.redrives?.find(
      (redrive) => redrive.clientToken === clientToken && nowMs - redrive.atMs < REDRIVE_TOKEN_MS,
    );
    if (done !== undefined) return { redriveDate: new Date(done.atMs) };
    if (record.mapRun !== undefined)
      throw validationError("A child workflow execution is redriven with its Map Run");
    const { status, reason } = await redriveStatus(tx, stored, nowMs);
    if (status === "NOT_REDRIVABLE") throw executionNotRedrivable(reason ?? "");
    const redriveMs = await redriveWithin(tx, engine, { record, progress, clientToken });
    return { redriveDate: new Date(redriveMs) };
  });
}
