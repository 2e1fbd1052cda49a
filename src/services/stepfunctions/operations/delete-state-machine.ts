import type { DeleteStateMachineInput, DeleteStateMachineOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { parseMachineArn } from "../arns.ts";
import { DELETE_WORK } from "../execution/work.ts";
import type { Engine } from "../engine.ts";
import { validationError } from "../errors.ts";
import { findMachine, refuseLabel, saveMachine } from "../machines.ts";

/** Begins to delete a state machine: its executions are ended first. One that does not exist is deleted already. */
export function deleteStateMachine(
  engine: Engine,
): Operation<DeleteStateMachineInput, DeleteStateMachineOutput> {
  return transaction(async (context, input, tx) => {
    const ref = parseMachineArn(input.stateMachineArn ?? "");
    refuseLabel(ref);
    if (ref.version !== undefined || ref.alias !== undefined) {
      throw validationError("A version or alias ARN is not supported by this API");
    }
    const machine = await findMachine(tx, ref);
    if (machine === undefined || machine.status === "DELETING") return {};
    saveMachine(tx, { ...machine, status: "DELETING" });
    await engine.work.schedule(tx, {
      kind: DELETE_WORK,
      id: machine.uid,
      dueAtMs: context.nowMs,
      payload: machine,
    });
    return {};
  });
}
