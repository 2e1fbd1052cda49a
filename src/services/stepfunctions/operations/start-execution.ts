import type { StartExecutionInput, StartExecutionOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { expressArn } from "../arns.ts";
import { EXPRESS_WORK } from "../execution/work.ts";
import type { ExpressRequest } from "../driver/express-work.ts";
import type { Engine } from "../engine.ts";
import { stateMachineDeleting } from "../errors.ts";
import { arnOfMachine, resolveMachine } from "../machines.ts";
import type { ResolvedMachine } from "../machines.ts";
import { checkInput, startStandard, traceHeaderOf } from "../execution/start.ts";
import { uidOf } from "../uids.ts";
import { checkName } from "../validation.ts";

/** Starts an execution: a Standard one is durable from here on, an Express one runs at least once. */
export function startExecution(
  engine: Engine,
): Operation<StartExecutionInput, StartExecutionOutput> {
  return transaction(async (context, input, tx) => {
    const { stateMachineArn = "", name = engine.random.uuid(), input: text = "{}" } = input;
    const traceHeader = traceHeaderOf(context, input);
    checkName(name);
    checkInput(text);
    const resolved = await resolveMachine(tx, stateMachineArn, engine.random);
    const { nowMs } = context;
    if (resolved.machine.type === "STANDARD") {
      const request = {
        resolved,
        name,
        input: text,
        nowMs,
        ...(traceHeader !== undefined && { traceHeader }),
      };
      const { arn, startMs } = await startStandard(tx, engine, request);
      return { executionArn: arn, startDate: new Date(startMs) };
    }
    const payload = expressRequest(engine, { resolved, name, text, nowMs });
    await engine.work.schedule(tx, {
      kind: EXPRESS_WORK,
      id: uidOf(payload.arn),
      dueAtMs: nowMs,
      payload,
    });
    return { executionArn: payload.arn, startDate: new Date(nowMs) };
  });
}

/** An Express execution to be run. Throws StateMachineDeleting. */
export function expressRequest(
  engine: Engine,
  options: {
    readonly resolved: ResolvedMachine;
    readonly name: string;
    readonly text: string;
    readonly nowMs: number;
  },
): ExpressRequest {
  const { resolved, name, text, nowMs } = options;
  const { machine, revisionId } = resolved;
  const { accountId, region } = machine;
  const machineArn = arnOfMachine(machine);
  if (machine.status === "DELETING") throw stateMachineDeleting(machineArn);
  const arn = expressArn(machine, { machine: machine.name, name, unique: engine.random.uuid() });
  return {
    accountId,
    region,
    arn,
    name,
    machineUid: machine.uid,
    machineArn,
    machineName: machine.name,
    revisionId,
    input: text,
    startMs: nowMs,
  };
}
