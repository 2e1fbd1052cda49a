import { remembering } from "./cache.ts";
import { INTRINSIC_FUNCTIONS, INTRINSIC_NAMES } from "./intrinsic-functions.ts";
import type { IntrinsicName } from "./intrinsic-functions.ts";
import { scanPathWithin } from "./json-path-syntax.ts";
import { Scanner } from "./scanner.ts";

/** A call that was read. */
export interface Intrinsic {
  readonly name: IntrinsicName;
  readonly arguments: readonly IntrinsicArgument[];
}

/** An argument of a call. A text still has its escapes. */
export type IntrinsicArgument =
  | { readonly kind: "call"; readonly intrinsic: Intrinsic }
  | { readonly kind: "path"; readonly path: string }
  | { readonly kind: "text"; readonly raw: string }
  | { readonly kind: "literal"; readonly value: number | boolean | null };

/** Deepest nesting of calls. */
export const MAX_INTRINSIC_NESTING = 10;

/** How much text of calls is kept ready. */
const CACHE_CHARACTERS = 1_000_000;

/** Reads `States.Name(arguments)`. Throws ExpressionSyntaxError. */
export const readIntrinsic: (text: string) => Intrinsic = remembering(CACHE_CHARACTERS, (text) => {
  const scanner = new Scanner(text.trim());
  const intrinsic = scanCall(scanner, 1);
  if (!scanner.done) scanner.fail("unexpected character");
  return intrinsic;
});

const NAME = /States\.[A-Za-z0-9]+/y;
const TEXT = /'(?:[^'\\]|\\.)*'/sy;
const NUMBER = /-?\d+(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

function scanCall(scanner: Scanner, level: number): Intrinsic {
  if (level > MAX_INTRINSIC_NESTING) {
    scanner.fail(`intrinsic functions nested deeper than ${MAX_INTRINSIC_NESTING} levels`);
  }
  const text = scanner.match(NAME);
  const name = INTRINSIC_NAMES.find((known) => known === text);
  if (name === undefined) scanner.fail(`unknown intrinsic function '${text ?? ""}'`);
  const given = scanArguments(scanner, level);
  const { minimum, maximum } = INTRINSIC_FUNCTIONS[name];
  if (given.length < minimum || given.length > maximum)
    scanner.fail(`Invalid number of arguments for ${name}: ${given.length}`);
  return { name, arguments: given };
}

function scanArguments(scanner: Scanner, level: number): readonly IntrinsicArgument[] {
  const given: IntrinsicArgument[] = [];
  scanner.skipSpaces();
  scanner.expect("(");
  scanner.skipSpaces();
  if (scanner.take(")")) return given;
  do {
    scanner.skipSpaces();
    given.push(scanArgument(scanner, level));
    scanner.skipSpaces();
  } while (scanner.take(","));
  scanner.expect(")");
  return given;
}

function scanArgument(scanner: Scanner, level: number): IntrinsicArgument {
  const next = scanner.peek();
  if (next === "S") return { kind: "call", intrinsic: scanCall(scanner, level + 1) };
  if (next === "$") {
    const from = scanner.at;
    scanPathWithin(scanner);
    return { kind: "path", path: scanner.text.slice(from, scanner.at) };
  }
  if (next === "'") {
    const raw = (scanner.match(TEXT) ?? scanner.fail("text without its closing quote")).slice(
      1,
      -1,
    );
    return { kind: "text", raw };
  }
  const number = scanner.match(NUMBER);
  if (number !== undefined) return { kind: "literal", value: Number(number) };
  const word = scanner.match(WORD);
  if (word === undefined)
    scanner.fail("expected a text in single quotes, a number, a path or a function");
  return { kind: "literal", value: word === "null" ? null : word === "true" };
}
