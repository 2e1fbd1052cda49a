/** What is wrong, or looks wrong, in a definition: an element of ValidateStateMachineDefinition's answer. */
export interface Diagnostic {
  readonly severity: "ERROR" | "WARNING";
  readonly code: DiagnosticCode;
  readonly message: string;
  /** The field's place, `/States/Wait/Seconds` for example; the empty string is the state machine. */
  readonly location: string;
}

/** https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html */
export type DiagnosticCode =
  | "DUPLICATE_LABEL_NAME"
  | "DUPLICATE_STATE_NAME"
  | "INVALID_JSON_DESCRIPTION"
  | "INVALID_LABEL_NAME"
  | "INVALID_RESOURCE"
  | "INVALID_STATE_NAME"
  | "MISSING_DESCRIPTION"
  | "MISSING_END_STATE"
  | "MISSING_TRANSITION_TARGET"
  | "NO_DOLLAR"
  | "NO_PATH"
  | "PASS_RESULT_IS_STATIC"
  | "SCHEMA_VALIDATION_FAILED"
  | "TOO_DEEPLY_NESTED";

/** The message of the InvalidDefinition error that CreateStateMachine and UpdateStateMachine answer. */
export function toInvalidDefinitionMessage(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === "ERROR");
  const texts = errors.map(({ code, message, location }) => `${code}: ${message} at ${location}`);
  return `Invalid State Machine Definition: '${texts.join(", ")}'`;
}
