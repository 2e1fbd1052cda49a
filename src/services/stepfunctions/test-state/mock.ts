import type { TestStateConfiguration, TestStateInput } from "@aws-sdk/client-sfn";
import type { State, TaskState } from "../language/definition.ts";
import { isJsonArray, isJsonObject, parseJson } from "../language/json.ts";
import type { Json } from "../language/json.ts";
import type { Engine } from "../engine.ts";
import { validationError } from "../errors.ts";
import { namedService } from "../integrations/names.ts";
import { upperFirst } from "../integrations/shapes.ts";
import { failureOf } from "../interpreter/protocol.ts";
import type { Failure } from "../interpreter/protocol.ts";
import { parseTaskResource } from "../interpreter/task-resource.ts";
import { misfitOf } from "./misfit.ts";
import { hasInside } from "./wrap.ts";

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
    checkUnmocked(input, state);
    return undefined;
  }
  if (state.type !== "Task" && state.type !== "Map" && state.type !== "Parallel") {
    throw validationError(`State type '${state.type}' is not supported when a mock is specified`);
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
    const failure = failureOf(mock.errorOutput);
    if (failure.error === undefined)
      throw validationError("The errorOutput of a mock must have an error.");
    checkSource(state, failure, input.stateConfiguration ?? {});
    return { failure };
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

/** Throws ValidationException for what is no test of a state's real work. */
function checkUnmocked({ context, roleArn, inspectionLevel }: TestStateInput, state: State): void {
  if (context !== undefined)
    throw validationError("A context can only be specified together with a mock");
  if (roleArn === undefined && state.type === "Task")
    throw validationError("A roleArn must be specified for a Task when no mock is specified");
  const isHttp = state.type === "Task" && state.resource.endsWith(":http:invoke");
  if (inspectionLevel === "TRACE" && !isHttp)
    throw validationError("The inspection level TRACE is only supported for HTTP tasks");
}

/** Throws ValidationException where an error of a Map or Parallel does not say which state inside it comes from. */
function checkSource(
  state: State,
  { error }: Failure,
  { errorCausedByState: source }: TestStateConfiguration,
): void {
  if (state.type !== "Map" && state.type !== "Parallel") return;
  if (source === undefined && OWN_ERRORS.has(error ?? "")) return;
  if (source === undefined) {
    throw validationError(
      `An error mocked for a ${state.type} state needs the stateConfiguration.errorCausedByState`,
    );
  }
  if (!hasInside(state, source)) {
    throw validationError(`The state '${source}' is not inside the ${state.type} state`);
  }
}

/** Errors that come of a Map or Parallel state itself. */
const OWN_ERRORS: ReadonlySet<string> = new Set([
  "States.BranchFailed",
  "States.DataLimitExceeded",
  "States.ExceedToleratedFailureThreshold",
  "States.ItemReaderFailed",
  "States.ResultWriterFailed",
  "States.Runtime",
]);

async function checkResult(engine: Engine, checking: Checking): Promise<void> {
  const { state, result } = checking;
  if (state.type === "Parallel") {
    if (!isJsonArray(result) || result.length !== state.branches.length)
      throw invalidMock("the result of a Parallel state is an array with an element per branch");
  } else if (state.type === "Map") {
    const mayBeObject = state.resultWriter !== undefined;
    if (!isJsonArray(result) && !(mayBeObject && isJsonObject(result)))
      throw invalidMock("the result of a Map state is an array, or an object of its ResultWriter");
  } else if (state.type === "Task") {
    await checkAnswer(engine, state, checking);
  }
}

interface Checking {
  readonly state: State;
  readonly result: Json;
  /** Whether required members must be there. */
  readonly isStrict: boolean;
}

/** The operation whose answer ends a task that waits for a job, where it is not the one that starts it. */
const POLLED: Readonly<Record<string, string>> = {
  "states:startExecution": "DescribeExecution",
};

async function checkAnswer(
  engine: Engine,
  state: TaskState,
  { result, isStrict }: Checking,
): Promise<void> {
  const resource = parseTaskResource(state.resource);
  // What a callback or a worker gives is theirs.
  if (resource?.kind !== "service" || resource.pattern === "token") return;
  const { signingName } = namedService(resource.resourceType);
  const model = await engine.operations.modelOf(signingName);
  const operation =
    resource.pattern === "request"
      ? upperFirst(resource.action)
      : POLLED[`${resource.resourceType}:${resource.action}`];
  const output = operation === undefined ? undefined : model?.operations[operation]?.output;
  if (model === undefined || output === undefined) return;
  const misfit = misfitOf(model, { shape: output }, { value: result, isStrict });
  if (misfit !== undefined) throw invalidMock(misfit);
}

function parse(text: string): Json {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw invalidMock("it is not valid JSON");
  return parsed.value;
}

function invalidMock(detail: string): Error {
  return validationError(`Invalid mock result: ${detail}`);
}
