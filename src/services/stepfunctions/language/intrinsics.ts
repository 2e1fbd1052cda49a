import { StatesError } from "./errors.ts";
import { INTRINSIC_FUNCTIONS, IntrinsicProblem } from "./intrinsic-functions.ts";
import { readIntrinsic } from "./intrinsic-syntax.ts";
import type { Intrinsic, IntrinsicArgument } from "./intrinsic-syntax.ts";
import { problemOf } from "./json-path-syntax.ts";
import { findAny } from "./json-path.ts";
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

/** What is wrong with `text` as a call of an intrinsic function (one of `allowed`, when given), or undefined. */
export function checkIntrinsic(text: string, allowed?: ReadonlySet<string>): string | undefined {
  return problemOf(() => {
    const { name } = readIntrinsic(text);
    if (allowed?.has(name) === false)
      throw new ExpressionSyntaxError(`${name} is not allowed here`);
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
  return INTRINSIC_FUNCTIONS[intrinsic.name].run(
    intrinsic.arguments.map((argument) => valueOf(argument, scope)),
    scope.random,
    intrinsic.arguments[0],
  );
}

function valueOf(argument: IntrinsicArgument, scope: EvaluationScope): Json {
  if (argument.kind === "call") return call(argument.intrinsic, scope);
  if (argument.kind === "literal") return argument.value;
  if (argument.kind === "text") return withoutEscapes(argument.raw);
  const found = findAny(argument.path, scope);
  if (found !== undefined) return found;
  const input = JSON.stringify(scope.input);
  throw new PathProblem(
    `The JsonPath argument for the field '${argument.path}' could not be found in the input '${input}'`,
  );
}

/** What may stand behind a backslash: any other is an open escape, which fails (States Language, "Intrinsic Functions"). */
const ESCAPABLE = "'{}\\";

function withoutEscapes(raw: string): string {
  return raw.replace(/\\(.)/gs, (escape: string, escaped: string) => {
    if (ESCAPABLE.includes(escaped)) return escaped;
    throw new IntrinsicProblem(`Invalid escape sequence '${escape}'`);
  });
}
