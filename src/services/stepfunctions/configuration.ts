import type {
  EncryptionConfiguration,
  LoggingConfiguration,
  StateMachineType,
  TracingConfiguration,
} from "@aws-sdk/client-sfn";
import { ServiceError } from "../../kernel/errors.ts";
import type { OperationRegistry } from "../../kernel/registry.ts";
import type { Engine } from "./engine.ts";
import type { State, StateGraph, StateMachineDefinition } from "./language/definition.ts";
import type { Diagnostic } from "./language/diagnostics.ts";
import { toInvalidDefinitionMessage } from "./language/diagnostics.ts";
import { parseDefinition } from "./language/parse.ts";
import type { ParsedDefinition } from "./language/parse.ts";
import { templateProblems } from "./integrations/arguments.ts";
import { isKnownIntegration } from "./integrations/optimized.ts";
import { parseTaskResource } from "./interpreter/task-resource.ts";
import { DEFAULT_DATA_KEY_SECONDS } from "./limits.ts";

/** What a machine's configuration is when a request says nothing of it. */
export const NO_LOGGING: LoggingConfiguration = { level: "OFF", includeExecutionData: false };
/** Tracing when a request says nothing of it. */
export const NO_TRACING: TracingConfiguration = { enabled: false };
/** Encryption when a request says nothing of it. */
export const OWNED_KEY: EncryptionConfiguration = { type: "AWS_OWNED_KEY" };

/** What stands for a definition in an answer without data (DescribeStateMachine, `includedData`). */
export const NO_DEFINITION = "{}";

/** A definition's meaning. Throws InvalidDefinition. */
export async function checkDefinition(
  engine: Pick<Engine, "operations">,
  text: string,
  type: StateMachineType,
): Promise<StateMachineDefinition> {
  const { definition, diagnostics } = await diagnose(engine, text, type);
  if (definition === undefined || diagnostics.some(({ severity }) => severity === "ERROR")) {
    throw new ServiceError("InvalidDefinition", toInvalidDefinitionMessage(diagnostics));
  }
  return definition;
}

/** A definition's meaning, and all that is wrong with it for a type of machine. */
export async function diagnose(
  { operations }: Pick<Engine, "operations">,
  text: string,
  type: StateMachineType,
): Promise<ParsedDefinition> {
  const { definition, diagnostics } = parseDefinition(text);
  if (definition === undefined) return { definition, diagnostics };
  const more = [
    ...resourceDiagnostics(definition),
    ...(await argumentDiagnostics(operations, definition)),
  ];
  more.push(...(type === "EXPRESS" ? expressDiagnostics : expressChildDiagnostics)(definition));
  return { definition, diagnostics: [...diagnostics, ...more] };
}

/** Throws InvalidLoggingConfiguration. */
export function checkLogging(logging: LoggingConfiguration): void {
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

/** Throws InvalidTracingConfiguration. */
export function checkTracing({ enabled }: TracingConfiguration): void {
  if (enabled !== undefined) return;
  throw new ServiceError(
    "InvalidTracingConfiguration",
    "Invalid Tracing Configuration: 'enabled' must be set to true or false.",
  );
}

/** Throws InvalidEncryptionConfiguration. */
export function checkEncryption(encryption: EncryptionConfiguration): void {
  const { type, kmsKeyId, kmsDataKeyReusePeriodSeconds } = encryption;
  const hasKey = kmsKeyId !== undefined || kmsDataKeyReusePeriodSeconds !== undefined;
  if (type === "AWS_OWNED_KEY" && hasKey) {
    throw invalidEncryption("A KMS key cannot be given with the type AWS_OWNED_KEY.");
  }
  if (type === "CUSTOMER_MANAGED_KMS_KEY" && kmsKeyId === undefined) {
    throw invalidEncryption("The type CUSTOMER_MANAGED_KMS_KEY needs a KMS key.");
  }
}

/** Encryption as it is stored and shown, with what a request may leave out. */
export function wholeEncryption(
  encryption: EncryptionConfiguration = OWNED_KEY,
): EncryptionConfiguration {
  return encryption.type === "AWS_OWNED_KEY"
    ? encryption
    : { kmsDataKeyReusePeriodSeconds: DEFAULT_DATA_KEY_SECONDS, ...encryption };
}

/** Resources that are none that AWS knows. */
function* resourceDiagnostics(graph: StateGraph): Iterable<Diagnostic> {
  for (const { state, location } of statesIn(graph)) {
    for (const [field, resource] of unknownResources(state)) {
      const message = `The resource provided ${resource} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`;
      yield schemaError(message, `${location}/${field}`);
    }
  }
}

const READER = /^arn:[^:]+:states:[^:]*:[^:]*:s3:(?:getObject|listObjectsV2)$/;
const WRITER = /^arn:[^:]+:states:[^:]*:[^:]*:s3:putObject$/;

function* unknownResources(state: State): Iterable<readonly [field: string, resource: string]> {
  if (state.type === "Task" && !isKnownTask(state.resource)) yield ["Resource", state.resource];
  if (state.type !== "Map") return;
  const reader = state.itemReader?.resource;
  if (reader !== undefined && !READER.test(reader)) yield ["ItemReader/Resource", reader];
  const writer = state.resultWriter?.resource;
  if (writer !== undefined && !WRITER.test(writer)) yield ["ResultWriter/Resource", writer];
}

function isKnownTask(resource: string): boolean {
  const parsed = parseTaskResource(resource);
  if (parsed?.kind === "service") return isKnownIntegration(parsed);
  return !/^arn:[^:]+:states:[^:]*:[^:]*:(?!activity:)/.test(resource);
}

/** Arguments that the APIs of this server do not take, as far as a definition spells them out. */
async function argumentDiagnostics(
  operations: OperationRegistry,
  graph: StateGraph,
): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const { state, location } of statesIn(graph)) {
    const resource = state.type === "Task" ? parseTaskResource(state.resource) : undefined;
    if (state.type !== "Task" || resource === undefined) continue;
    const isJsonata = state.queryLanguage === "JSONata";
    const [field, template] = isJsonata
      ? ["Arguments", state.arguments]
      : ["Parameters", state.parameters];
    for (const { message, place } of await templateProblems(operations, resource, template))
      found.push(schemaError(message, `${location}/${field}${place}`));
  }
  return found;
}

/** What of a Standard definition the Express children of its Distributed Maps do not know. */
function* expressChildDiagnostics(graph: StateGraph): Iterable<Diagnostic> {
  for (const { state, location } of statesIn(graph)) {
    if (state.type === "Map" && state.processor.executionType === "EXPRESS")
      yield* expressDiagnostics(state.processor, `${location}/ItemProcessor`);
  }
}

/** What of a definition only Standard executions know: jobs, callbacks, activities, Distributed Maps. */
function* expressDiagnostics(graph: StateGraph, path = ""): Iterable<Diagnostic> {
  for (const { state, location } of statesIn(graph, path)) {
    if (state.type === "Map" && state.processor.mode === "DISTRIBUTED") {
      yield refusal("Distributed Map", `${location}/ItemProcessor`);
    }
    if (state.type !== "Task") continue;
    const resource = parseTaskResource(state.resource);
    const isWaiting = resource?.kind === "service" && resource.pattern !== "request";
    if (resource?.kind === "activity" || isWaiting)
      yield refusal(`'${state.resource}'`, `${location}/Resource`);
  }
}

/** Every state of a definition, with its place. */
function* statesIn(graph: StateGraph, path = ""): Iterable<{ state: State; location: string }> {
  for (const state of graph.states.values()) {
    const location = `${path}/States/${state.name}`;
    yield { state, location };
    if (state.type === "Map") yield* statesIn(state.processor, `${location}/ItemProcessor`);
    if (state.type !== "Parallel") continue;
    for (const [index, branch] of state.branches.entries())
      yield* statesIn(branch, `${location}/Branches[${index}]`);
  }
}

function refusal(what: string, location: string): Diagnostic {
  return schemaError(`Express state machines do not support ${what}`, location);
}

function schemaError(message: string, location: string): Diagnostic {
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
