import type { TestStateInput } from "@aws-sdk/client-sfn";
import type { Caller } from "../../../kernel/caller.ts";
import { contextObject } from "../context.ts";
import { sourceOf } from "../distributed/batches.ts";
import { validationError } from "../errors.ts";
import { mapItem } from "../interpreter/transition.ts";
import type { MapState } from "../language/definition.ts";
import { isJsonObject, parseJson } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import type { TestedState } from "./wrap.ts";

/** The JSON of a request's members, and how often the state was tried. */
export interface Given {
  readonly input: Json;
  readonly variables: JsonObject;
  readonly context: JsonObject;
  readonly retryCount: number;
}

/** Reads the JSON of a request. Throws ValidationException. */
export function givenOf(
  request: TestStateInput,
  { caller, tested, nowMs }: { caller: Caller; tested: TestedState; nowMs: number },
): Given {
  const input = parseMember("input", request.input ?? "{}");
  const variables = parseObject("variables", request.variables ?? "{}");
  const context =
    request.context === undefined
      ? {
          ...executionContext(request, caller, nowMs),
          ...mapContext(tested, input),
        }
      : parseObject("context", request.context);
  const state = isJsonObject(context["State"]) ? context["State"] : {};
  const { RetryCount: told } = state;
  const retryCount =
    request.stateConfiguration?.retrierRetryCount ?? (typeof told === "number" ? told : 0);
  return {
    input,
    variables,
    context: { ...context, State: { RetryCount: retryCount, ...state } },
    retryCount,
  };
}

function executionContext(
  request: TestStateInput,
  { accountId, region }: Caller,
  startMs: number,
): JsonObject {
  const prefix = `arn:aws:states:${region}:${accountId}`;
  return contextObject({
    arn: `${prefix}:express:TestState:TestState:TestState`,
    name: "TestState",
    input: request.input ?? "{}",
    roleArn: request.roleArn ?? "",
    startMs,
    redriveCount: 0,
    machineArn: `${prefix}:stateMachine:TestState`,
    machineName: "TestState",
  });
}

/** A state inside a Map is tested as in the first iteration, of which the item is the input. */
function mapContext({ around }: TestedState, input: Json): JsonObject {
  const map = around.map(({ state }) => state).find((state) => state.type === "Map");
  return map === undefined ? {} : { Map: mapItem(0, input, itemSource(map)) };
}

function itemSource(map: MapState): string | undefined {
  return sourceOf(map, { readerArguments: map.itemReader?.parameters });
}

function parseObject(member: string, text: string): JsonObject {
  const value = parseMember(member, text);
  if (!isJsonObject(value)) throw validationError(`The ${member} must be a JSON object`);
  return value;
}

function parseMember(member: string, text: string): Json {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw validationError(`The ${member} must be valid JSON`);
  return parsed.value;
}
