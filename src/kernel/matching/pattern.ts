import { compileConditions, isReserved } from "./conditions.ts";
import type { Dialect, Primitive, ValueTest } from "./conditions.ts";
import { PatternError } from "./errors.ts";

/**
 * A pattern over JSON objects, compiled once: SNS filter policies, event patterns. It matches an
 * object when every key of the pattern does: a list of values matches when any of them fits any
 * value under that key, an object when it matches the object under that key (or any in a list
 * there), and `$or` when any of its alternatives does.
 */
export interface Pattern {
  readonly leaves: readonly Leaf[];
  readonly children: readonly Child[];
  /** One entry per `$or` at this place. */
  readonly choices: readonly (readonly Pattern[])[];
}

/** A key with the values that fit it. */
export interface Leaf {
  readonly key: string;
  readonly test: ValueTest;
  /** How many values the pattern lists, for limits on complexity. */
  readonly valueCount: number;
}

/** A key with the pattern that its object must fit. */
export interface Child {
  readonly key: string;
  readonly pattern: Pattern;
}

/** The deepest nesting of objects in a pattern. */
export const MAX_PATTERN_DEPTH = 32;
/** The deepest nesting of lists in a value whose elements are looked at. */
const MAX_LIST_DEPTH = 32;

/** Compiles parsed JSON. Throws a {@link PatternError} that says what is wrong. */
export function compilePattern(json: unknown, dialect: Dialect): Pattern {
  // In the words that services of AWS share, whatever they call a pattern.
  if (!isObject(json)) throw new PatternError("Filter is not an object");
  return compileObject(json, dialect, 1);
}

/** Whether a pattern asks for nothing. */
export function isEmptyPattern({ leaves, children, choices }: Pattern): boolean {
  return leaves.length === 0 && children.length === 0 && choices.length === 0;
}

/** Whether `value`, parsed JSON, fits the pattern. What is no object fits none. */
export function matchesPattern(pattern: Pattern, value: unknown): boolean {
  if (Array.isArray(value)) return anyElement(value, (element) => matchesPattern(pattern, element));
  return isObject(value) && matchesObject(pattern, value);
}

function matchesObject(pattern: Pattern, object: Record<string, unknown>): boolean {
  for (const { key, test } of pattern.leaves) {
    if (!test(primitivesOf(own(object, key)))) return false;
  }
  for (const { key, pattern: child } of pattern.children) {
    if (!matchesBelow(child, own(object, key))) return false;
  }
  return pattern.choices.every((alternatives) =>
    alternatives.some((alternative) => matchesObject(alternative, object)),
  );
}

/** What is missing is like an empty object: only a pattern of things that must not exist fits it. */
function matchesBelow(pattern: Pattern, value: unknown): boolean {
  if (Array.isArray(value) && value.length > 0) return matchesPattern(pattern, value);
  return matchesObject(pattern, isObject(value) ? value : {});
}

function compileObject(json: Record<string, unknown>, dialect: Dialect, depth: number): Pattern {
  if (depth > MAX_PATTERN_DEPTH) throw new PatternError("Pattern is nested too deeply");
  const leaves: Leaf[] = [];
  const children: Child[] = [];
  const choices: Pattern[][] = [];
  for (const [key, value] of Object.entries(json)) {
    const alternatives = key === "$or" ? alternativesOf(value) : undefined;
    if (alternatives !== undefined) {
      choices.push(alternatives.map((each) => compileObject(each, dialect, depth + 1)));
    } else if (Array.isArray(value)) {
      leaves.push({ key, test: compileConditions(value, dialect), valueCount: value.length });
    } else if (isObject(value)) {
      if (dialect.nesting === "flat") {
        throw new PatternError("Nested objects are not allowed", "nesting");
      }
      if (Object.keys(value).length === 0) throw new PatternError("Empty objects are not allowed");
      children.push({ key, pattern: compileObject(value, dialect, depth + 1) });
    } else {
      throw new PatternError(`"${key}" must be an object or an array`);
    }
  }
  return { leaves, children, choices };
}

/** The alternatives of a `$or`; undefined when the rules make it a key like any other. */
function alternativesOf(value: unknown): Record<string, unknown>[] | undefined {
  if (!Array.isArray(value) || value.length < 2) return undefined;
  const alternatives: Record<string, unknown>[] = [];
  for (const each of value) {
    if (!isObject(each) || Object.keys(each).some(isReserved)) return undefined;
    if (Object.keys(each).length === 0) return undefined;
    alternatives.push(each);
  }
  return alternatives;
}

/** The plain values under a key: one, those of a list, or none. */
function primitivesOf(value: unknown): readonly Primitive[] {
  if (isPrimitive(value)) return [value];
  if (!Array.isArray(value)) return [];
  const primitives: Primitive[] = [];
  anyElement(value, (element) => {
    if (isPrimitive(element)) primitives.push(element);
    return false;
  });
  return primitives;
}

/** Whether `test` holds for any element, looking through lists in lists. */
function anyElement(
  list: readonly unknown[],
  test: (element: unknown) => boolean,
  depth = 1,
): boolean {
  return list.some((element) => {
    if (!Array.isArray(element)) return test(element);
    return depth < MAX_LIST_DEPTH && anyElement(element, test, depth + 1);
  });
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isPrimitive(value: unknown): value is Primitive {
  return (
    value === null ||
    typeof value === "string" ||
    typeof value === "number" ||
    typeof value === "boolean"
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
