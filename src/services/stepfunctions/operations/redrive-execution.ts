import type { RedriveExecutionInput, RedriveExecutionOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { MACHINE } from "../keys.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { redriveWithin } from "../driver/redrive.ts";
import type { Engine } from "../engine.ts";
import { executionNotRedrivable, validationError } from "../errors.ts";
import { redriveStatus, requireExecution } from "../executions.ts";
import { MAX_REDRIVES } from "../limits.ts";
import type { MachineRecord } from "../records.ts";
import { checkText } from "../validation.ts";

/** Lets an execution that failed, timed out or was aborted go on where it was. */
export function redriveExecution(
  engine: Engine,
): Operation<RedriveExecutionInput, RedriveExecutionOutput> {
  return transaction(async (context, input, tx) => {
    const { executionArn = "", clientToken = engine.random.uuid() } = input;
    checkText({ member: "clientToken", value: clientToken, minimum: 1, maximum: 64 });
    const stored = await requireExecution(tx, executionArn);
    const { record, progress } = stored;
    if (progress.redriveTokens?.includes(clientToken))
      return { redriveDate: new Date(progress.redriveMs ?? 0) };
    if (record.mapRun !== undefined)
      throw validationError("A child workflow execution is redriven with its Map Run");
    const { status, reason } = redriveStatus(stored, context.nowMs);
    if (status === "NOT_REDRIVABLE") throw executionNotRedrivable(reason ?? "");
    if (progress.redriveCount >= MAX_REDRIVES)
      throw executionNotRedrivable(`Execution has been redriven ${MAX_REDRIVES} times`);
    const machine = await tx.get(MACHINE.key(record.accountId, record.region, record.machineName));
    const isDeleting =
      machine === undefined || decodeRecord<MachineRecord>(machine).status === "DELETING";
    if (isDeleting) throw executionNotRedrivable("State machine is in DELETING status");
    await redriveWithin(tx, engine, { record, progress, clientToken });
    return { redriveDate: new Date(engine.clock.now()) };
  });
}
