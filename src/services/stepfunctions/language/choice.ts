import type { ChoiceState } from "./definition.ts";
import type { EvaluationScope } from "./scope.ts";

/**
 * The index of the first rule of `state.choices` whose condition holds, or undefined: then the default
 * applies, or States.NoChoiceMatched. Throws States.Runtime (a path that finds nothing) and
 * States.QueryEvaluationError.
 */
export async function chooseRule(
  _state: ChoiceState,
  _scope: EvaluationScope,
): Promise<number | undefined> {
  throw new Error("not written yet");
}
