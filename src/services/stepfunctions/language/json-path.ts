import { matchesFilter } from "./json-path-filter.ts";
import { callPathFunction } from "./json-path-function.ts";
import { isDefiniteSegment, problemOf, readPath } from "./json-path-syntax.ts";
import type { CallArgument, JsonPath, Segment } from "./json-path-tree.ts";
import { isJsonArray, isJsonObject, memberOf } from "./json.ts";
import type { Json } from "./json.ts";
import { StatesError } from "./errors.ts";
import { ExpressionSyntaxError } from "./scanner.ts";
import type { EvaluationScope } from "./scope.ts";

/** Most values that the evaluation of a path looks at: `..` and filters can multiply. */
export const MAX_PATH_STEPS = 5_000_000;

/** What the roots of paths stand for. `current` is what a filter looks at; `stepsLeft` counts down. */
interface PathRoots {
  readonly input: Json;
  readonly context: Json;
  readonly variables: Readonly<Record<string, Json>>;
  readonly current?: Json;
  readonly budget: { stepsLeft: number };
}

/**
 * What `path` selects in the scope: one value for a definite path, or undefined when there is none;
 * an array (perhaps empty) for a path with wildcards, filters, slices, unions or `..`. `$` starts at
 * the input, `$$` at the context object, `$name` at a variable. Throws States.Runtime for a path that
 * is not one, which a parsed definition does not hold.
 */
export function findPath(path: string, scope: EvaluationScope): Json | undefined {
  return evaluatePath(readKnownPath(path), rootsOf(scope));
}

/**
 * As {@link findPath}, but a path that may select many values selects none of them where what should hold
 * them is missing: `$.none[*]`. Not so a slice of what the path starts at, nor what starts at no value.
 */
export function findAny(path: string, scope: EvaluationScope): Json | undefined {
  const read = readKnownPath(path);
  const roots = rootsOf(scope);
  const found = evaluatePath(read, roots);
  if (found !== undefined || read.definite || read.segments[0]?.kind === "slice") return found;
  return (rootOf(read, roots) ?? null) === null ? undefined : [];
}

/** As {@link findAny}, but finding nothing throws States.Runtime with AWS's text, naming the field. */
export function selectPath(path: string, scope: EvaluationScope, field: string): Json {
  const found = findAny(path, scope);
  if (found !== undefined) return found;
  const isIntoInput = readKnownPath(path).root.kind === "input";
  if (scope.input === null && isIntoInput) {
    const cause = "Unable to apply Path transformation to null or empty input.";
    throw new StatesError("States.Runtime", cause, field);
  }
  const input = JSON.stringify(scope.input);
  throw new StatesError(
    "States.Runtime",
    `The JSONPath '${path}' specified for the field '${field}' could not be found in the input '${input}'`,
    field,
  );
}

/** Whether a path of names and indexes ends in an index that its array does not have. */
export function isPastEnd(path: string, scope: EvaluationScope): boolean {
  const read = readKnownPath(path);
  const { segments } = read;
  if (segments.at(-1)?.kind !== "index") return false;
  if (!segments.every(({ kind }) => kind === "member" || kind === "index")) return false;
  return isJsonArray(evaluatePath({ ...read, segments: segments.slice(0, -1) }, rootsOf(scope)));
}

/** InputPath and OutputPath: null gives an empty object. */
export function applyPath(
  path: string | null,
  scope: EvaluationScope,
  field: "InputPath" | "OutputPath",
): Json {
  if (path === null) return {};
  return path === "$" ? scope.input : selectPath(path, scope, field);
}

/** What is wrong with `path` as a path, or undefined. */
export function checkPath(path: string): string | undefined {
  return problemOf(() => {
    if (path.startsWith("@")) throw new ExpressionSyntaxError("a path starts with '$'");
    readPath(path);
  });
}

/** What a path that was read selects; undefined when it finds nothing where it must. */
function evaluatePath(path: JsonPath, roots: PathRoots): Json | undefined {
  const root = rootOf(path, roots);
  if (root === undefined) return undefined;
  let nodes: readonly Json[] = [root];
  // While a path is definite, each step must find what it asks for; after that, it collects.
  let definite = true;
  for (const segment of path.segments) {
    if (segment.kind === "call") {
      const value = call(segment, definite ? nodes[0] : nodes, roots);
      if (value === undefined) return undefined;
      nodes = [value];
      definite = true;
      continue;
    }
    const found: Json[] = [];
    for (const node of nodes) {
      const before = found.length;
      if (!step(segment, node, roots, found) && definite) return undefined;
      spend(roots, 1 + found.length - before);
    }
    definite &&= isDefiniteSegment(segment);
    nodes = found;
  }
  return path.definite ? nodes[0] : nodes;
}

function call(
  segment: Extract<Segment, { readonly kind: "call" }>,
  target: Json | undefined,
  roots: PathRoots,
): Json | undefined {
  const given = valuesOf(segment.arguments, roots);
  if (given === undefined) return undefined;
  const value = callPathFunction(segment.name, target, given);
  for (const part of [target, value, ...given]) {
    spend(roots, isJsonArray(part) || typeof part === "string" ? part.length : 1);
  }
  return value;
}

/** What arguments stand for; undefined when a path among them finds nothing. */
function valuesOf(given: readonly CallArgument[], roots: PathRoots): readonly Json[] | undefined {
  const values: Json[] = [];
  for (const argument of given) {
    const value = argument.kind === "literal" ? argument.value : evaluatePath(argument.path, roots);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function rootsOf({ input, context, variables }: EvaluationScope): PathRoots {
  return { input, context, variables, budget: { stepsLeft: MAX_PATH_STEPS } };
}

function spend({ budget }: PathRoots, steps: number): void {
  budget.stepsLeft -= steps;
  if (budget.stepsLeft >= 0) return;
  throw new StatesError(
    "States.Runtime",
    `The JSONPath looks at more than ${MAX_PATH_STEPS} values`,
  );
}

function readKnownPath(path: string): JsonPath {
  try {
    return readPath(path);
  } catch (error) {
    if (!(error instanceof ExpressionSyntaxError)) throw error;
    throw new StatesError("States.Runtime", `Invalid path '${path}': ${error.message}`);
  }
}

function rootOf({ root }: JsonPath, roots: PathRoots): Json | undefined {
  switch (root.kind) {
    case "input":
      return roots.input;
    case "context":
      return roots.context;
    case "current":
      return roots.current;
    case "variable":
      return memberOf(roots.variables, root.name);
  }
}

/** Adds to `found` what `segment` selects below `node`; false when the node is not of the kind that the segment needs. */
function step(segment: Segment, node: Json, roots: PathRoots, found: Json[]): boolean {
  switch (segment.kind) {
    case "member":
      return stepToMember(node, segment.name, found);
    case "members":
      return stepToMembers(node, segment.names, found);
    case "index":
      return stepToIndexes(node, [segment.index], found);
    case "indexes":
      return stepToIndexes(node, segment.indexes, found);
    case "slice":
      return isJsonArray(node) && pushAll(found, node.slice(segment.from, segment.to));
    case "wildcard":
      return pushAll(found, childrenOf(node));
    case "filter": {
      const candidates = isJsonObject(node) ? [node] : childrenOf(node);
      const matching = candidates.filter((current) =>
        matchesFilter(segment.filter, {
          select: (path) => evaluatePath(path, { ...roots, current }),
          spend: (steps) => spend(roots, steps),
        }),
      );
      return pushAll(found, matching) && (isJsonObject(node) || isJsonArray(node));
    }
    case "descendants":
      pushDescendants(node, found);
      return true;
    case "call":
      return false;
  }
}

function stepToMember(node: Json, name: string, found: Json[]): boolean {
  const value = isJsonObject(node) ? memberOf(node, name) : undefined;
  if (value === undefined) return false;
  found.push(value);
  return true;
}

function stepToMembers(node: Json, names: readonly string[], found: Json[]): boolean {
  if (!isJsonObject(node)) return false;
  const own = names.filter((name) => Object.hasOwn(node, name));
  found.push(Object.fromEntries(own.map((name) => [name, memberOf(node, name) ?? null])));
  return true;
}

function stepToIndexes(node: Json, indexes: readonly number[], found: Json[]): boolean {
  if (!isJsonArray(node)) return false;
  for (const index of indexes) {
    const value = node.at(index);
    if (value !== undefined) found.push(value);
  }
  return true;
}

function childrenOf(node: Json): readonly Json[] {
  if (isJsonArray(node)) return node;
  return isJsonObject(node) ? Object.values(node) : [];
}

function pushDescendants(node: Json, found: Json[]): void {
  found.push(node);
  for (const child of childrenOf(node)) pushDescendants(child, found);
}

function pushAll(found: Json[], values: readonly Json[]): true {
  for (const value of values) found.push(value);
  return true;
}
