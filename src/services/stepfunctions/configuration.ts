import type {
  EncryptionConfiguration,
  LoggingConfiguration,
  StateMachineType,
  TracingConfiguration,
} from "@aws-sdk/client-sfn";
import { ServiceError } from "../../kernel/errors.ts";
import type { StateGraph, StateMachineDefinition } from "./language/definition.ts";
import type { Diagnostic } from "./language/diagnostics.ts";
import { toInvalidDefinitionMessage } from "./language/diagnostics.ts";
import { parseDefinition } from "./language/parse.ts";
import type { ParsedDefinition } from "./language/parse.ts";
import { parseTaskResource } from "./interpreter/task-resource.ts";
import { MAX_DEFINITION_BYTES } from "./limits.ts";
import { checkEnum, checkNumber, checkText } from "./validation.ts";

/** What a machine's configuration is when a request says nothing of it. */
export const NO_LOGGING: LoggingConfiguration = { level: "OFF", includeExecutionData: false };
/** Tracing when a request says nothing of it. */
export const NO_TRACING: TracingConfiguration = { enabled: false };
/** Encryption when a request says nothing of it. */
export const OWNED_KEY: EncryptionConfiguration = { type: "AWS_OWNED_KEY" };

/** Throws InvalidDefinition, or ValidationException for a definition that is too big. */
export function checkDefinition(text: string, type: StateMachineType): StateMachineDefinition {
  checkText({ member: "definition", value: text, minimum: 1, maximum: MAX_DEFINITION_BYTES });
  const { definition, diagnostics } = diagnose(text, type);
  if (definition === undefined || diagnostics.some(({ severity }) => severity === "ERROR")) {
    throw new ServiceError("InvalidDefinition", toInvalidDefinitionMessage(diagnostics));
  }
  return definition;
}

/** A definition's meaning, and all that is wrong with it for a type of machine. */
export function diagnose(text: string, type: StateMachineType): ParsedDefinition {
  const { definition, diagnostics } = parseDefinition(text);
  if (definition === undefined || type !== "EXPRESS") return { definition, diagnostics };
  return { definition, diagnostics: [...diagnostics, ...expressDiagnostics(definition)] };
}

/** Throws InvalidLoggingConfiguration. */
export function checkLogging(logging: LoggingConfiguration): void {
  checkEnum("loggingConfiguration.level", logging.level, ["ALL", "ERROR", "FATAL", "OFF"]);
  const { level = "OFF", destinations = [] } = logging;
  if (destinations.length > 1 || (level !== "OFF" && destinations.length === 0)) {
    throw invalidLogging("Must specify exactly one Log Destination.");
  }
  for (const { cloudWatchLogsLogGroup } of destinations) {
    const arn = cloudWatchLogsLogGroup?.logGroupArn ?? "";
    if (!/^arn:aws[a-z-]*:logs:[^:]+:[^:]+:log-group:[^:]+:\*$/.test(arn)) {
      throw invalidLogging(
        "Log Destination must be a CloudWatch Log Group ARN that ends with ':*'.",
      );
    }
  }
}

/** Throws InvalidEncryptionConfiguration. */
export function checkEncryption(encryption: EncryptionConfiguration): void {
  const { type, kmsKeyId, kmsDataKeyReusePeriodSeconds } = encryption;
  checkEnum("encryptionConfiguration.type", type, ["AWS_OWNED_KEY", "CUSTOMER_MANAGED_KMS_KEY"]);
  checkNumber({
    member: "encryptionConfiguration.kmsDataKeyReusePeriodSeconds",
    value: kmsDataKeyReusePeriodSeconds,
    minimum: 60,
    maximum: 900,
  });
  const hasKey = kmsKeyId !== undefined || kmsDataKeyReusePeriodSeconds !== undefined;
  if (type === "AWS_OWNED_KEY" && hasKey) {
    throw invalidEncryption("A KMS key cannot be given with the type AWS_OWNED_KEY.");
  }
  if (type === "CUSTOMER_MANAGED_KMS_KEY" && kmsKeyId === undefined) {
    throw invalidEncryption("The type CUSTOMER_MANAGED_KMS_KEY needs a KMS key.");
  }
}

/** What of a definition only Standard executions know: jobs, callbacks, activities, Distributed Maps. */
function expressDiagnostics(graph: StateGraph, path = ""): Diagnostic[] {
  return [...graph.states.values()].flatMap((state) => {
    const location = `${path}/States/${state.name}`;
    switch (state.type) {
      case "Task": {
        const resource = parseTaskResource(state.resource);
        const isWaiting = resource?.kind === "service" && resource.pattern !== "request";
        if (resource?.kind !== "activity" && !isWaiting) return [];
        return [refusal(`'${state.resource}'`, `${location}/Resource`)];
      }
      case "Parallel":
        return state.branches.flatMap((branch, index) =>
          expressDiagnostics(branch, `${location}/Branches[${index}]`),
        );
      case "Map": {
        const place = `${location}/ItemProcessor`;
        if (state.processor.mode === "DISTRIBUTED") return [refusal("Distributed Map", place)];
        return expressDiagnostics(state.processor, place);
      }
      default:
        return [];
    }
  });
}

function refusal(what: string, location: string): Diagnostic {
  const message = `Express state machines do not support ${what}`;
  return { severity: "ERROR", code: "SCHEMA_VALIDATION_FAILED", message, location };
}

function invalidLogging(detail: string): ServiceError {
  return new ServiceError(
    "InvalidLoggingConfiguration",
    `Invalid Logging Configuration: ${detail}`,
  );
}

function invalidEncryption(detail: string): ServiceError {
  return new ServiceError(
    "InvalidEncryptionConfiguration",
    `Invalid Encryption Configuration: ${detail}`,
  );
}
