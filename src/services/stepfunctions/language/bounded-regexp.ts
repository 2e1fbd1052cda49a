import { setFlagsFromString } from "node:v8";

let isBounded = false;

/**
 * Makes V8 go on with its linear engine where a regular expression backtracks too often, from now on and in the
 * whole process: definitions bring their own patterns, and `(a+)+$` must not stop a server. What matches stays
 * the same. Patterns with look-around or back references, which that engine does not know, stay unbounded.
 */
export function boundBacktracking(): void {
  if (isBounded) return;
  isBounded = true;
  setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");
}
