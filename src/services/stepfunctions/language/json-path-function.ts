import type { PathFunction } from "./json-path-tree.ts";
import { isJsonArray, isJsonObject } from "./json.ts";
import type { Json } from "./json.ts";

/** The value of a function at the end of a path; undefined when it cannot be applied to `target`. */
export function callPathFunction(
  name: PathFunction,
  target: Json | undefined,
  given: readonly Json[],
): Json | undefined {
  switch (name) {
    case "length":
      return lengthOf(given.length === 0 ? target : given[0]);
    case "keys":
      return isJsonObject(target) ? Object.keys(target) : undefined;
    case "first":
      return isJsonArray(target) ? target[0] : undefined;
    case "last":
      return isJsonArray(target) ? target.at(-1) : undefined;
    case "index":
      return isJsonArray(target) && typeof given[0] === "number" ? target.at(given[0]) : undefined;
    case "append":
      return isJsonArray(target) ? [...target, ...given] : undefined;
    case "concat":
      return [...elementsOf(target).filter((item) => typeof item === "string"), ...flat(given)]
        .map((item) => (typeof item === "string" ? item : JSON.stringify(item)))
        .join("");
    default:
      return aggregate(
        name,
        [...elementsOf(target), ...flat(given)].filter((item) => typeof item === "number"),
      );
  }
}

function elementsOf(target: Json | undefined): readonly Json[] {
  return isJsonArray(target) ? target : [];
}

/** Arguments, with the elements of arrays among them in their places. */
function flat(given: readonly Json[]): readonly Json[] {
  return given.flatMap((value) => (isJsonArray(value) ? value : [value]));
}

function lengthOf(target: Json | undefined): number | undefined {
  if (isJsonArray(target) || typeof target === "string") return target.length;
  return isJsonObject(target) ? Object.keys(target).length : undefined;
}

function aggregate(
  name: "avg" | "max" | "min" | "stddev" | "sum",
  numbers: readonly number[],
): number | undefined {
  if (numbers.length === 0) return undefined;
  const sum = numbers.reduce((total, item) => total + item, 0);
  const mean = sum / numbers.length;
  switch (name) {
    case "avg":
      return mean;
    case "max":
      return numbers.reduce((most, item) => Math.max(most, item));
    case "min":
      return numbers.reduce((least, item) => Math.min(least, item));
    case "stddev":
      return Math.sqrt(
        numbers.reduce((total, item) => total + (item - mean) ** 2, 0) / numbers.length,
      );
    case "sum":
      return sum;
  }
}
