import type { StartSyncExecutionInput, StartSyncExecutionOutput } from "@aws-sdk/client-sfn";
import { conversation } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { runRequest } from "../driver/express-work.ts";
import type { Engine } from "../engine.ts";
import { typeNotSupported } from "../errors.ts";
import { failureOf } from "../interpreter/protocol.ts";
import type { Failure, Outcome } from "../interpreter/protocol.ts";
import { resolveMachine } from "../machines.ts";
import { checkInput, traceHeaderOf } from "../execution/start.ts";
import { checkName } from "../validation.ts";
import { expressRequest } from "./start-execution.ts";

/** What an execution is billed for at least, and by which steps. */
const BILLED_STEP_MS = 100;
const BILLED_MEMORY_MB = 64;

/** Runs an Express execution, at most once, and answers how it ended. */
export function startSyncExecution(
  engine: Engine,
): Operation<StartSyncExecutionInput, StartSyncExecutionOutput> {
  return conversation(async (context, input) => {
    const {
      stateMachineArn = "",
      name = engine.random.uuid(),
      input: text = "{}",
      includedData,
    } = input;
    const traceHeader = traceHeaderOf(context, input);
    checkName(name);
    checkInput(text);
    // A task that calls this waits for the clock, which therefore knows only what it is told of.
    const resolved = await engine.clock.track(
      engine.store.read((reader) => resolveMachine(reader, stateMachineArn, engine.random)),
    );
    if (resolved.machine.type !== "EXPRESS") throw typeNotSupported();
    // Its five minutes begin now, not when the request came.
    const nowMs = engine.clock.now();
    const request = expressRequest(engine, { resolved, name, text, nowMs });
    const outcome = await runRequest(engine, request, context.signal);
    const stopMs = engine.clock.now();
    const withData = includedData !== "METADATA_ONLY";
    return {
      executionArn: request.arn,
      stateMachineArn: request.machineArn,
      name,
      startDate: new Date(request.startMs),
      stopDate: new Date(stopMs),
      status: statusOf(outcome),
      ...(withData && { input: text, ...dataOf(outcome) }),
      inputDetails: { included: withData },
      ...(outcome.output !== undefined && { outputDetails: { included: withData } }),
      ...(traceHeader !== undefined && { traceHeader }),
      billingDetails: {
        billedMemoryUsedInMB: BILLED_MEMORY_MB,
        billedDurationInMilliseconds:
          Math.max(1, Math.ceil((stopMs - request.startMs) / BILLED_STEP_MS)) * BILLED_STEP_MS,
      },
    };
  });
}

function statusOf({ status }: Outcome): "SUCCEEDED" | "FAILED" | "TIMED_OUT" {
  return status === "ABORTED" ? "FAILED" : status;
}

function dataOf(outcome: Outcome): Failure & { output?: string } {
  const { output } = outcome;
  return { ...(output !== undefined && { output }), ...failureOf(outcome) };
}
