import type { StateMachineDefinition } from "./definition.ts";
import type { Diagnostic } from "./diagnostics.ts";

/** A definition's meaning, unless `diagnostics` holds an error; and all that is wrong with it. */
export interface ParsedDefinition {
  readonly definition: StateMachineDefinition | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and validates the Amazon States Language. Never throws. */
export function parseDefinition(_text: string): ParsedDefinition {
  throw new Error("not written yet");
}
