/** What is wrong, or looks wrong, in a definition: an element of ValidateStateMachineDefinition's answer. */
export interface Diagnostic {
  readonly severity: "ERROR" | "WARNING";
  readonly code: DiagnosticCode;
  readonly message: string;
  /** The field's place, `/States/Wait/Seconds` for example; undefined for what concerns the whole. */
  readonly location: string | undefined;
}

/**
 * https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
 * and, beyond that list, the two codes for JSONata expressions that the service answers.
 */
export type DiagnosticCode =
  | "DUPLICATE_LABEL_NAME"
  | "DUPLICATE_STATE_NAME"
  | "INVALID_JSONATA_EXPRESSION"
  | "INVALID_JSON_DESCRIPTION"
  | "INVALID_LABEL_NAME"
  | "INVALID_STATE_NAME"
  | "MISSING_DESCRIPTION"
  | "MISSING_END_STATE"
  | "MISSING_TRANSITION_TARGET"
  | "NO_DOLLAR"
  | "NO_PATH"
  | "PASS_RESULT_IS_STATIC"
  | "SCHEMA_VALIDATION_FAILED"
  | "TOO_DEEPLY_NESTED"
  | "UNSUPPORTED_JSONATA_EXPRESSION";

/** The codes that do not keep a state machine from being created. */
const WARNINGS: ReadonlySet<DiagnosticCode> = new Set([
  "NO_DOLLAR",
  "NO_PATH",
  "PASS_RESULT_IS_STATIC",
]);

/** The diagnostic of a code, with the code's severity. */
export function diagnostic(
  code: DiagnosticCode,
  message: string,
  location: string | undefined,
): Diagnostic {
  return { severity: WARNINGS.has(code) ? "WARNING" : "ERROR", code, message, location };
}

/** The message of the InvalidDefinition error that CreateStateMachine and UpdateStateMachine answer. */
export function toInvalidDefinitionMessage(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === "ERROR");
  const texts = errors.map(
    ({ code, message, location }) => `${code}: ${message} at ${location ?? null}`,
  );
  return `Invalid State Machine Definition: '${texts.join(", ")}'`;
}
