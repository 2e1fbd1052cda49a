import type { State, StateGraph } from "./language/definition.ts";
import { labelOf } from "./language/label.ts";

/** Where the Distributed Map with a label is in a definition: state names, each with a branch's number. */
export function findLabelled(
  definition: StateGraph,
  label: string,
  graph: StateGraph = definition,
): readonly (string | number)[] | undefined {
  for (const state of graph.states.values()) {
    const isIt =
      state.type === "Map" &&
      state.processor.mode === "DISTRIBUTED" &&
      labelOf(definition, state) === label;
    if (isIt) return [state.name, 0];
    for (const [index, branch] of graphsIn(state).entries()) {
      const deeper = findLabelled(definition, label, branch);
      if (deeper !== undefined) return [state.name, index, ...deeper];
    }
  }
  return undefined;
}

function graphsIn(state: State): readonly StateGraph[] {
  if (state.type === "Map") return [state.processor];
  return state.type === "Parallel" ? state.branches : [];
}

/** The text of the processor at `graph` in a definition's text. */
export function processorText(definition: string, graph: readonly (string | number)[]): string {
  let value: unknown = JSON.parse(definition);
  for (let at = 0; at < graph.length; at += 2) {
    const state = memberOf(memberOf(value, "States"), String(graph[at]));
    const branches = memberOf(state, "Branches");
    value =
      branches === undefined
        ? (memberOf(state, "ItemProcessor") ?? memberOf(state, "Iterator"))
        : memberOf(branches, String(graph[at + 1]));
  }
  return JSON.stringify(value);
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  // Read by name from JSON that was validated when it was stored.
  return (value as Record<string, unknown>)[name];
}
