/** A value that JSON can hold. Read-only: what the language computes shares parts with what it was given. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object. Read members with {@link memberOf}: a name such as `constructor` is not inherited. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** True for an object that is no array. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for an array; unlike `Array.isArray` it keeps the type of a read-only one. */
export function isJsonArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The member `name` that the object itself has. */
export function memberOf(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A copy of `object` in which `name` is `value`; safe for names such as `__proto__`. */
export function withMember(object: JsonObject, name: string, value: Json): JsonObject {
  return { ...object, [name]: value };
}

/** Whether two values are the same JSON: the order of an object's members does not matter. */
export function jsonEquals(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (isJsonArray(left)) {
    if (!isJsonArray(right) || left.length !== right.length) return false;
    return left.every((item, index) => jsonEquals(item, right[index] ?? null));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => {
    const [mine, theirs] = [memberOf(left, name), memberOf(right, name)];
    return mine !== undefined && theirs !== undefined && jsonEquals(mine, theirs);
  });
}

/** JSON text that two values share when, and only when, they are the same JSON. */
export function canonicalJson(value: Json): string {
  if (isJsonArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`).join(",")}}`;
}

/** The size of `value` as compact JSON in UTF-8, in bytes. */
export function jsonSizeBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Deepest nesting of arrays and objects that JSON text may have. */
export const MAX_JSON_DEPTH = 1000;

/** The value of JSON text, or the problem that it is none or nested deeper than {@link MAX_JSON_DEPTH}. */
export function parseJson(text: string): { readonly value: Json } | { readonly problem: string } {
  if (isTooDeep(text)) return { problem: `JSON is nested deeper than ${MAX_JSON_DEPTH} levels` };
  try {
    // JSON.parse gives nothing but JSON.
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function isTooDeep(text: string): boolean {
  // Most texts have too few brackets to be deep, which is cheaper to find out than their depth.
  if (text.length <= MAX_JSON_DEPTH) return false;
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (inString) {
      if (character === BACKSLASH) at += 1;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (character === OPEN_BRACKET || character === OPEN_BRACE) {
      depth += 1;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (character === CLOSE_BRACKET || character === CLOSE_BRACE) depth -= 1;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
