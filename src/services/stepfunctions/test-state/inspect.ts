import type { InspectionData } from "@aws-sdk/client-sfn";
import type { ObservedStep } from "../interpreter/protocol.ts";
import type { State } from "../language/definition.ts";
import type { Json } from "../language/json.ts";
import type { Tested } from "./run.ts";

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

/** What the fields of a tested state did; `text` gives values as JSON. */
export function inspect(
  { state, given, thread, observed, exchange }: Tested,
  { level, text }: { readonly level: string; readonly text: (value: unknown) => string },
): InspectionData {
  const texts = TEXTS.filter((step) => observed.has(step) && isShown(state, step)).map((step) => [
    step,
    text(observed.get(step)),
  ]);
  const numbers = NUMBERS.filter(
    (step) => observed.get(step) !== undefined && isShown(state, step),
  ).map((step) => [step, observed.get(step)]);
  const { variables } = thread.data;
  const errorDetails = errorDetailsOf(observed);
  return {
    input: text(given.input),
    ...(Object.keys(variables).length > 0 && { variables: text(variables) }),
    ...Object.fromEntries([...texts, ...numbers]),
    ...(errorDetails && { errorDetails }),
    ...(level === "TRACE" &&
      exchange && { request: exchange.request, response: exchange.response }),
  };
}

/**
 * Whether AWS shows what a step gave: only tasks have a raw result, and Map and Parallel states show what
 * fields did that they have (https://aws.amazon.com/blogs/aws/accelerate-workflow-development-with-enhanced-local-testing-in-aws-step-functions/).
 */
function isShown(state: State, step: ObservedStep): boolean {
  switch (step) {
    case "result":
      return state.type === "Task";
    case "afterInputPath":
      return state.type !== "Parallel" || state.inputPath !== "$";
    case "afterParameters":
    case "afterArguments":
      return state.type !== "Parallel" || (state.parameters ?? state.arguments) !== undefined;
    case "afterItemsPath":
      return state.type === "Map" && state.items.kind === "path" && state.items.path !== "$";
    case "maxConcurrency":
      return state.type === "Map" && !isUnbounded(state.maxConcurrency);
    default:
      return true;
  }
}

function isUnbounded(maxConcurrency: { readonly kind: string; readonly value?: Json }): boolean {
  return maxConcurrency.kind === "literal" && maxConcurrency.value === 0;
}

function errorDetailsOf(observed: Tested["observed"]): InspectionData["errorDetails"] {
  const catchIndex = observed.get("catchIndex");
  // The interpreter shows the retry as these numbers.
  const retry = observed.get("retry") as { index: number; delayMs: number } | undefined;
  if (retry !== undefined) {
    return {
      retryIndex: retry.index,
      retryBackoffIntervalSeconds: Math.round(retry.delayMs / 1000),
    };
  }
  return typeof catchIndex === "number" ? { catchIndex } : undefined;
}
