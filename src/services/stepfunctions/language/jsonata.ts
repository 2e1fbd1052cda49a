import type { Json } from "./json.ts";
import type { EvaluationScope } from "./scope.ts";

/** True for a string that is an expression: it starts with `{%` and ends with `%}`. */
export function isJsonataExpression(_text: string): boolean {
  throw new Error("not written yet");
}

/** The value of one expression with its `{% %}`. `field` is its place in the state, `Output/a[0]` for example. Throws States.QueryEvaluationError. */
export async function evaluateJsonata(
  _expression: string,
  _scope: EvaluationScope,
  _field: string,
): Promise<Json> {
  throw new Error("not written yet");
}

/** Arguments, Output, Assign, Items, ItemSelector and BatchInput: a copy of `template` with each expression's value in its place. */
export async function evaluateJsonataTemplate(
  _template: Json,
  _scope: EvaluationScope,
  _field: string,
): Promise<Json> {
  throw new Error("not written yet");
}

/** What is wrong with an expression with its `{% %}`, or undefined. */
export function checkJsonata(_expression: string): string | undefined {
  throw new Error("not written yet");
}
