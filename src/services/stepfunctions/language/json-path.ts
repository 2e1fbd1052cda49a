import type { Json } from "./json.ts";
import type { EvaluationScope } from "./scope.ts";

/**
 * What `path` selects in the scope: one value for a definite path, or undefined when there is none;
 * an array (perhaps empty) for a path with wildcards, filters, slices, unions or `..`. `$` starts at
 * the input, `$$` at the context object, `$name` at a variable. Throws States.Runtime for a path that
 * is not one, which a parsed definition does not hold.
 */
export function findPath(_path: string, _scope: EvaluationScope): Json | undefined {
  throw new Error("not written yet");
}

/** As {@link findPath}, but finding nothing throws States.Runtime with AWS's text, naming the field. */
export function selectPath(_path: string, _scope: EvaluationScope, _field: string): Json {
  throw new Error("not written yet");
}

/** InputPath and OutputPath: null gives an empty object. */
export function applyPath(
  _path: string | null,
  _scope: EvaluationScope,
  _field: "InputPath" | "OutputPath",
): Json {
  throw new Error("not written yet");
}

/** What is wrong with `path` as a path, or undefined. */
export function checkPath(_path: string): string | undefined {
  throw new Error("not written yet");
}
