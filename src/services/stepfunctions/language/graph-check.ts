import type { State, StateGraph } from "./definition.ts";
import { diagnostic } from "./diagnostics.ts";
import type { Diagnostic } from "./diagnostics.ts";

/** What is wrong with how the states of a sound definition hang together, in the order the service tells it. */
export function checkGraphs(graph: StateGraph): readonly Diagnostic[] {
  const places = [...placesIn(graph, "")];
  return [
    ...duplicates(places),
    ...duplicateLabels(places),
    ...places.flatMap(shadowedVariables),
    ...graphsIn(graph, "").flatMap(checkGraph),
  ];
}

/** A graph and where it is: the empty string is the state machine. */
interface GraphPlace {
  readonly graph: StateGraph;
  readonly location: string;
}

interface StatePlace {
  readonly state: State;
  readonly location: string;
  /** The variables that the states around this one's graph assign. */
  readonly outerVariables: ReadonlySet<string>;
}

function graphsIn(graph: StateGraph, location: string): readonly GraphPlace[] {
  const nested = [...graph.states.values()].flatMap((state) =>
    graphsOf(state, `${location}/States/${state.name}`).flatMap((place) =>
      graphsIn(place.graph, place.location),
    ),
  );
  return [{ graph, location }, ...nested];
}

function graphsOf(state: State, location: string): readonly GraphPlace[] {
  if (state.type === "Map")
    return [{ graph: state.processor, location: `${location}/ItemProcessor` }];
  if (state.type !== "Parallel") return [];
  return state.branches.map((graph, index) => ({
    graph,
    location: `${location}/Branches[${index}]`,
  }));
}

const NONE: ReadonlySet<string> = new Set();

function* placesIn(
  graph: StateGraph,
  location: string,
  outerVariables: ReadonlySet<string> = NONE,
): Generator<StatePlace> {
  const variables = new Set(outerVariables);
  for (const state of graph.states.values())
    for (const name of assignedBy(state)) variables.add(name);
  for (const state of graph.states.values()) {
    const place = `${location}/States/${state.name}`;
    yield { state, location: place, outerVariables };
    // The children of a distributed Map are executions of their own, which see no variables of this one.
    const seen = state.type === "Map" && state.processor.mode === "DISTRIBUTED" ? NONE : variables;
    for (const nested of graphsOf(state, place))
      yield* placesIn(nested.graph, nested.location, seen);
  }
}

function assignedBy(state: State): readonly string[] {
  const assigns = [
    "assign" in state ? state.assign : undefined,
    ...("choices" in state ? state.choices.map((rule) => rule.assign) : []),
    ...("catch" in state ? state.catch.map((catcher) => catcher.assign) : []),
  ];
  const names = assigns.flatMap((assign) => Object.keys(assign ?? {}));
  return state.queryLanguage === "JSONata" ? names : names.map((name) => name.replace(/\.\$$/, ""));
}

/** A variable belongs to the graph that assigns it; what is below may read it, not assign it. */
function shadowedVariables({ state, location, outerVariables }: StatePlace): readonly Diagnostic[] {
  return assignedBy(state)
    .filter((name) => outerVariables.has(name))
    .map((name) =>
      diagnostic(
        "SCHEMA_VALIDATION_FAILED",
        `The variable '${name}' is assigned in an outer scope and can not be assigned in an inner one`,
        location,
      ),
    );
}

function duplicates(places: readonly StatePlace[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return places.flatMap(({ state: { name }, location }) => {
    if (seen.has(name))
      return [diagnostic("DUPLICATE_STATE_NAME", `Duplicate State name: ${name}`, location)];
    seen.add(name);
    return [];
  });
}

function duplicateLabels(places: readonly StatePlace[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return places.flatMap(({ state, location }) => {
    if (state.type !== "Map" || state.label === undefined) return [];
    const { label } = state;
    if (seen.has(label))
      return [diagnostic("DUPLICATE_LABEL_NAME", `Duplicate Label: ${label}`, `${location}/Label`)];
    seen.add(label);
    return [];
  });
}

function checkGraph({ graph, location }: GraphPlace): readonly Diagnostic[] {
  const missing = [...missingTargets(graph, location)];
  const hasEnd = [...graph.states.values()].some(isTerminal);
  // Without an end, the service does not ask which states can be reached.
  if (!hasEnd)
    return [
      ...missing,
      diagnostic("MISSING_END_STATE", "Workflow has no terminal state", undefined),
    ];
  return [...missing, ...unreachable(graph, location)];
}

function isTerminal(state: State): boolean {
  if (state.type === "Succeed" || state.type === "Fail") return true;
  return "next" in state && state.next === undefined;
}

function* missingTargets(graph: StateGraph, location: string): Generator<Diagnostic> {
  if (!graph.states.has(graph.startAt)) {
    yield diagnostic(
      "MISSING_TRANSITION_TARGET",
      `Missing 'StartAt' target: ${graph.startAt}`,
      `${location}/StartAt`,
    );
  }
  for (const state of graph.states.values()) {
    for (const { target, field } of targetsOf(state)) {
      if (graph.states.has(target)) continue;
      const place = `${location}/States/${state.name}/${field}`;
      yield diagnostic("MISSING_TRANSITION_TARGET", `Missing 'Next' target: ${target}`, place);
    }
  }
}

function unreachable(graph: StateGraph, location: string): readonly Diagnostic[] {
  const reached = new Set([graph.startAt]);
  // A set that grows while it is walked: every state that is reached is looked at once.
  for (const name of reached) {
    const state = graph.states.get(name);
    if (state !== undefined) for (const { target } of targetsOf(state)) reached.add(target);
  }
  return [...graph.states.keys()]
    .filter((name) => !reached.has(name))
    .map((name) =>
      diagnostic(
        "MISSING_TRANSITION_TARGET",
        `State "${name}" is not reachable.`,
        `${location}/States/${name}`,
      ),
    );
}

interface Target {
  readonly target: string;
  readonly field: string;
}

function targetsOf(state: State): readonly Target[] {
  const targets: Target[] = [];
  if ("next" in state && state.next !== undefined)
    targets.push({ target: state.next, field: "Next" });
  if (state.type === "Choice") {
    targets.push(
      ...state.choices.map(({ next }, index) => ({
        target: next,
        field: `Choices[${index}]/Next`,
      })),
    );
    if (state.default !== undefined) targets.push({ target: state.default, field: "Default" });
  }
  if ("catch" in state) {
    targets.push(
      ...state.catch.map(({ next }, index) => ({ target: next, field: `Catch[${index}]/Next` })),
    );
  }
  return targets;
}
