import type { Json } from "./json.ts";
import type { EvaluationScope } from "./scope.ts";

/** True for text that is meant as an intrinsic function: it starts with `States.`. */
export function isIntrinsic(_text: string): boolean {
  throw new Error("not written yet");
}

/** The value of an intrinsic function, nested up to 10 deep. Throws States.IntrinsicFailure, or States.Runtime for a path that finds nothing. */
export function evaluateIntrinsic(_text: string, _scope: EvaluationScope, _field: string): Json {
  throw new Error("not written yet");
}

/** What is wrong with `text` as an intrinsic function call, or undefined. */
export function checkIntrinsic(_text: string): string | undefined {
  throw new Error("not written yet");
}
