import type { TestStateInput } from "@aws-sdk/client-sfn";
import { ServiceError } from "../../../kernel/errors.ts";
import { invalidDefinition, validationError } from "../errors.ts";
import type {
  MapState,
  ParallelState,
  State,
  StateGraph,
  StateMachineDefinition,
} from "../language/definition.ts";
import { toInvalidDefinitionMessage } from "../language/diagnostics.ts";
import { isJsonArray, isJsonObject, parseJson } from "../language/json.ts";
import type { Json } from "../language/json.ts";
import { parseDefinition } from "../language/parse.ts";

/** The name of a state that was given alone. */
const LONE_STATE = "TestState";

/** A state and the way to the graph that it is in. */
export interface Place<Kind extends State = State> {
  readonly graph: readonly (string | number)[];
  readonly state: Kind;
}

/** The state to be tested, in a machine that it can run in. */
export interface TestedState extends Place {
  readonly definition: StateMachineDefinition;
  /** The states around it, the nearest first. */
  readonly around: readonly Place<ContainerState>[];
}

/** A state with states inside. */
export type ContainerState = MapState | ParallelState;

/** Understands the definition of TestState: a state alone, or a machine with a state's name. Throws InvalidDefinition. */
export function testedState({ definition: text = "", stateName }: TestStateInput): TestedState {
  const definition =
    stateName === undefined ? parse(wrapLone(text), `/States/${LONE_STATE}`) : parse(text, "");
  const name = stateName ?? LONE_STATE;
  const place = findState(definition, { name, path: [], around: [] });
  if (place === undefined) {
    throw validationError(`The state '${name}' does not exist in the definition`);
  }
  return { definition, ...place };
}

/** `place` is where the text of the request is in `text`: diagnostics name places in the former. */
function parse(text: string, place: string): StateMachineDefinition {
  const { definition, diagnostics } = parseDefinition(text);
  if (definition !== undefined) return definition;
  const own = diagnostics.map((each) =>
    each.location?.startsWith(place) === true
      ? { ...each, location: each.location.slice(place.length) || "/" }
      : each,
  );
  throw new ServiceError("InvalidDefinition", toInvalidDefinitionMessage(own));
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

/** True for a state that has a state of this name inside, at whatever depth. */
export function hasInside(state: ContainerState, name: string): boolean {
  return graphsOf(state).some(
    (graph) => findState(graph, { name, path: [], around: [] }) !== undefined,
  );
}

/** The graphs of the states inside. */
function graphsOf(state: ContainerState): readonly StateGraph[] {
  return state.type === "Map" ? [state.processor] : state.branches;
}

interface Search {
  readonly name: string;
  readonly path: Place["graph"];
  readonly around: TestedState["around"];
}

function findState(
  graph: StateGraph,
  { name, path, around }: Search,
): Omit<TestedState, "definition"> | undefined {
  const state = graph.states.get(name);
  if (state !== undefined) return { graph: path, state, around };
  for (const outer of graph.states.values()) {
    if (outer.type !== "Map" && outer.type !== "Parallel") continue;
    for (const [index, branch] of graphsOf(outer).entries()) {
      const found = findState(branch, {
        name,
        path: [...path, outer.name, index],
        around: [{ graph: path, state: outer }, ...around],
      });
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
