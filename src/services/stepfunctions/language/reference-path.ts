import type { Json } from "./json.ts";

/**
 * ResultPath: `input` with `value` at `path`. null gives the input, `$` the value. Objects on the way are
 * created; an array index must exist. Throws States.ResultPathMatchFailure when the path does not fit.
 */
export function setAt(_input: Json, _path: string | null, _value: Json): Json {
  throw new Error("not written yet");
}

/** What is wrong with `path` as a reference path, or undefined. */
export function checkReferencePath(_path: string): string | undefined {
  throw new Error("not written yet");
}
