/** A JSON object that a client wrote. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads a JSON object. Throws what `refuse` makes of why a text is none. */
export function readJsonObject(text: string, refuse: (reason: string) => Error): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("failed to parse JSON.");
  }
  const object = asJsonObject(value);
  if (object === undefined) throw refuse("must be a JSON object");
  return object;
}

/** A parsed value if it is an object. */
export function asJsonObject(value: unknown): JsonObject | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as JsonObject; // Narrowed; JSON objects have string keys.
}
