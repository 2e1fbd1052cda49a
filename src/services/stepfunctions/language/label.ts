import type { MapState, StateGraph } from "./definition.ts";
import { MAX_LABEL_LENGTH } from "./limits.ts";

/** The label of a Distributed Map in ARNs: its own, or one made of its name that no other of the definition has. */
export function labelOf(definition: StateGraph, state: MapState): string {
  if (state.label !== undefined) return state.label;
  const maps = [...distributedMaps(definition)];
  const taken = new Set(maps.map(({ label }) => label));
  for (const map of maps) {
    if (map.label !== undefined) continue;
    const label = freeLabel(map.name, taken);
    if (map === state) return label;
    taken.add(label);
  }
  return freeLabel(state.name, taken);
}

/** Every Distributed Map of a definition, in the order of its text. */
function* distributedMaps(graph: StateGraph): Iterable<MapState> {
  for (const state of graph.states.values()) {
    if (state.type === "Map") {
      if (state.processor.mode === "DISTRIBUTED") yield state;
      yield* distributedMaps(state.processor);
    }
    if (state.type === "Parallel")
      for (const branch of state.branches) yield* distributedMaps(branch);
  }
}

function freeLabel(name: string, taken: ReadonlySet<string | undefined>): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, "").slice(0, MAX_LABEL_LENGTH) || "map";
  let label = plain;
  for (let number = 2; taken.has(label); number += 1) {
    const suffix = `-${number}`;
    label = plain.slice(0, MAX_LABEL_LENGTH - suffix.length) + suffix;
  }
  return label;
}
