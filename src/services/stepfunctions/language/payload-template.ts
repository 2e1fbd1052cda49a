import { evaluateIntrinsic, isIntrinsic } from "./intrinsics.ts";
import { selectPath } from "./json-path.ts";
import { isJsonArray, isJsonObject } from "./json.ts";
import type { Json } from "./json.ts";
import type { EvaluationScope } from "./scope.ts";

/**
 * Parameters, ResultSelector, ItemSelector, BatchInput, Credentials and JSONPath's Assign: a copy of
 * `template` in which each field whose name ends in `.$` has what its path or intrinsic function gives.
 * Throws States.Runtime (nothing found) or States.IntrinsicFailure.
 */
export function evaluatePayloadTemplate(template: Json, scope: EvaluationScope): Json {
  if (isJsonArray(template)) return template.map((item) => evaluatePayloadTemplate(item, scope));
  if (!isJsonObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => {
      if (!name.endsWith(".$") || typeof value !== "string")
        return [name, evaluatePayloadTemplate(value, scope)];
      return [name.slice(0, -2), evaluatePathOrIntrinsic(value, scope, name)];
    }),
  );
}

/** A path or an intrinsic function, as in the fields `X.$`, `ErrorPath` and `CausePath`. */
export function evaluatePathOrIntrinsic(text: string, scope: EvaluationScope, field: string): Json {
  return isIntrinsic(text) ? evaluateIntrinsic(text, scope, field) : selectPath(text, scope, field);
}
