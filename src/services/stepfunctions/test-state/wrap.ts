import type { TestStateInput } from "@aws-sdk/client-sfn";
import { ServiceError } from "../../../kernel/errors.ts";
import { invalidDefinition, validationError } from "../errors.ts";
import type { State, StateGraph, StateMachineDefinition } from "../language/definition.ts";
import { toInvalidDefinitionMessage } from "../language/diagnostics.ts";
import { isJsonArray, isJsonObject, parseJson } from "../language/json.ts";
import type { Json } from "../language/json.ts";
import { parseDefinition } from "../language/parse.ts";

/** The name of a state that was given alone. */
const LONE_STATE = "TestState";

/** The state to be tested, in a machine that it can run in. */
export interface TestedState {
  readonly definition: StateMachineDefinition;
  readonly graph: readonly (string | number)[];
  readonly state: State;
}

/** Understands the definition of TestState: a state alone, or a machine with a state's name. Throws InvalidDefinition. */
export function testedState({ definition: text = "", stateName }: TestStateInput): TestedState {
  const definition = parse(stateName === undefined ? wrapLone(text) : text);
  const name = stateName ?? LONE_STATE;
  const place = findState(definition, name, []);
  if (place === undefined) {
    throw validationError(`The state '${name}' does not exist in the definition`);
  }
  return { definition, ...place };
}

function parse(text: string): StateMachineDefinition {
  const { definition, diagnostics } = parseDefinition(text);
  if (definition === undefined) {
    throw new ServiceError("InvalidDefinition", toInvalidDefinitionMessage(diagnostics));
  }
  return definition;
}

/** A machine of the state and of empty states for wherever it may go. */
function wrapLone(text: string): string {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw invalidDefinition(`INVALID_JSON_DESCRIPTION: ${parsed.problem}`);
  const state = parsed.value;
  const targets = [...new Set(targetsOf(state))].filter((name) => name !== LONE_STATE);
  const others = targets.map((name) => [name, { Type: "Succeed" }]);
  const states = { [LONE_STATE]: state, ...Object.fromEntries(others) };
  return JSON.stringify({ StartAt: LONE_STATE, States: states });
}

function targetsOf(state: Json): string[] {
  if (!isJsonObject(state)) return [];
  const lists = [state["Choices"], state["Catch"]].filter(isJsonArray).flat();
  const rules = [state, ...lists].filter(isJsonObject);
  return rules
    .flatMap((rule) => [rule["Next"], rule["Default"]])
    .filter((name) => typeof name === "string");
}

function findState(
  graph: StateGraph,
  name: string,
  path: readonly (string | number)[],
): Omit<TestedState, "definition"> | undefined {
  const state = graph.states.get(name);
  if (state !== undefined) return { graph: path, state };
  for (const outer of graph.states.values()) {
    const inner =
      outer.type === "Parallel" ? outer.branches : outer.type === "Map" ? [outer.processor] : [];
    for (const [index, branch] of inner.entries()) {
      const found = findState(branch, name, [...path, outer.name, index]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
