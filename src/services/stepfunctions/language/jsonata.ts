import jsonata from "jsonata";
import { boundBacktracking } from "./bounded-regexp.ts";
import { remembering } from "./cache.ts";
import { StatesError } from "./errors.ts";
import { isJsonArray, isJsonObject } from "./json.ts";
import type { Json } from "./json.ts";
import { JSONATA_FUNCTIONS } from "./jsonata-functions.ts";
import { unsupportedNames } from "./jsonata-references.ts";
import { JsonataProblem, toJson } from "./jsonata-result.ts";
import type { EvaluationScope } from "./scope.ts";

/**
 * What an expression may use up. The service documents no numbers; depth and array length are where it was
 * seen to fail (`1+1+...` of some 100 terms, arrays of some 7 MB), the others stop what never ends.
 */
export const JSONATA_LIMITS = {
  /** Evaluated nodes of the expression; long results count for more than one. */
  steps: 1_000_000,
  /** Evaluated nodes inside each other. */
  depth: 100,
  /** Elements of an array that the expression makes. */
  arrayLength: 870_000,
  /** Characters of a text that the expression makes. */
  textLength: 4_000_000,
  /** By the machine's clock, for what takes long within one step. */
  timeoutMs: 10_000,
} as const;

/** True for a string that is an expression: it starts with `{%` and ends with `%}`. */
export function isJsonataExpression(text: string): boolean {
  return text.length >= 4 && text.startsWith("{%") && text.endsWith("%}");
}

/** True for a string with a `{%` at its start or a `%}` at its end: one without the other is a mistake. */
export function isMeantAsExpression(text: string): boolean {
  return text.startsWith("{%") || text.endsWith("%}");
}

/**
 * The value of one expression with its `{% %}`. `field` is its place in the state, `Output/a[0]` for
 * example. Throws States.QueryEvaluationError.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
 */
export async function evaluateJsonata(
  expression: string,
  scope: EvaluationScope,
  field: string,
): Promise<Json> {
  const code = codeOf(expression);
  const about = `The JSONata expression '${code}' specified for the field '${field}'`;
  let value: unknown;
  try {
    // Typed any: from here on it is unknown.
    value = await compile(code).evaluate(undefined, bindingsOf(scope));
    if (value !== undefined) return toJson(value);
  } catch (error) {
    throw queryError(`${about} threw an error during evaluation${describe(error)}`, field);
  }
  throw queryError(`${about} returned nothing (undefined).`, field);
}

/**
 * Arguments, Output, Assign, Items, ItemSelector and BatchInput: a copy of `template` with each
 * expression's value in its place.
 */
export async function evaluateJsonataTemplate(
  template: Json,
  scope: EvaluationScope,
  field: string,
): Promise<Json> {
  if (typeof template === "string") {
    return isJsonataExpression(template) ? evaluateJsonata(template, scope, field) : template;
  }
  if (isJsonArray(template)) {
    const items: Json[] = [];
    for (const [at, item] of template.entries()) {
      items.push(await evaluateJsonataTemplate(item, scope, `${field}[${at}]`));
    }
    return items;
  }
  if (!isJsonObject(template)) return template;
  const members: [string, Json][] = [];
  for (const [name, value] of Object.entries(template)) {
    members.push([name, await evaluateJsonataTemplate(value, scope, `${field}/${name}`)]);
  }
  return Object.fromEntries(members);
}

/** What is wrong with what {@link isMeantAsExpression}, or undefined. */
export function checkJsonata(expression: string): string | undefined {
  if (!isJsonataExpression(expression))
    return "A JSONata expression must start with '{%' and end with '%}', without spaces around them";
  try {
    compile(codeOf(expression));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The names in an expression with its `{% %}` that mean nothing in a state: see {@link unsupportedNames}. */
export function unsupportedReferences(expression: string): readonly string[] {
  return unsupportedNames(compile(codeOf(expression)).ast());
}

/** The error for a value of a type that its field does not take. */
export function unexpectedResult(result: {
  readonly expression: string;
  readonly field: string;
  readonly expected: string;
  readonly value: Json;
}): StatesError {
  const { expression, field, expected, value } = result;
  const found = value === null ? "null" : isJsonArray(value) ? "array" : typeof value;
  return queryError(
    `The JSONata expression '${codeOf(expression)}' specified for the field '${field}' returned an unexpected ` +
      `result type. Expected '${expected}', but was '${found}' for value: ${JSON.stringify(value)}`,
    field,
  );
}

function queryError(cause: string, field: string): StatesError {
  return new StatesError("States.QueryEvaluationError", cause, field);
}

function codeOf(expression: string): string {
  return expression.slice(2, -2).trim();
}

/** How much text of expressions is kept ready. */
const CACHE_CHARACTERS = 1_000_000;

/** The variable (which no expression can name) that holds the scope of an evaluation. */
const SCOPE = " scope";
/** The variable that counts an evaluation's steps. */
const BUDGET = " budget";

interface Budget {
  /** How many are left. */
  steps: number;
  /** Others have their turn when so many are left. */
  turnAt: number;
}

const compile = remembering(CACHE_CHARACTERS, (code) => {
  boundBacktracking();
  const expression = jsonata(code, {
    timeout: JSONATA_LIMITS.timeoutMs,
    stack: JSONATA_LIMITS.depth,
    sequence: JSONATA_LIMITS.arrayLength,
  });
  for (const { name, signature, run } of JSONATA_FUNCTIONS) {
    expression.registerFunction(
      name,
      function (...given) {
        return run(given, scopeIn(this.environment));
      },
      signature,
    );
  }
  expression.registerFunction(
    "now",
    function (picture: unknown, timezone: unknown) {
      const fromMillis = this.environment.lookup("fromMillis") as LibraryFunction;
      return fromMillis.implementation(scopeIn(this.environment).nowMs, picture, timezone);
    },
    "<s?s?:s>",
  );
  // The library looks its hooks up as variables that are named by symbols, which its types do not know.
  expression.assign(Symbol.for("jsonata.__evaluate_entry") as unknown as string, countStep);
  expression.assign(Symbol.for("jsonata.__evaluate_exit") as unknown as string, weighResult);
  return expression;
});

/** A function of the library's own, as its environment holds it. */
interface LibraryFunction {
  readonly implementation: (...given: readonly unknown[]) => unknown;
}

function bindingsOf(scope: EvaluationScope): Record<string, unknown> {
  const { input, context, result, errorOutput } = scope;
  return {
    ...scope.variables,
    states: {
      input,
      context,
      ...(result === undefined ? {} : { result }),
      ...(errorOutput === undefined ? {} : { errorOutput }),
    },
    // There is no evaluation of text as code.
    eval: undefined,
    [SCOPE]: scope,
    [BUDGET]: {
      steps: JSONATA_LIMITS.steps,
      turnAt: JSONATA_LIMITS.steps - STEPS_PER_TURN,
    } satisfies Budget,
  };
}

function scopeIn(environment: jsonata.Environment): EvaluationScope {
  // bindingsOf put it there.
  return environment.lookup(SCOPE) as EvaluationScope;
}

/** Steps after which an evaluation lets others have their turn. */
const STEPS_PER_TURN = 10_000;

function countStep(
  _node: unknown,
  _input: unknown,
  environment: jsonata.Environment,
): Promise<void> | undefined {
  const budget = environment.lookup(BUDGET) as Budget;
  spend(budget, 1);
  if (budget.steps > budget.turnAt) return undefined;
  budget.turnAt = budget.steps - STEPS_PER_TURN;
  return new Promise((resolve) => setImmediate(resolve));
}

/** Elements of an array that weigh as much as a step: of one that was made, and of one that was there. */
const MADE_PER_STEP = 32;
const READ_PER_STEP = 256;

function weighResult(
  node: jsonata.ExprNode,
  _input: unknown,
  environment: jsonata.Environment,
  result: unknown,
): void {
  if (typeof result === "string" && result.length > JSONATA_LIMITS.textLength) {
    throw new JsonataProblem(TOO_BIG);
  }
  if (!Array.isArray(result)) return;
  const perStep = node.type === "variable" ? READ_PER_STEP : MADE_PER_STEP;
  spend(environment.lookup(BUDGET) as Budget, Math.floor(result.length / perStep));
}

function spend(budget: Budget, steps: number): void {
  budget.steps -= steps;
  if (budget.steps < 0) throw new JsonataProblem(TOO_LONG);
}

const TOO_BIG = "Expression evaluation memory limit exceeded: Check for excessive memory usage";
const TOO_LONG = "Expression evaluation timeout: Check for infinite loop";
const TOO_DEEP =
  "Stack overflow error: Check for non-terminating recursive function.  Consider rewriting as tail-recursive.";

/** What AWS says of the limits that the library has codes for. */
const LIMITS: ReadonlyMap<unknown, string> = new Map([
  ["D1011", TOO_DEEP],
  ["D1012", TOO_LONG],
  ["D2014", TOO_BIG],
  ["D2015", TOO_BIG],
]);

/** The end of an error's sentence: a full stop and the code, when the library gave one, or a colon. */
function describe(error: unknown): string {
  const { code } = Object(error) as { readonly code?: unknown };
  const limit = LIMITS.get(code);
  if (limit !== undefined) return `: ${limit}`;
  const message = messageOf(error);
  return typeof code === "string" ? `. ${code}: ${message}` : `: ${message}`;
}

function messageOf(error: unknown): string {
  // The library throws plain objects with a message.
  const { message } = Object(error) as { readonly message?: unknown };
  return typeof message === "string" ? message : "evaluation failed";
}
