import type {
  ValidateStateMachineDefinitionInput,
  ValidateStateMachineDefinitionOutput,
} from "@aws-sdk/client-sfn";
import { conversation } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { diagnose } from "../configuration.ts";
import type { Engine } from "../engine.ts";
import { MAX_DIAGNOSTICS } from "../limits.ts";

/** Says what is wrong, or looks wrong, in a definition. */
export function validateStateMachineDefinition(
  engine: Engine,
): Operation<ValidateStateMachineDefinitionInput, ValidateStateMachineDefinitionOutput> {
  return conversation(async (_context, input) => {
    const { definition = "", severity = "ERROR", maxResults = 0, type = "STANDARD" } = input;
    const { diagnostics } = await diagnose(engine, definition, type);
    const shown = diagnostics.filter(
      (diagnostic) => severity === "WARNING" || diagnostic.severity === "ERROR",
    );
    const limit = maxResults === 0 ? MAX_DIAGNOSTICS : maxResults;
    return {
      result: diagnostics.some((diagnostic) => diagnostic.severity === "ERROR") ? "FAIL" : "OK",
      diagnostics: shown.slice(0, limit).map((diagnostic) => ({ ...diagnostic })),
      truncated: shown.length > limit,
    };
  });
}
