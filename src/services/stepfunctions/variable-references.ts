import type { State, StateGraph } from "./language/definition.ts";
import { isJsonataExpression } from "./language/jsonata.ts";

/** A variable's name in a path, an intrinsic function or an expression, but not a function's call. */
const REFERENCE = /\$([\p{ID_Start}_][\p{ID_Continue}]*)(?!\s*\(|[\p{ID_Continue}])/gu;

/** The variables that each state of a definition refers to, by state name; states that refer to none are left out. */
export function variableReferences(definition: StateGraph): Record<string, string[]> {
  const states = [...statesOf(definition)];
  // Expressions have names of their own as well; a workflow's variables are those that a state assigns.
  const variables = new Set(states.flatMap(assignedBy));
  const references: Record<string, string[]> = {};
  for (const state of states) {
    const names = [...new Set(textsOf(state).flatMap(namesIn))].filter((name) =>
      variables.has(name),
    );
    if (names.length > 0) references[state.name] = names.sort();
  }
  return references;
}

function* statesOf(graph: StateGraph): Iterable<State> {
  for (const state of graph.states.values()) {
    yield state;
    if (state.type === "Map") yield* statesOf(state.processor);
    if (state.type === "Parallel") for (const branch of state.branches) yield* statesOf(branch);
  }
}

function assignedBy(state: State): string[] {
  const assigns = [
    "assign" in state ? state.assign : undefined,
    ...("choices" in state ? state.choices.map(({ assign }) => assign) : []),
    ...("catch" in state ? state.catch.map(({ assign }) => assign) : []),
  ];
  return assigns
    .flatMap((assign) => Object.keys(assign ?? {}))
    .map((name) => name.replace(/\.\$$/, ""));
}

/** Every text in a state's own fields that may be a path or an expression. */
function textsOf(value: unknown, isJsonata?: boolean): string[] {
  if (typeof value === "string") {
    const isExpression =
      isJsonata === true ? isJsonataExpression(value) : /^\$|^States\./.test(value);
    return isExpression ? [value] : [];
  }
  if (typeof value !== "object" || value === null) return [];
  const language = "queryLanguage" in value ? value.queryLanguage === "JSONata" : isJsonata;
  return Object.entries(value)
    .filter(([name]) => name !== "branches" && name !== "processor" && name !== "comment")
    .flatMap(([, part]) => textsOf(part, language));
}

function namesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].map(([, name = ""]) => name);
}
