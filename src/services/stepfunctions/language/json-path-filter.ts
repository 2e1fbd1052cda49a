import type { Filter, FilterOperand, FilterOperator, JsonPath } from "./json-path-syntax.ts";
import { isJsonArray, isJsonObject, jsonEquals } from "./json.ts";
import type { Json } from "./json.ts";

/** What a path in a filter selects, `@` being the element that the filter looks at. */
export type Lookup = (path: JsonPath) => Json | undefined;

/** Whether an element is as `filter` wants it. Values of unlike types are neither equal nor ordered. */
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
      return compare(filter.operator, left, valueOf(filter.right, lookup));
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
  if (operand.kind === "path") return lookup(operand.path);
  return operand.kind === "literal" ? operand.value : undefined;
}

/** Longest text that a regular expression is tried on, in characters: backtracking can be slow. */
const MAX_SUBJECT_LENGTH = 10_000;

function matchesPattern(left: Json | undefined, right: FilterOperand): boolean {
  if (right.kind !== "pattern" || typeof left !== "string") return false;
  return left.length <= MAX_SUBJECT_LENGTH && right.pattern.test(left);
}

function compare(
  operator: Exclude<FilterOperator, "=~">,
  left: Json | undefined,
  right: Json | undefined,
): boolean {
  switch (operator) {
    case "==":
      return isSame(left, right);
    case "!=":
      return !isSame(left, right);
    case "<":
      return isBefore(left, right);
    case "<=":
      return isBefore(left, right) || isSameScalar(left, right);
    case ">":
      return isBefore(right, left);
    case ">=":
      return isBefore(right, left) || isSameScalar(left, right);
    case "in":
      return contains(right, left);
    case "nin":
      return !contains(right, left);
    case "contains":
      if (typeof left === "string") return typeof right === "string" && left.includes(right);
      return contains(left, right);
    case "subsetof":
      return isJsonArray(left) && left.every((item) => contains(right, item));
    case "anyof":
      return isJsonArray(left) && left.some((item) => contains(right, item));
    case "noneof":
      return isJsonArray(left) && !left.some((item) => contains(right, item));
    case "size":
      return sizeOf(left) !== undefined && sizeOf(left) === right;
    case "empty":
      return sizeOf(left) !== undefined && (sizeOf(left) === 0) === right;
  }
}

function isSame(left: Json | undefined, right: Json | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return jsonEquals(left, right);
}

function isSameScalar(left: Json | undefined, right: Json | undefined): boolean {
  return left === right && (typeof left === "number" || typeof left === "string");
}

function isBefore(left: Json | undefined, right: Json | undefined): boolean {
  if (typeof left === "number") return typeof right === "number" && left < right;
  return typeof left === "string" && typeof right === "string" && left < right;
}

function contains(list: Json | undefined, item: Json | undefined): boolean {
  return item !== undefined && isJsonArray(list) && list.some((other) => jsonEquals(other, item));
}

function sizeOf(value: Json | undefined): number | undefined {
  if (isJsonArray(value) || typeof value === "string") return value.length;
  return isJsonObject(value) ? Object.keys(value).length : undefined;
}
