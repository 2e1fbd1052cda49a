import assert from "node:assert/strict";
import { parseDefinition } from "../../../../src/services/stepfunctions/language/parse.ts";

/*
 * Machines and states for tests: each builder gives the least that a type has to have, and what is added.
 */

export type Fields = Readonly<Record<string, unknown>>;

/** The diagnostics of a machine, in the words of the InvalidDefinition error, with warnings. */
export function problemsOf(machine: unknown): readonly string[] {
  const text = typeof machine === "string" ? machine : JSON.stringify(machine);
  const { definition, diagnostics } = parseDefinition(text);
  assert.equal(
    definition === undefined,
    diagnostics.some(({ severity }) => severity === "ERROR"),
  );
  return diagnostics.map(
    ({ code, message, location }) => `${code}: ${message} at ${location ?? null}`,
  );
}

/** A machine whose only state is `state`, named A. */
export function machineOf(state: Fields, other: Fields = {}): Fields {
  return { StartAt: "A", States: { A: state }, ...other };
}

export const JSONATA: Fields = { QueryLanguage: "JSONata" };
export const SCHEMA: string = "SCHEMA_VALIDATION_FAILED: ";
export const RESOURCE: string = "arn:aws:states:::sqs:sendMessage";
export const PROCESSOR: Fields = { StartAt: "P", States: { P: { Type: "Pass", End: true } } };
export const DISTRIBUTED: Fields = {
  ...PROCESSOR,
  ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" },
};

export const task = (fields: Fields): Fields => ({
  Type: "Task",
  Resource: RESOURCE,
  End: true,
  ...fields,
});
export const pass = (fields: Fields): Fields => ({ Type: "Pass", End: true, ...fields });
export const wait = (fields: Fields): Fields => ({ Type: "Wait", End: true, ...fields });
export const fail = (fields: Fields): Fields => ({ Type: "Fail", ...fields });
export const inlineMap = (fields: Fields): Fields => ({
  Type: "Map",
  ItemProcessor: PROCESSOR,
  End: true,
  ...fields,
});
export const distributedMap = (fields: Fields): Fields =>
  inlineMap({ ItemProcessor: DISTRIBUTED, ...fields });
export const choice = (rule: Fields): Fields => ({
  Type: "Choice",
  Choices: [{ Next: "B", ...rule }],
});
export const retry = (...retriers: Fields[]): Fields => task({ Retry: retriers });
/** A machine that begins with `state` and has a terminal state B behind it. */
export const before = (state: Fields, other: Fields = {}): Fields => ({
  StartAt: "A",
  States: { A: state, B: { Type: "Succeed" } },
  ...other,
});

/** The least that a state of a type has to have. */
export function bare(type: string): Fields {
  switch (type) {
    case "Wait":
      return { Type: type, Seconds: 1, Next: "B" };
    case "Choice":
      return { Type: type, Choices: [{ Variable: "$", IsNull: true, Next: "B" }] };
    case "Map":
      return { Type: type, ItemProcessor: PROCESSOR, Next: "B" };
    case "Parallel":
      return { Type: type, Branches: [PROCESSOR], Next: "B" };
    case "Succeed":
    case "Fail":
      return { Type: type };
    default:
      return { Type: type, Next: "B" };
  }
}
