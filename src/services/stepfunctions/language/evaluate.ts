import type { FieldSource, QueryLanguage } from "./definition.ts";
import { StatesError } from "./errors.ts";
import { isJsonArray, isJsonObject, jsonSizeBytes } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";
import { evaluateJsonata, evaluateJsonataTemplate, unexpectedResult } from "./jsonata.ts";
import { MAX_ASSIGNED_BYTES, MAX_VARIABLE_BYTES } from "./limits.ts";
import { evaluatePathOrIntrinsic, evaluatePayloadTemplate } from "./payload-template.ts";
import type { EvaluationScope } from "./scope.ts";
import { parseTimestampMs } from "./timestamp.ts";

/** A template in either language; `field` is its name for errors (`Parameters`, `Output`, `ItemSelector`). */
export async function evaluateTemplate(
  language: QueryLanguage,
  template: Json,
  scope: EvaluationScope,
  field: string,
): Promise<Json> {
  if (language === "JSONPath") return evaluatePayloadTemplate(template, scope);
  return evaluateJsonataTemplate(template, scope, field);
}

/**
 * The new variables of an Assign. All expressions see the variables as they were before it. Throws
 * States.QueryEvaluationError, States.Runtime or States.IntrinsicFailure, also when a variable or all of
 * them are too big.
 */
export async function evaluateAssign(
  language: QueryLanguage,
  assign: JsonObject,
  scope: EvaluationScope,
  field: string,
): Promise<JsonObject> {
  const assigned = await evaluateTemplate(language, assign, scope, field);
  if (!isJsonObject(assigned)) return {};
  const name = language === "JSONPath" ? "States.Runtime" : "States.QueryEvaluationError";
  let sizeBytes = 0;
  for (const [variable, value] of Object.entries(assigned)) {
    const variableBytes = jsonSizeBytes(value);
    sizeBytes += variableBytes;
    if (variableBytes > MAX_VARIABLE_BYTES) {
      const cause = `The variable '${variable}' exceeds the maximum size of ${MAX_VARIABLE_BYTES} bytes.`;
      throw new StatesError(name, cause, `${field}/${variable}`);
    }
  }
  if (sizeBytes > MAX_ASSIGNED_BYTES) {
    throw new StatesError(
      name,
      `The variables exceed the maximum combined size of ${MAX_ASSIGNED_BYTES} bytes.`,
      field,
    );
  }
  return assigned;
}

/** What a number may be. `field` is its name, `TimeoutSeconds` for example. */
export interface ExpectedNumber {
  readonly field: string;
  readonly minimum: number;
  readonly maximum?: number;
}

/** A number that must be whole and in the range: Seconds, TimeoutSeconds, MaxConcurrency, MaxItems and the like. */
export async function resolveInteger(
  source: FieldSource<number>,
  scope: EvaluationScope,
  expected: ExpectedNumber,
): Promise<number> {
  return resolveRanged(source, scope, expected, "integer");
}

/** A number in the range: ToleratedFailurePercentage. */
export async function resolveNumber(
  source: FieldSource<number>,
  scope: EvaluationScope,
  expected: ExpectedNumber,
): Promise<number> {
  return resolveRanged(source, scope, expected, "number");
}

/** A text: Error and Cause of a Fail, whose paths may be intrinsic functions. */
export async function resolveString(
  source: FieldSource<string>,
  scope: EvaluationScope,
  field: string,
): Promise<string> {
  const value = await resolve(source, scope, field);
  return typeof value === "string"
    ? value
    : unexpected(source, { field, expected: "string", value });
}

/** A Timestamp of a Wait, in milliseconds of the epoch. */
export async function resolveTimestampMs(
  source: FieldSource<string>,
  scope: EvaluationScope,
  field: string,
): Promise<number> {
  const value = await resolve(source, scope, field);
  const atMs = typeof value === "string" ? parseTimestampMs(value) : undefined;
  if (atMs !== undefined) return atMs;
  if (source.kind !== "path") return unexpected(source, { field, expected: "timestamp", value });
  throw new StatesError(
    "States.Runtime",
    `The ${source.field} parameter does not reference a valid ISO-8601 extended offset date-time format string: ${source.path} == ${shown(value)}`,
    source.field,
  );
}

/** The items of a Map: an array, or the pairs `{Key, Value}` of an object. */
export async function resolveItems(
  source: FieldSource<Json>,
  scope: EvaluationScope,
): Promise<readonly Json[]> {
  const value =
    source.kind === "literal"
      ? await evaluateJsonataTemplate(source.value, scope, "Items")
      : await resolve(source, scope, "Items");
  if (isJsonArray(value)) return value;
  if (isJsonObject(value)) return Object.entries(value).map(([Key, Value]) => ({ Key, Value }));
  if (source.kind !== "path")
    return unexpected(source, { field: "Items", expected: "array", value });
  throw new StatesError(
    "States.Runtime",
    `Reference path "${source.path}" must point to array.`,
    source.field,
  );
}

async function resolve(
  source: FieldSource<Json>,
  scope: EvaluationScope,
  field: string,
): Promise<Json> {
  switch (source.kind) {
    case "literal":
      return source.value;
    case "path":
      return evaluatePathOrIntrinsic(source.path, scope, source.field);
    case "jsonata":
      return evaluateJsonata(source.expression, scope, field);
  }
}

async function resolveRanged(
  source: FieldSource<number>,
  scope: EvaluationScope,
  { field, minimum, maximum }: ExpectedNumber,
  expected: "integer" | "number",
): Promise<number> {
  const given = await resolve(source, scope, field);
  const value = source.kind === "path" ? fromDigits(given) : given;
  if (typeof value !== "number" || (expected === "integer" && !Number.isInteger(value))) {
    if (source.kind === "path" && expected === "integer") throw notLong(source, given);
    return unexpected(source, { field, expected, value });
  }
  if (value >= minimum && value <= (maximum ?? Infinity)) return value;
  const range = maximum === undefined ? `at least ${minimum}` : `between ${minimum} and ${maximum}`;
  throw new StatesError(
    source.kind === "jsonata" ? "States.QueryEvaluationError" : "States.Runtime",
    `The value for the field '${source.kind === "path" ? source.field : field}' must be ${range}, but was ${value}.`,
    field,
  );
}

/** What a path finds for a number may also be its digits. */
function fromDigits(value: Json): Json {
  return typeof value === "string" && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}

function notLong(
  { path, field }: FieldSource<number> & { kind: "path" },
  value: Json,
): StatesError {
  const cause = `The ${field} parameter cannot be parsed as a long value: ${path} == ${shown(value)}`;
  return new StatesError("States.Runtime", cause, field);
}

function shown(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function unexpected(
  source: FieldSource<Json>,
  result: { readonly field: string; readonly expected: string; readonly value: Json },
): never {
  if (source.kind === "jsonata")
    throw unexpectedResult({ expression: source.expression, ...result });
  const field = source.kind === "path" ? source.field : result.field;
  throw new StatesError(
    "States.Runtime",
    `The value for the field '${field}' must be of type ${result.expected}, but was: ${JSON.stringify(result.value)}`,
    field,
  );
}
