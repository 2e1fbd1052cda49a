/** Why a pattern can not be compiled. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}
