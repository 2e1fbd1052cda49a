import type { Json } from "./json.ts";
import type { EvaluationScope } from "./scope.ts";

/**
 * Parameters, ResultSelector, ItemSelector, BatchInput, Credentials and JSONPath's Assign: a copy of
 * `template` in which each field whose name ends in `.$` has what its path or intrinsic function gives.
 * Throws States.Runtime (nothing found) or States.IntrinsicFailure.
 */
export function evaluatePayloadTemplate(_template: Json, _scope: EvaluationScope): Json {
  throw new Error("not written yet");
}

/** A path or an intrinsic function, as in the fields `X.$`, `ErrorPath` and `CausePath`. */
export function evaluatePathOrIntrinsic(
  _text: string,
  _scope: EvaluationScope,
  _field: string,
): Json {
  throw new Error("not written yet");
}
