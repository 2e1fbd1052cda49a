import { MAX_JSON_DEPTH } from "./json.ts";
import type { Json } from "./json.ts";

/** An expression that fails for a reason of ours: a limit, or a value that JSON cannot hold. */
export class JsonataProblem extends Error {
  override readonly name = "JsonataProblem";
}

/** The plain JSON in what the library answered, which has marks on its arrays and may hold functions. Throws {@link JsonataProblem}. */
export function toJson(value: unknown, depth = 0): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  // There is no infinity in JSON: the service answers its name.
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (depth > MAX_JSON_DEPTH)
    throw new JsonataProblem(`the result is nested deeper than ${MAX_JSON_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item: unknown) => toJson(item ?? null, depth + 1));
  if (typeof value !== "object" || isFunctionObject(value))
    throw new JsonataProblem("the result is a function");
  const members: [string, Json][] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member !== undefined) members.push([name, toJson(member, depth + 1)]);
  }
  return Object.fromEntries(members);
}

function isFunctionObject(value: object): boolean {
  return "_jsonata_lambda" in value || "_jsonata_function" in value;
}
