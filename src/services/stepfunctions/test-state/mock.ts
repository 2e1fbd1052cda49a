import type { TestStateInput } from "@aws-sdk/client-sfn";
import type { MapState, State } from "../language/definition.ts";
import { isJsonArray, isJsonObject, parseJson } from "../language/json.ts";
import type { Json } from "../language/json.ts";
import type { Engine } from "../engine.ts";
import { validationError } from "../errors.ts";
import { SDK_METADATA } from "../integrations/answer.ts";
import { namedService } from "../integrations/names.ts";
import { upperFirst } from "../integrations/shapes.ts";
import { failureOf } from "../interpreter/protocol.ts";
import type { Failure } from "../interpreter/protocol.ts";
import { parseTaskResource } from "../interpreter/task-resource.ts";

/** What a state's work is pretended to give. */
export type Mock = { readonly result: Json } | { readonly failure: Failure };

/** The mock of a request, checked against the state and the API that it stands for. Throws ValidationException. */
export async function mockOf(
  engine: Engine,
  input: TestStateInput,
  state: State,
): Promise<Mock | undefined> {
  const { mock } = input;
  if (mock === undefined) {
    requireNoMockNeeded(state);
    if (input.context !== undefined)
      throw validationError("A context can only be specified together with a mock");
    return undefined;
  }
  if (state.type !== "Task" && state.type !== "Map" && state.type !== "Parallel") {
    throw validationError(`A mock cannot be specified for a state of the type ${state.type}`);
  }
  if ((mock.result === undefined) === (mock.errorOutput === undefined)) {
    throw validationError(
      "A test mock should have only one of the following fields: [result, errorOutput].",
    );
  }
  if (input.revealSecrets === true) {
    throw validationError("TestState does not support RevealSecrets when a mock is specified.");
  }
  if (mock.errorOutput !== undefined) {
    return { failure: failureOf(mock.errorOutput) };
  }
  const result = parse(mock.result ?? "");
  if (mock.fieldValidationMode !== "NONE") {
    await checkResult(engine, { state, result, isStrict: mock.fieldValidationMode !== "PRESENT" });
  }
  return { result };
}

/** Throws ValidationException for a state that can only be tested with a mock. */
function requireNoMockNeeded(state: State): void {
  const resource = state.type === "Task" ? parseTaskResource(state.resource) : undefined;
  const isWaiting =
    resource?.kind === "activity" ||
    (resource?.kind === "service" && resource.pattern !== "request");
  if (state.type === "Map" || state.type === "Parallel" || isWaiting) {
    throw validationError(
      "This state can only be tested with a mock: activities, .sync, .waitForTaskToken, Parallel and Map need one",
    );
  }
}

/** The failures that a Map state's test says happened are more than it tolerates. */
export function failsByCount(
  state: MapState,
  failures: number,
  tolerated: { count?: number; percentage?: number; total: number },
): boolean {
  if (state.processor.mode !== "DISTRIBUTED") return failures > 0;
  const { count, percentage, total } = tolerated;
  if (count === undefined && percentage === undefined) return failures > 0;
  if (count !== undefined && failures > count) return true;
  return percentage !== undefined && (failures * 100) / Math.max(1, total) > percentage;
}

interface Checking {
  readonly state: State;
  readonly result: Json;
  /** Whether required members must be there. */
  readonly isStrict: boolean;
}

async function checkResult(engine: Engine, { state, result, isStrict }: Checking): Promise<void> {
  if (state.type !== "Task") {
    if (!isJsonArray(result) && state.type === "Parallel")
      throw invalidMock("the result of a Parallel state is an array");
    return;
  }
  const resource = parseTaskResource(state.resource);
  if (resource?.kind !== "service" || resource.pattern !== "request") return;
  const model = await engine.operations.modelOf(namedService(resource.resourceType).signingName);
  const output = model?.operations[upperFirst(resource.action)]?.output;
  const shape = output === undefined ? undefined : model?.structures[output];
  if (shape === undefined) return;
  if (!isJsonObject(result)) throw invalidMock("the result of an API call is an object");
  const members = new Map(
    Object.entries(shape.members).map(([name, member]) => [upperFirst(name), member]),
  );
  for (const [name, value] of Object.entries(result)) {
    const expected = members.get(name)?.shape;
    if (expected === undefined && SDK_METADATA.has(name)) continue;
    if (expected === undefined) throw invalidMock(`the field '${name}' is not one of the API`);
    const isScalar = expected === "string" || expected === "number" || expected === "boolean";
    if (isScalar && typeof value !== expected)
      throw invalidMock(`the field '${name}' must be a ${expected}`);
  }
  const missing = (shape.required ?? [])
    .map(upperFirst)
    .find((name) => !Object.hasOwn(result, name));
  if (isStrict && missing !== undefined)
    throw invalidMock(`the required field '${missing}' is missing`);
}

function parse(text: string): Json {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw invalidMock("it is not valid JSON");
  return parsed.value;
}

function invalidMock(detail: string): Error {
  return validationError(`Invalid mock result: ${detail}`);
}
