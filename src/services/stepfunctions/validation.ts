import { invalidName } from "./errors.ts";
import type { Violation } from "./errors.ts";

/** White space, wildcards, brackets, special and control characters, surrogates and what is no character: what no name may hold. */
const FORBIDDEN_IN_NAMES =
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  /[\s?*<>{}[\]"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/;

/** Throws InvalidName for what is no name of a machine, execution or activity. */
export function checkName(name: string): void {
  if (FORBIDDEN_IN_NAMES.test(name)) throw invalidName(name);
}

/** Finds all that is wrong with the value of a member, which is named as AWS's front end does. */
export type Constraint<Value> = (value: Value, member: string) => Violation[];

/** Constraints on what a structure has. */
export type Members<Structure> = {
  readonly [Name in keyof Structure]?: Constraint<NonNullable<Structure[Name]>>;
};

/** A structure whose members, as far as they are given, meet their own constraints. */
export function members<Structure>(constraints: Members<Structure>): Constraint<Structure> {
  return (structure, member) => {
    const violations: Violation[] = [];
    for (const name in constraints) {
      const value = structure[name];
      if (value === undefined || value === null) continue;
      const path = member === "" ? name : `${member}.${name}`;
      violations.push(...(constraints[name]?.(value, path) ?? []));
    }
    return violations;
  };
}

/** A list whose elements each meet a constraint. */
export function each<Value>(constraint: Constraint<Value>): Constraint<readonly Value[]> {
  return (list, member) =>
    list.flatMap((value, index) => constraint(value, `${member}.${index + 1}.member`));
}

/** A value that meets several constraints. */
export function all<Value>(...constraints: readonly Constraint<Value>[]): Constraint<Value> {
  return (value, member) => constraints.flatMap((constraint) => constraint(value, member));
}

/** A value that AWS never repeats in an error. */
export function sensitive<Value>(constraint: Constraint<Value>): Constraint<Value> {
  return (value, member) =>
    constraint(value, member).map(({ shown: _, ...violation }) => violation);
}

/** A text of so many characters, or a list of so many elements. */
export function length(minimum: number, maximum: number): Constraint<string | readonly unknown[]> {
  return (value, member) => lengthWithin(value.length, { value, member, minimum, maximum });
}

/** A text of so many bytes in UTF-8. */
export function utf8Length(maximum: number): Constraint<string> {
  return (value, member) =>
    lengthWithin(Buffer.byteLength(value), { value, member, minimum: 0, maximum });
}

/** A number within bounds. */
export function range(minimum: number, maximum: number = Infinity): Constraint<number> {
  return (value, member) => {
    if (value > maximum)
      return [violated(member, value, `have value less than or equal to ${maximum}`)];
    if (value < minimum)
      return [violated(member, value, `have value greater than or equal to ${minimum}`)];
    return [];
  };
}

/** One of some values. */
export function oneOf(...allowed: readonly string[]): Constraint<string> {
  return (value, member) =>
    allowed.includes(value)
      ? []
      : [violated(member, value, `satisfy enum value set: [${allowed.join(", ")}]`)];
}

/** A text that an expression describes from its beginning to its end. */
export function matches(pattern: string): Constraint<string> {
  const expression = new RegExp(`^(?:${pattern})$`, "u");
  return (value, member) =>
    expression.test(value)
      ? []
      : [violated(member, value, `satisfy regular expression pattern: ${pattern}`)];
}

function lengthWithin(
  size: number,
  {
    value,
    member,
    minimum,
    maximum,
  }: { value: unknown; member: string; minimum: number; maximum: number },
): Violation[] {
  if (size > maximum)
    return [violated(member, value, `have length less than or equal to ${maximum}`)];
  if (size < minimum)
    return [violated(member, value, `have length greater than or equal to ${minimum}`)];
  return [];
}

function violated(member: string, value: unknown, must: string): Violation {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { member, shown: `'${text}'`, constraint: `Member must ${must}` };
}
