import type { Filter, FilterOperand, FilterOperator, JsonPath } from "./json-path-tree.ts";
import { isJsonArray, isJsonObject, jsonEquals } from "./json.ts";
import type { Json } from "./json.ts";

/** What a filter may ask about the element that it looks at. */
export interface Lookup {
  /** What a path selects, `@` being the element. */
  readonly select: (path: JsonPath) => Json | undefined;
  /** Counts steps of work; throws when an evaluation took too many. */
  readonly spend: (steps: number) => void;
}

/**
 * Whether an element is as `filter` wants it. Values of unlike types are neither equal nor ordered, but a number
 * and a text are compared as what stands on the left.
 */
export function matchesFilter(filter: Filter, lookup: Lookup): boolean {
  switch (filter.kind) {
    case "and":
      return filter.filters.every((part) => matchesFilter(part, lookup));
    case "or":
      return filter.filters.some((part) => matchesFilter(part, lookup));
    case "not":
      return !matchesFilter(filter.filter, lookup);
    case "exists":
      return exists(filter.operand, lookup);
    case "compare": {
      const left = valueOf(filter.left, lookup);
      if (filter.operator === "=~") return matchesPattern(left, filter.right);
      return compare(filter.operator, left, valueOf(filter.right, lookup), lookup.spend);
    }
  }
}

function exists(operand: FilterOperand, lookup: Lookup): boolean {
  const value = valueOf(operand, lookup);
  if (operand.kind !== "path") return value === true;
  if (operand.path.definite) return value !== undefined;
  return isJsonArray(value) && value.length > 0;
}

function valueOf(operand: FilterOperand, lookup: Lookup): Json | undefined {
  if (operand.kind === "path") return lookup.select(operand.path);
  return operand.kind === "literal" ? operand.value : undefined;
}

/** Longest text that a regular expression is tried on, in characters: backtracking can be slow. */
const MAX_SUBJECT_LENGTH = 10_000;

function matchesPattern(left: Json | undefined, right: FilterOperand): boolean {
  if (right.kind !== "pattern" || left === undefined || left === null || typeof left === "object")
    return false;
  const subject = String(left);
  return subject.length <= MAX_SUBJECT_LENGTH && right.pattern.test(subject);
}

// Four parameters: an operator, its two sides, and the one thing that all comparisons share.
function compare(
  operator: Exclude<FilterOperator, "=~">,
  left: Json | undefined,
  right: Json | undefined,
  spend: Lookup["spend"],
): boolean {
  switch (operator) {
    case "==":
      return isSame(left, right, spend);
    case "!=":
      return !isSame(left, right, spend);
    case "<":
      return isBefore(left, right);
    case "<=":
      return isBefore(left, right) || isSameScalar(left, right);
    case ">":
      return isBefore(right, left);
    case ">=":
      return isBefore(right, left) || isSameScalar(left, right);
    case "in":
      return contains(right, left, spend);
    case "nin":
      return !contains(right, left, spend);
    case "contains":
      if (typeof left === "string") return typeof right === "string" && left.includes(right);
      return contains(left, right, spend);
    case "subsetof":
      return isJsonArray(left) && left.every((item) => contains(right, item, spend));
    case "anyof":
      return isJsonArray(left) && left.some((item) => contains(right, item, spend));
    case "noneof":
      return isJsonArray(left) && !left.some((item) => contains(right, item, spend));
    case "size":
      return sizeOf(left) !== undefined && sizeOf(left) === right;
    case "empty":
      return sizeOf(left) !== undefined && (sizeOf(left) === 0) === right;
  }
}

function isSame(left: Json | undefined, right: Json | undefined, spend: Lookup["spend"]): boolean {
  // What is missing is equal to nothing, not even to what is missing too.
  if (left === undefined || right === undefined) return false;
  spend(weightOf(left));
  return isEqual(left, right);
}

function isEqual(left: Json, right: Json): boolean {
  if (typeof left === "number" && typeof right === "string")
    return NUMBER.test(right) && left === Number(right);
  if (typeof left === "string" && typeof right === "number") return left === String(right);
  return jsonEquals(left, right);
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function isSameScalar(left: Json | undefined, right: Json | undefined): boolean {
  return left === right && (typeof left === "number" || typeof left === "string");
}

function isBefore(left: Json | undefined, right: Json | undefined): boolean {
  if (typeof left === "number") return typeof right === "number" && left < right;
  return typeof left === "string" && typeof right === "string" && left < right;
}

function contains(list: Json | undefined, item: Json | undefined, spend: Lookup["spend"]): boolean {
  if (item === undefined || !isJsonArray(list)) return false;
  spend(list.length * weightOf(item));
  return list.some((other) => isEqual(item, other));
}

/** How many values there are in a value, itself included: what comparing it can cost. */
function weightOf(value: Json): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + weightOf(member), 1);
}

function sizeOf(value: Json | undefined): number | undefined {
  if (isJsonArray(value) || typeof value === "string") return value.length;
  return isJsonObject(value) ? Object.keys(value).length : undefined;
}
