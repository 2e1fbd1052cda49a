/** Why a pattern can not be compiled. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  /** `nesting`: the pattern would do in a dialect that is not flat. */
  readonly fault: "nesting" | "form";

  constructor(message: string, fault: "nesting" | "form" = "form") {
    super(message);
    this.fault = fault;
  }
}
