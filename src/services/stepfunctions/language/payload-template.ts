import { evaluateIntrinsic, isIntrinsic } from "./intrinsics.ts";
import { findPath, isPastEnd, selectPath } from "./json-path.ts";
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
      return [name.slice(0, -2), evaluateMember(value, scope, name)];
    }),
  );
}

/** What a member of a template gets. An element past an array's end is null, where AWS's own library has it so. */
function evaluateMember(text: string, scope: EvaluationScope, name: string): Json {
  if (isIntrinsic(text)) return evaluateIntrinsic(text, scope, name);
  const found = findPath(text, scope);
  if (found !== undefined) return found;
  return isPastEnd(text, scope) ? null : selectPath(text, scope, name);
}

/** A path or an intrinsic function, as in the fields `X.$`, `ErrorPath` and `CausePath`. */
export function evaluatePathOrIntrinsic(text: string, scope: EvaluationScope, field: string): Json {
  return isIntrinsic(text) ? evaluateIntrinsic(text, scope, field) : selectPath(text, scope, field);
}
