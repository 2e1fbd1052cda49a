import type { FieldSource, QueryLanguage } from "./definition.ts";
import type { Json, JsonObject } from "./json.ts";
import type { EvaluationScope } from "./scope.ts";

/** A template in either language; `field` is its name for errors (`Parameters`, `Output`, `ItemSelector`). */
export async function evaluateTemplate(
  _language: QueryLanguage,
  _template: Json,
  _scope: EvaluationScope,
  _field: string,
): Promise<Json> {
  throw new Error("not written yet");
}

/** The new variables of an Assign. Throws States.QueryEvaluationError or States.Runtime, also when a variable or all of them are too big. */
export async function evaluateAssign(
  _language: QueryLanguage,
  _assign: JsonObject,
  _scope: EvaluationScope,
  _field: string,
): Promise<Readonly<Record<string, Json>>> {
  throw new Error("not written yet");
}

/** A number that must be whole and in the range: Seconds, TimeoutSeconds, MaxConcurrency, MaxItems and the like. */
export async function resolveInteger(
  _source: FieldSource<number>,
  _scope: EvaluationScope,
  _expected: { readonly field: string; readonly minimum: number; readonly maximum?: number },
): Promise<number> {
  throw new Error("not written yet");
}

/** A number in the range: ToleratedFailurePercentage. */
export async function resolveNumber(
  _source: FieldSource<number>,
  _scope: EvaluationScope,
  _expected: { readonly field: string; readonly minimum: number; readonly maximum?: number },
): Promise<number> {
  throw new Error("not written yet");
}

/** A text: Error and Cause of a Fail, whose paths may be intrinsic functions. */
export async function resolveString(
  _source: FieldSource<string>,
  _scope: EvaluationScope,
  _field: string,
): Promise<string> {
  throw new Error("not written yet");
}

/** A Timestamp of a Wait, in milliseconds of the epoch. */
export async function resolveTimestampMs(
  _source: FieldSource<string>,
  _scope: EvaluationScope,
  _field: string,
): Promise<number> {
  throw new Error("not written yet");
}

/** The items of a Map: an array, or the pairs `{Key, Value}` of an object. */
export async function resolveItems(
  _source: FieldSource<Json>,
  _scope: EvaluationScope,
): Promise<readonly Json[]> {
  throw new Error("not written yet");
}
