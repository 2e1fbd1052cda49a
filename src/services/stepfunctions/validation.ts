import { invalidName, validationErrors } from "./errors.ts";
import type { Violation } from "./errors.ts";
import { MAX_NAME_LENGTH, MAX_PAYLOAD_BYTES } from "./limits.ts";

/** White space, wildcards, brackets, special and control characters, surrogates and what is no character: what no name may hold. */
const FORBIDDEN_IN_NAMES =
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  /[\s?*<>{}[\]"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/;

/** Throws ValidationException or InvalidName for what is no name of a machine, execution or activity. */
export function checkName(name: string): void {
  checkText({ member: "name", value: name, minimum: 1, maximum: MAX_NAME_LENGTH });
  if (FORBIDDEN_IN_NAMES.test(name)) throw invalidName(name);
}

/** A text with bounds on its length, in characters. */
export interface BoundedText {
  readonly member: string;
  readonly value: string | undefined;
  readonly minimum?: number;
  readonly maximum: number;
}

/** Throws ValidationException for texts that are too short or too long; all of them at once. */
export function checkText(...texts: readonly BoundedText[]): void {
  const violations = texts.flatMap(lengthViolations);
  if (violations.length > 0) throw validationErrors(violations);
}

function lengthViolations({ member, value, minimum = 0, maximum }: BoundedText): Violation[] {
  if (value === undefined) return [];
  if (value.length > maximum) {
    return [
      { member, value, constraint: `Member must have length less than or equal to ${maximum}` },
    ];
  }
  if (value.length < minimum) {
    return [
      { member, value, constraint: `Member must have length greater than or equal to ${minimum}` },
    ];
  }
  return [];
}

/** Throws ValidationException for a payload of more bytes than states may pass on. */
export function checkPayload(member: string, text: string): void {
  if (Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES) return;
  const constraint = `Member must have length less than or equal to ${MAX_PAYLOAD_BYTES}`;
  throw validationErrors([{ member, value: `${text.slice(0, 100)}...`, constraint }]);
}

/** A number with bounds. */
export interface BoundedNumber {
  readonly member: string;
  readonly value: number | undefined;
  readonly minimum: number;
  readonly maximum?: number;
}

/** Throws ValidationException for a number out of its bounds. */
export function checkNumber({ member, value, minimum, maximum = Infinity }: BoundedNumber): void {
  if (value === undefined) return;
  const constraint =
    value > maximum
      ? `Member must have value less than or equal to ${maximum}`
      : value < minimum
        ? `Member must have value greater than or equal to ${minimum}`
        : undefined;
  if (constraint !== undefined)
    throw validationErrors([{ member, value: String(value), constraint }]);
}

/** Throws ValidationException for a value that is none of `allowed`. */
export function checkEnum(
  member: string,
  value: string | undefined,
  allowed: readonly string[],
): void {
  if (value === undefined || allowed.includes(value)) return;
  const constraint = `Member must satisfy enum value set: [${allowed.join(", ")}]`;
  throw validationErrors([{ member, value, constraint }]);
}
