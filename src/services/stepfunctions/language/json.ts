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
  return Object.fromEntries([
    ...Object.entries(object).filter(([other]) => other !== name),
    [name, value],
  ]);
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

/** The size of `value` as compact JSON in UTF-8, in bytes. */
export function jsonSizeBytes(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}
