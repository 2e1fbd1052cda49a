import type { PathFunction } from "./json-path-syntax.ts";
import { isJsonArray, isJsonObject } from "./json.ts";
import type { Json } from "./json.ts";

/** The value of a function at the end of a path; undefined when it cannot be applied to `target`. */
export function callPathFunction(
  call: { readonly name: PathFunction; readonly argument: number | undefined },
  target: Json | undefined,
): Json | undefined {
  if (call.name === "length") return lengthOf(target);
  if (call.name === "keys") return isJsonObject(target) ? Object.keys(target) : undefined;
  if (!isJsonArray(target)) return undefined;
  if (call.name === "first") return target[0];
  if (call.name === "last") return target.at(-1);
  if (call.name === "index") return target.at(call.argument ?? 0);
  const numbers = target.filter((item) => typeof item === "number");
  return numbers.length === 0 ? undefined : aggregate(call.name, numbers);
}

function lengthOf(target: Json | undefined): number | undefined {
  if (isJsonArray(target) || typeof target === "string") return target.length;
  return isJsonObject(target) ? Object.keys(target).length : undefined;
}

function aggregate(
  name: "avg" | "max" | "min" | "stddev" | "sum",
  numbers: readonly number[],
): number {
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
