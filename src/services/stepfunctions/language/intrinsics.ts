import { StatesError } from "./errors.ts";
import { INTRINSIC_FUNCTIONS, IntrinsicProblem } from "./intrinsic-functions.ts";
import { readIntrinsic } from "./intrinsic-syntax.ts";
import type { Intrinsic, IntrinsicArgument } from "./intrinsic-syntax.ts";
import { problemOf } from "./json-path-syntax.ts";
import { findPath } from "./json-path.ts";
import type { Json } from "./json.ts";
import { ExpressionSyntaxError } from "./scanner.ts";
import type { EvaluationScope } from "./scope.ts";

/** True for text that is meant as an intrinsic function: it starts with `States.`. */
export function isIntrinsic(text: string): boolean {
  return text.startsWith("States.");
}

/**
 * The value of an intrinsic function, nested up to 10 deep. Throws States.IntrinsicFailure, or
 * States.Runtime for a path that finds nothing.
 * https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
 */
export function evaluateIntrinsic(text: string, scope: EvaluationScope, field: string): Json {
  try {
    return call(readIntrinsic(text), scope);
  } catch (error) {
    if (error instanceof PathProblem) throw failure("States.Runtime", text, error.message, field);
    if (error instanceof IntrinsicProblem || error instanceof ExpressionSyntaxError) {
      throw failure("States.IntrinsicFailure", text, error.message, field);
    }
    throw error;
  }
}

/** What is wrong with `text` as an intrinsic function call, or undefined. */
export function checkIntrinsic(text: string): string | undefined {
  return problemOf(() => {
    readIntrinsic(text);
  });
}

/** A path among the arguments finds nothing. */
class PathProblem extends Error {}

function failure(
  name: "States.IntrinsicFailure" | "States.Runtime",
  text: string,
  problem: string,
  field: string,
): StatesError {
  return new StatesError(name, `The function '${text}' had the following error: ${problem}`, field);
}

function call(intrinsic: Intrinsic, scope: EvaluationScope): Json {
  const { run, minimum, maximum } = INTRINSIC_FUNCTIONS[intrinsic.name];
  const count = intrinsic.arguments.length;
  if (count < minimum || count > maximum) {
    throw new IntrinsicProblem(`Invalid number of arguments for ${intrinsic.name}: ${count}`);
  }
  return run(
    intrinsic.arguments.map((argument) => valueOf(argument, scope)),
    scope.random,
    intrinsic.arguments[0],
  );
}

function valueOf(argument: IntrinsicArgument, scope: EvaluationScope): Json {
  if (argument.kind === "call") return call(argument.intrinsic, scope);
  if (argument.kind === "text" || argument.kind === "literal") return argument.value;
  const found = findPath(argument.path, scope);
  if (found !== undefined) return found;
  const input = JSON.stringify(scope.input);
  throw new PathProblem(
    `The JsonPath argument for the field '${argument.path}' could not be found in the input '${input}'`,
  );
}
