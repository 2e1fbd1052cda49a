import type {
  ValidateStateMachineDefinitionInput,
  ValidateStateMachineDefinitionOutput,
} from "@aws-sdk/client-sfn";
import { conversation } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { diagnose } from "../configuration.ts";
import { MAX_DEFINITION_BYTES } from "../language/limits.ts";
import { checkEnum, checkNumber, checkText } from "../validation.ts";

const MAX_DIAGNOSTICS = 100;

/** Says what is wrong, or looks wrong, in a definition. */
export function validateStateMachineDefinition(): Operation<
  ValidateStateMachineDefinitionInput,
  ValidateStateMachineDefinitionOutput
> {
  return conversation((_context, input) => {
    const { definition = "", severity = "ERROR", maxResults = 0, type = "STANDARD" } = input;
    checkText({
      member: "definition",
      value: definition,
      minimum: 1,
      maximum: MAX_DEFINITION_BYTES,
    });
    checkEnum("severity", severity, ["ERROR", "WARNING"]);
    checkEnum("type", type, ["STANDARD", "EXPRESS"]);
    checkNumber({ member: "maxResults", value: maxResults, minimum: 0, maximum: MAX_DIAGNOSTICS });
    const { diagnostics } = diagnose(definition, type);
    const shown = diagnostics.filter(
      (diagnostic) => severity === "WARNING" || diagnostic.severity === "ERROR",
    );
    const limit = maxResults === 0 ? MAX_DIAGNOSTICS : maxResults;
    return Promise.resolve({
      result: diagnostics.some((diagnostic) => diagnostic.severity === "ERROR") ? "FAIL" : "OK",
      diagnostics: shown.slice(0, limit).map((diagnostic) => ({ ...diagnostic })),
      truncated: shown.length > limit,
    });
  });
}
