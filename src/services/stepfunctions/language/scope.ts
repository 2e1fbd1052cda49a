import type { Random } from "../../../kernel/random.ts";
import type { Json } from "./json.ts";

/** The names that a state may use and what they stand for; everything an evaluation depends on. */
export interface EvaluationScope {
  /** `$` of JSONPath and `$states.input` of JSONata. A ResultSelector and a JSONPath Assign have the raw result here. */
  readonly input: Json;
  /** The context object: `$$` of JSONPath and `$states.context` of JSONata. */
  readonly context: Json;
  /** Workflow variables by name, without the dollar sign. */
  readonly variables: Readonly<Record<string, Json>>;
  /** `$states.result`: only where a Task, Parallel or Map has one. */
  readonly result?: Json;
  /** `$states.errorOutput`: only in a Catch. */
  readonly errorOutput?: Json;
  /** Chance for `States.MathRandom`, `States.UUID`, `$random`, `$uuid` and `$shuffle`. */
  readonly random: Random;
  /** The time that `$now()` and `$millis()` answer, in milliseconds of the epoch. */
  readonly nowMs: number;
}
