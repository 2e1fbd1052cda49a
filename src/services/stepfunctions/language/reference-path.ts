import { StatesError } from "./errors.ts";
import { problemOf, readPath } from "./json-path-syntax.ts";
import type { JsonPath, Segment } from "./json-path-tree.ts";
import { isJsonArray, isJsonObject, memberOf, withMember } from "./json.ts";
import type { Json } from "./json.ts";
import { ExpressionSyntaxError } from "./scanner.ts";

/**
 * ResultPath: `input` with `value` at `path`. null gives the input, `$` the value. Objects on the way are
 * created; an array index must exist. Throws States.ResultPathMatchFailure when the path does not fit.
 */
export function setAt(input: Json, path: string | null, value: Json): Json {
  if (path === null) return input;
  if (path === "$") return value;
  return setBelow(input, readPath(path).segments, value);
}

/** What is wrong with `path` as a reference path (a path to a single node), or undefined. */
export function checkReferencePath(path: string): string | undefined {
  return problemOf(() => {
    const read = readPath(path);
    if (read.root.kind === "current") throw new ExpressionSyntaxError("a path starts with '$'");
    if (!read.segments.every(isReferenceSegment)) {
      throw new ExpressionSyntaxError(
        "a reference path identifies a single node by names and indexes",
      );
    }
  });
}

/** As {@link checkReferencePath}, for a path into the state's input and nowhere else: ResultPath. */
export function checkResultPath(path: string): string | undefined {
  return (
    checkReferencePath(path) ??
    (isIntoInput(readPath(path)) ? undefined : "a result goes into the input only")
  );
}

function isIntoInput({ root }: JsonPath): boolean {
  return root.kind === "input";
}

function isReferenceSegment(segment: Segment): boolean {
  return segment.kind === "member" || (segment.kind === "index" && segment.index >= 0);
}

function setBelow(node: Json | undefined, segments: readonly Segment[], value: Json): Json {
  const [segment, ...rest] = segments;
  if (segment === undefined) return value;
  if (segment.kind === "member" && (node === undefined || isJsonObject(node))) {
    const object = node ?? {};
    return withMember(object, segment.name, setBelow(memberOf(object, segment.name), rest, value));
  }
  if (segment.kind === "index" && isJsonArray(node) && segment.index < node.length) {
    return node.with(segment.index, setBelow(node[segment.index], rest, value));
  }
  const step =
    segment.kind === "index"
      ? segment.index
      : segment.kind === "member"
        ? segment.name
        : segment.kind;
  throw new StatesError(
    "States.ResultPathMatchFailure",
    `Unable to apply step "${step}" to input ${JSON.stringify(node ?? null)}`,
    "ResultPath",
  );
}
