import { randomInt } from "node:crypto";
import fc from "fast-check";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import type { EvaluationScope } from "../../../../src/services/stepfunctions/language/scope.ts";

/** 2026-01-02T03:04:05.678Z, which is what `$now()` answers. */
export const NOW_MS: number = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A scope with `input` and whatever a test says, and chance that is always the same. */
export function scopeOf(input: Json, other: Partial<EvaluationScope> = {}): EvaluationScope {
  return {
    input,
    context: { Execution: { Id: "arn:e", Name: "e" } },
    variables: {},
    random: {
      bytes: (count) => new Uint8Array(count),
      uuid: () => "9e1b7a5c-0d5e-4a3c-8f1e-3a2b1c0d9e8f",
      fraction: () => 0.5,
    },
    nowMs: NOW_MS,
    ...other,
  };
}

/** A seed for fast-check that a test prints in its name. */
export const SEED: number = randomInt(2 ** 31);

/** Any value that can be sent as JSON: without negative zero, which JSON.stringify drops. */
export function anyJson(maxDepth: number): fc.Arbitrary<Json> {
  return fc.jsonValue({ maxDepth }).map((value) => JSON.parse(JSON.stringify(value)) as Json);
}
