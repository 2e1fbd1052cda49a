import type { StopExecutionInput, StopExecutionOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { parseExecutionArn, wrongKind } from "../arns.ts";
import { stopExecution as stop } from "../driver/stop.ts";
import type { Engine } from "../engine.ts";
import { executionDoesNotExist } from "../errors.ts";
import { failureOf } from "../interpreter/protocol.ts";
import { uidOf } from "../uids.ts";

/** Aborts an execution; one that is over stays as it is. */
export function stopExecution(engine: Engine): Operation<StopExecutionInput, StopExecutionOutput> {
  return transaction(async (_context, input, tx) => {
    const { executionArn = "", error, cause } = input;
    if (parseExecutionArn(executionArn).isExpress) throw wrongKind("express");
    const uid = uidOf(executionArn);
    const stopMs = await stop(tx, engine, { uid, failure: failureOf({ error, cause }) });
    if (stopMs === undefined) throw executionDoesNotExist(executionArn);
    return { stopDate: new Date(stopMs) };
  });
}
