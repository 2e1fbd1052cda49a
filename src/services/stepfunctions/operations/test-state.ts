import type { InspectionData, TestStateInput, TestStateOutput } from "@aws-sdk/client-sfn";
import { conversation } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Engine } from "../engine.ts";
import { failureOf } from "../interpreter/protocol.ts";
import type { ObservedStep } from "../interpreter/protocol.ts";
import { checkInput } from "../start.ts";
import { runTest } from "../test-state/run.ts";
import type { Tested } from "../test-state/run.ts";

/** Runs one state, for real or with a mock of its work, and shows what its fields did. */
export function testState(engine: Engine): Operation<TestStateInput, TestStateOutput> {
  return conversation(async (context, input) => {
    check(input);
    const { caller, signal } = context;
    const roleArn = input.roleArn ?? caller.principalArn;
    const tested = await runTest(engine, input, {
      caller: { ...caller, principalArn: roleArn },
      signal,
    });
    const level = input.inspectionLevel ?? "INFO";
    return {
      ...outcomeOf(tested),
      ...(level !== "INFO" && { inspectionData: inspect(tested, level) }),
    };
  });
}

function check(input: TestStateInput): void {
  checkInput(input.input ?? "{}");
}

function outcomeOf({ thread, stateName, failure }: Tested): TestStateOutput {
  const { phase } = thread;
  const why = failureOf(failure ?? {});
  if (phase.kind === "retrying") return { status: "RETRIABLE", ...why };
  const hasLeft = phase.kind === "done" || (phase.kind === "entering" && thread.enteredEvent === 0);
  if (!hasLeft) return { status: "FAILED", ...why };
  const output = JSON.stringify(thread.data.input);
  const next =
    phase.kind === "entering" || thread.state !== stateName ? { nextState: thread.state } : {};
  if (failure !== undefined) return { status: "CAUGHT_ERROR", output, ...next, ...why };
  return { status: "SUCCEEDED", output, ...next };
}

/** Members of the inspection data that are JSON text. */
const TEXTS: readonly ObservedStep[] = [
  "afterInputPath",
  "afterParameters",
  "afterArguments",
  "result",
  "afterResultSelector",
  "afterResultPath",
  "afterItemsPath",
  "afterItemsPointer",
  "afterItemSelector",
  "afterItemBatcher",
];
const NUMBERS: readonly ObservedStep[] = [
  "maxConcurrency",
  "toleratedFailureCount",
  "toleratedFailurePercentage",
];

function inspect({ observed, thread, input, exchange }: Tested, level: string): InspectionData {
  const texts = TEXTS.filter((step) => observed.has(step)).map((step) => [
    step,
    JSON.stringify(observed.get(step)),
  ]);
  const numbers = NUMBERS.filter((step) => observed.get(step) !== undefined).map((step) => [
    step,
    observed.get(step),
  ]);
  const errorDetails = errorDetailsOf(observed);
  return {
    input: JSON.stringify(input),
    variables: JSON.stringify(thread.data.variables),
    ...Object.fromEntries([...texts, ...numbers]),
    ...(errorDetails && { errorDetails }),
    ...(level === "TRACE" &&
      exchange && { request: exchange.request, response: exchange.response }),
  };
}

function errorDetailsOf(observed: Tested["observed"]): InspectionData["errorDetails"] {
  const catchIndex = observed.get("catchIndex");
  const retry = observed.get("retry") as { index: number; delayMs: number } | undefined;
  if (retry !== undefined) {
    return {
      retryIndex: retry.index,
      retryBackoffIntervalSeconds: Math.round(retry.delayMs / 1000),
    };
  }
  return typeof catchIndex === "number" ? { catchIndex } : undefined;
}
