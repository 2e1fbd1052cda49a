import type { MapState } from "./definition.ts";
import { MAX_LABEL_LENGTH } from "./limits.ts";

/** The label of a Distributed Map in ARNs: its own, or one made of its name. */
export function labelOf({ label, name }: Pick<MapState, "label" | "name">): string {
  return label ?? (name.replaceAll(/[^A-Za-z0-9_-]/g, "").slice(0, MAX_LABEL_LENGTH) || "map");
}
