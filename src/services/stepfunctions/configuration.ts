import type {
  EncryptionConfiguration,
  LoggingConfiguration,
  TracingConfiguration,
} from "@aws-sdk/client-sfn";
import { ServiceError } from "../../kernel/errors.ts";
import type { StateGraph, StateMachineDefinition } from "./language/definition.ts";
import { toInvalidDefinitionMessage } from "./language/diagnostics.ts";
import { parseDefinition } from "./language/parse.ts";
import { parseTaskResource } from "./interpreter/task-resource.ts";
import { invalidDefinition } from "./errors.ts";
import { MAX_DEFINITION_BYTES } from "./limits.ts";
import { checkEnum, checkNumber, checkText } from "./validation.ts";

/** What a machine's configuration is when a request says nothing of it. */
export const NO_LOGGING: LoggingConfiguration = { level: "OFF", includeExecutionData: false };
export const NO_TRACING: TracingConfiguration = { enabled: false };
export const OWNED_KEY: EncryptionConfiguration = { type: "AWS_OWNED_KEY" };

/** Throws InvalidDefinition, or ValidationException for a definition that is too big. */
export function checkDefinition(
  text: string,
  type: "STANDARD" | "EXPRESS",
): StateMachineDefinition {
  checkText({ member: "definition", value: text, minimum: 1, maximum: MAX_DEFINITION_BYTES });
  const { definition, diagnostics } = parseDefinition(text);
  if (definition === undefined) {
    throw new ServiceError("InvalidDefinition", toInvalidDefinitionMessage(diagnostics));
  }
  if (type === "EXPRESS") checkExpress(definition);
  return definition;
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

/** Express knows no jobs, callbacks, activities and Distributed Maps. */
function checkExpress(graph: StateGraph): void {
  for (const state of graph.states.values()) {
    if (state.type === "Task") {
      const resource = parseTaskResource(state.resource);
      const isRefused =
        resource?.kind === "activity" ||
        (resource?.kind === "service" && resource.pattern !== "request");
      if (isRefused) {
        throw invalidDefinition(
          `SCHEMA_VALIDATION_FAILED: Express state machines do not support '${state.resource}' at /States/${state.name}/Resource`,
        );
      }
    } else if (state.type === "Parallel") {
      for (const branch of state.branches) checkExpress(branch);
    } else if (state.type === "Map") {
      if (state.processor.mode === "DISTRIBUTED") {
        throw invalidDefinition(
          `SCHEMA_VALIDATION_FAILED: Express state machines do not support Distributed Map at /States/${state.name}/ItemProcessor`,
        );
      }
      checkExpress(state.processor);
    }
  }
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
