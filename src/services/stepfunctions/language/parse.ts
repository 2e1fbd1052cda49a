import type { QueryLanguage, State, StateGraph, StateMachineDefinition } from "./definition.ts";
import { diagnostic } from "./diagnostics.ts";
import type { Diagnostic } from "./diagnostics.ts";
import { Fields } from "./fields.ts";
import { checkGraphs } from "./graph-check.ts";
import { isJsonObject, parseJson } from "./json.ts";
import type { JsonObject } from "./json.ts";
import {
  MAX_DEFINITION_BYTES,
  MAX_SECONDS,
  MAX_STATE_NAME_LENGTH,
  MAX_STATE_NESTING,
} from "./limits.ts";
import { languageOf, readState } from "./parse-state.ts";

/** A definition's meaning, unless `diagnostics` holds an error; and all that is wrong with it. */
export interface ParsedDefinition {
  readonly definition: StateMachineDefinition | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and validates the Amazon States Language. Never throws. */
export function parseDefinition(text: string): ParsedDefinition {
  if (text.trim() === "" || text.trim() === "null") {
    return failed(
      diagnostic("MISSING_DESCRIPTION", "The state machine definition is null or empty", undefined),
    );
  }
  if (Buffer.byteLength(text) > MAX_DEFINITION_BYTES) {
    return failed(
      diagnostic(
        "SCHEMA_VALIDATION_FAILED",
        `The definition exceeds ${MAX_DEFINITION_BYTES} bytes`,
        undefined,
      ),
    );
  }
  const parsed = parseJson(text);
  if ("problem" in parsed)
    return failed(diagnostic("INVALID_JSON_DESCRIPTION", parsed.problem, undefined));
  if (!isJsonObject(parsed.value)) {
    return failed(diagnostic("SCHEMA_VALIDATION_FAILED", "Expected value of type Object", "/"));
  }
  return parseObject(parsed.value);
}

function failed(problem: Diagnostic): ParsedDefinition {
  return { definition: undefined, diagnostics: [problem] };
}

function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "ERROR");
}

function parseObject(object: JsonObject): ParsedDefinition {
  const diagnostics: Diagnostic[] = [];
  const language = languageOf(object, "JSONPath");
  const fields = new Fields(object, "/", { diagnostics, language });
  fields.option("QueryLanguage", ["JSONPath", "JSONata"]);
  const definition: StateMachineDefinition = {
    comment: fields.text("Comment"),
    version: fields.option("Version", ["1.0"]) ?? "1.0",
    timeoutSeconds: fields.integer("TimeoutSeconds", { minimum: 1, maximum: MAX_SECONDS }),
    queryLanguage: language,
    ...readGraph(fields, language, 0),
  };
  // Whether states can be reached is asked of a definition that is sound otherwise.
  if (!hasErrors(diagnostics)) diagnostics.push(...checkGraphs(definition));
  return { definition: hasErrors(diagnostics) ? undefined : definition, diagnostics };
}

/** Reads StartAt and States, and with them all fields of a branch or processor. */
function readGraph(fields: Fields, machineLanguage: QueryLanguage, depth: number): StateGraph {
  fields.require("StartAt", "States");
  const startAt = fields.text("StartAt") ?? "";
  const graph = fields.fields("States");
  if (depth > 0) fields.text("Comment");
  const states = new Map<string, State>();
  if (depth > MAX_STATE_NESTING) {
    fields.report(
      `States are nested deeper than ${MAX_STATE_NESTING} levels`,
      fields.location,
      "TOO_DEEPLY_NESTED",
    );
  } else if (graph !== undefined) {
    for (const [name, state] of readStates(fields, graph, machineLanguage, depth))
      states.set(name, state);
    if (states.size === 0 && graph.names().length === 0)
      graph.report("Minimum number of elements is 1");
  }
  fields.finish();
  return { startAt, states };
}

function* readStates(
  owner: Fields,
  graph: Fields,
  machineLanguage: QueryLanguage,
  depth: number,
): Generator<readonly [string, State]> {
  for (const name of graph.names()) {
    if (name === "" || [...name].length > MAX_STATE_NAME_LENGTH) {
      const message = `The state name '${name}' must have 1 to ${MAX_STATE_NAME_LENGTH} characters`;
      owner.report(message, graph.at(name), "INVALID_STATE_NAME");
    }
    const object = graph.object(name);
    if (object === undefined) continue;
    const state = readState(name, object, graph.at(name), {
      diagnostics: owner.reading.diagnostics,
      language: machineLanguage,
      machineLanguage,
      readGraph: (nested) => readGraph(nested, machineLanguage, depth + 1),
    });
    if (state !== undefined) yield [name, state];
  }
}
