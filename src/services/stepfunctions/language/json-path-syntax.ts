import { boundBacktracking } from "./bounded-regexp.ts";
import { remembering } from "./cache.ts";
import type { Json } from "./json.ts";
import { FILTER_OPERATORS, PATH_FUNCTIONS } from "./json-path-tree.ts";
import type {
  CallArgument,
  Filter,
  FilterOperand,
  JsonPath,
  PathFunction,
  PathRoot,
  Segment,
} from "./json-path-tree.ts";
import { ExpressionSyntaxError, Scanner } from "./scanner.ts";

/*
 * The dialect of JSONPath that Step Functions has: Goessner's, as the Jayway library reads it.
 *
 *   path    = root segment*            root = $ | $$ | $name | @ (in filters)
 *   name    = anything up to a dot, a bracket, a parenthesis or a blank; a backslash keeps the next character
 *   segment = .name | .* | ..name | ..* | ..[...] | [...] | .[...] | .function(arguments)
 *   [...]   = ['name'] | ['a','b'] | [0] | [-1] | [0,2] | [1:3] | [*] | [?(filter)]
 */

/** Most arguments of a function. */
const MAX_ARGUMENTS = 100;

/** How many arguments a function takes, unless it takes any number up to that. */
const ARGUMENT_COUNTS: Partial<Record<PathFunction, readonly [minimum: number, maximum: number]>> =
  {
    first: [0, 0],
    index: [1, 1],
    keys: [0, 0],
    last: [0, 0],
    length: [0, 1],
  };

/** How much text of paths is kept ready. */
const CACHE_CHARACTERS = 2_000_000;

/** Reads a path. Throws {@link ExpressionSyntaxError}. The last ones are kept ready. */
export const readPath: (text: string) => JsonPath = remembering(CACHE_CHARACTERS, (text) => {
  const scanner = new Scanner(text);
  const path = scanPath(scanner, DOT_NAME);
  if (!scanner.done) scanner.fail("unexpected character");
  return path;
});

/** Reads the path that comes next within something else, as far as it goes. */
export function scanPathWithin(scanner: Scanner): JsonPath {
  return scanPath(scanner, DOT_NAME_WITHIN);
}

function scanPath(scanner: Scanner, dotName: RegExp): JsonPath {
  const root = scanRoot(scanner);
  const segments: Segment[] = [];
  while (scanSegment(scanner, segments, dotName));
  return { root, segments, definite: isDefinite(segments) };
}

/** What is wrong with `text` by `read`, or undefined. */
export function problemOf(read: () => void): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionSyntaxError) return error.message;
    throw error;
  }
}

/** Whether `segment` leads from one value to one value at most. */
export function isDefiniteSegment(segment: Segment): boolean {
  const { kind } = segment;
  return kind === "member" || kind === "index" || kind === "call";
}

function isDefinite(segments: readonly Segment[]): boolean {
  // A function makes one value of many; what stands before it does not count.
  const lastCall = segments.findLastIndex((segment) => segment.kind === "call");
  const rest = segments.slice(lastCall + 1);
  return rest.every((segment, at) => {
    // Several names at the end of a path select one object that has them.
    if (segment.kind === "members") return at === rest.length - 1;
    return isDefiniteSegment(segment);
  });
}

const VARIABLE_NAME = /\p{ID_Start}\p{ID_Continue}*/uy;
const DOT_NAME = /(?:\\.|[^\s.[(\\])+/suy;
/** What ends a name within a filter or a call: also whatever may come after a path there. */
const DOT_NAME_WITHIN = /(?:\\.|[^\s.[\]()'",?*=!<>&|~\\])+/suy;
const INTEGER = /-?\d{1,15}/y;
const WORD = /[a-z]+/y;
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/sy;
const PATTERN = /\/(?:[^/\\]|\\.)+\//y;
const PATTERN_FLAGS = /[ims]*/y;

function scanRoot(scanner: Scanner): PathRoot {
  if (scanner.take("@")) return { kind: "current" };
  scanner.expect("$");
  if (scanner.take("$")) return { kind: "context" };
  const name = scanner.match(VARIABLE_NAME);
  return name === undefined ? { kind: "input" } : { kind: "variable", name };
}

/** Adds the segment that comes next; false at the end of the path. */
function scanSegment(scanner: Scanner, segments: Segment[], dotName: RegExp): boolean {
  if (scanner.peek() === "[") {
    segments.push(scanBracket(scanner));
    return true;
  }
  if (!scanner.take(".")) return false;
  if (scanner.take(".")) segments.push({ kind: "descendants" });
  const isBracket = scanner.peek() === "[";
  segments.push(isBracket ? scanBracket(scanner) : scanDotted(scanner, dotName));
  return true;
}

function scanDotted(scanner: Scanner, dotName: RegExp): Segment {
  if (scanner.take("*")) return { kind: "wildcard" };
  const name = scanner.match(dotName);
  if (name === undefined) scanner.fail("expected a name");
  if (scanner.peek() === "(") return scanCall(scanner, name);
  return { kind: "member", name: withoutEscapes(name) };
}

function scanCall(scanner: Scanner, text: string): Segment {
  const name = PATH_FUNCTIONS.find((known) => known === text);
  if (name === undefined) scanner.fail(`unknown function '${text}'`);
  const given = scanArguments(scanner);
  const [minimum, maximum] = ARGUMENT_COUNTS[name] ?? [0, MAX_ARGUMENTS];
  if (given.length < minimum || given.length > maximum)
    scanner.fail(`wrong arguments of '${name}'`);
  return { kind: "call", name, arguments: given };
}

function scanArguments(scanner: Scanner): readonly CallArgument[] {
  const given: CallArgument[] = [];
  scanner.expect("(");
  scanner.skipSpaces();
  if (scanner.take(")")) return given;
  do given.push(scanner.nested(() => scanArgument(scanner)));
  while (takeComma(scanner));
  scanner.expect(")");
  return given;
}

function scanArgument(scanner: Scanner): CallArgument {
  if (scanner.peek() === "$") return { kind: "path", path: scanPathWithin(scanner) };
  return { kind: "literal", value: scanLiteral(scanner) };
}

function scanBracket(scanner: Scanner): Segment {
  scanner.expect("[");
  scanner.skipSpaces();
  const segment = scanBracketContent(scanner);
  scanner.skipSpaces();
  scanner.expect("]");
  return segment;
}

function scanBracketContent(scanner: Scanner): Segment {
  if (scanner.take("*")) return { kind: "wildcard" };
  if (scanner.take("?")) {
    scanner.skipSpaces();
    return { kind: "filter", filter: scanOr(scanner) };
  }
  const first = scanner.peek();
  if (first === "'" || first === '"') return scanNames(scanner);
  return scanIndexes(scanner);
}

function scanNames(scanner: Scanner): Segment {
  const names = [scanString(scanner)];
  while (takeComma(scanner)) names.push(scanString(scanner));
  const [name] = names;
  return names.length === 1 && name !== undefined
    ? { kind: "member", name }
    : { kind: "members", names };
}

function scanIndexes(scanner: Scanner): Segment {
  const first = scanner.match(INTEGER);
  scanner.skipSpaces();
  if (scanner.take(":")) {
    scanner.skipSpaces();
    const last = scanner.match(INTEGER);
    return {
      kind: "slice",
      from: first === undefined ? undefined : Number(first),
      to: last === undefined ? undefined : Number(last),
    };
  }
  if (first === undefined)
    scanner.fail("expected a name in quotes, an index, a slice, '*' or a filter");
  const indexes = [Number(first)];
  while (takeComma(scanner))
    indexes.push(Number(scanner.match(INTEGER) ?? scanner.fail("expected an index")));
  const [index] = indexes;
  return indexes.length === 1 && index !== undefined
    ? { kind: "index", index }
    : { kind: "indexes", indexes };
}

function takeComma(scanner: Scanner): boolean {
  scanner.skipSpaces();
  const taken = scanner.take(",");
  if (taken) scanner.skipSpaces();
  return taken;
}

function scanString(scanner: Scanner): string {
  const quoted = scanner.match(STRING);
  if (quoted === undefined) scanner.fail("expected a text in quotes");
  return withoutEscapes(quoted.slice(1, -1));
}

function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/gs, "$1");
}

function scanOr(scanner: Scanner): Filter {
  return scanner.nested(() => {
    const filters = [scanAnd(scanner)];
    while (takeOperator(scanner, "||")) filters.push(scanAnd(scanner));
    return joined("or", filters);
  });
}

function scanAnd(scanner: Scanner): Filter {
  const filters = [scanTerm(scanner)];
  while (takeOperator(scanner, "&&")) filters.push(scanTerm(scanner));
  return joined("and", filters);
}

function joined(kind: "and" | "or", filters: readonly Filter[]): Filter {
  const [only] = filters;
  return filters.length === 1 && only !== undefined ? only : { kind, filters };
}

function takeOperator(scanner: Scanner, operator: string): boolean {
  scanner.skipSpaces();
  return scanner.take(operator);
}

function scanTerm(scanner: Scanner): Filter {
  scanner.skipSpaces();
  if (scanner.take("!")) return { kind: "not", filter: scanner.nested(() => scanTerm(scanner)) };
  if (scanner.take("(")) {
    const filter = scanOr(scanner);
    scanner.skipSpaces();
    scanner.expect(")");
    return filter;
  }
  const left = scanOperand(scanner);
  scanner.skipSpaces();
  const operator = FILTER_OPERATORS.find((known) => scanner.take(known));
  if (operator === undefined) return { kind: "exists", operand: left };
  scanner.skipSpaces();
  return { kind: "compare", operator, left, right: scanOperand(scanner) };
}

function scanOperand(scanner: Scanner): FilterOperand {
  const next = scanner.peek();
  if (next === "@" || next === "$")
    return { kind: "path", path: scanner.nested(() => scanPathWithin(scanner)) };
  if (next === "/") return { kind: "pattern", pattern: scanPattern(scanner) };
  return { kind: "literal", value: scanner.nested(() => scanLiteral(scanner)) };
}

/** Longest regular expression in a filter, in characters. */
const MAX_PATTERN_LENGTH = 1_000;

function scanPattern(scanner: Scanner): RegExp {
  const body = scanner.match(PATTERN);
  if (body === undefined || body.length > MAX_PATTERN_LENGTH)
    scanner.fail("expected a regular expression");
  const flags = scanner.match(PATTERN_FLAGS) ?? "";
  boundBacktracking();
  try {
    return new RegExp(`^(?:${body.slice(1, -1)})$`, flags);
  } catch {
    return scanner.fail("invalid regular expression");
  }
}

function scanLiteral(scanner: Scanner): Json {
  const next = scanner.peek();
  if (next === "'" || next === '"') return scanString(scanner);
  if (scanner.take("[")) return scanList(scanner);
  const number = scanner.match(NUMBER);
  if (number !== undefined) return Number(number);
  const word = scanner.match(WORD);
  if (word === "true") return true;
  if (word === "false") return false;
  if (word === "null") return null;
  return scanner.fail("expected a path or a value");
}

function scanList(scanner: Scanner): readonly Json[] {
  const items: Json[] = [];
  scanner.skipSpaces();
  if (scanner.take("]")) return items;
  do items.push(scanner.nested(() => scanLiteral(scanner)));
  while (takeComma(scanner));
  scanner.expect("]");
  return items;
}
