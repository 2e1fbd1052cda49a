import type { StateGraph } from "./language/definition.ts";
import { labelOf } from "./language/label.ts";

/** Where the Distributed Map with a label is in a definition: state names, each with a branch's number. */
export function findLabelled(
  graph: StateGraph,
  label: string,
): readonly (string | number)[] | undefined {
  for (const state of graph.states.values()) {
    if (state.type === "Map") {
      const isIt = state.processor.mode === "DISTRIBUTED" && labelOf(state) === label;
      if (isIt) return [state.name, 0];
      const deeper = findLabelled(state.processor, label);
      if (deeper !== undefined) return [state.name, 0, ...deeper];
    }
    if (state.type !== "Parallel") continue;
    for (const [index, branch] of state.branches.entries()) {
      const deeper = findLabelled(branch, label);
      if (deeper !== undefined) return [state.name, index, ...deeper];
    }
  }
  return undefined;
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
