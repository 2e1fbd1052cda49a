import { BlockList, isIP } from "node:net";
import { PatternError } from "./errors.ts";
import { compileWildcard } from "./wildcard.ts";

/** A value that a leaf of a pattern is compared with. */
export type Primitive = string | number | boolean | null;

/** Whether any of the values under a key fits; it gets none when the key is missing. */
export type ValueTest = (values: readonly Primitive[]) => boolean;

/** What differs between the services that have patterns. */
export interface Dialect {
  /** `flat` refuses objects in objects. */
  readonly nesting: "flat" | "nested";
  /** Numbers in a pattern lie between this and its negative. */
  readonly largestNumber: number;
  /** How many digits after the point count when numbers are compared. */
  readonly decimals: number;
  /** What `{"exists": true}` asks for: `full` takes null and the empty text for nothing. */
  readonly existing: "any" | "full";
}

type Condition = (value: Primitive) => boolean;
type Compile = (argument: unknown, dialect: Dialect) => Condition;

/** Compiles the list of values under a key. Throws a {@link PatternError}. */
export function compileConditions(list: readonly unknown[], dialect: Dialect): ValueTest {
  if (list.length === 0) throw new PatternError("Empty arrays are not allowed");
  const exact = new Set<Primitive>();
  const conditions: Condition[] = [];
  let present = false;
  let absent = false;
  for (const item of list) {
    if (typeof item !== "object" || item === null) {
      exact.add(comparable(checkedPrimitive(item, dialect), dialect));
      continue;
    }
    const { operator, argument } = operatorOf(item);
    if (operator !== "exists") conditions.push(compileOperator(operator, argument, dialect));
    else if (typeof argument !== "boolean") {
      throw new PatternError("exists match pattern must be either true or false.");
    } else if (argument) present = true;
    else absent = true;
  }
  return (values) => {
    if (values.length === 0) return absent;
    if (present && (dialect.existing === "any" || values.some(isFull))) return true;
    return values.some(
      (value) => exact.has(comparable(value, dialect)) || conditions.some((fits) => fits(value)),
    );
  };
}

function isFull(value: Primitive): boolean {
  return value !== null && value !== "";
}

const OPERATORS: Readonly<Record<string, Compile>> = {
  prefix: (argument) => stringTest("prefix", argument, (value, part) => value.startsWith(part)),
  suffix: (argument) => stringTest("suffix", argument, (value, part) => value.endsWith(part)),
  "equals-ignore-case": (argument) => equalsIgnoreCase(string("equals-ignore-case", argument)),
  wildcard: (argument) => onStrings(compileWildcard(string("wildcard", argument))),
  "anything-but": anythingBut,
  numeric,
  cidr,
};

/** Names that make `$or` alternatives ordinary keys. */
export function isReserved(key: string): boolean {
  return key === "exists" || Object.hasOwn(OPERATORS, key);
}

function compileOperator(operator: string, argument: unknown, dialect: Dialect): Condition {
  const compile = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined;
  if (compile === undefined) throw new PatternError(`Unrecognized match type ${operator}`);
  return compile(argument, dialect);
}

function operatorOf(item: object): { operator: string; argument: unknown } {
  if (Array.isArray(item)) {
    throw new PatternError("Match value must be String, number, true, false, or null");
  }
  const [entry, another] = Object.entries(item);
  if (entry === undefined) throw new PatternError("Empty objects are not allowed");
  if (another !== undefined) throw new PatternError("Only one key allowed in match expression");
  return { operator: entry[0], argument: entry[1] };
}

function checkedPrimitive(item: unknown, dialect: Dialect): Primitive {
  if (typeof item === "number") return checkedNumber(item, dialect);
  if (item === null || typeof item === "string" || typeof item === "boolean") return item;
  throw new PatternError("Match value must be String, number, true, false, or null");
}

function checkedNumber(item: number, { largestNumber }: Dialect): number {
  if (Math.abs(item) > largestNumber) {
    throw new PatternError(
      `Value must be between ${-largestNumber} and ${largestNumber}, inclusive`,
    );
  }
  return item;
}

/** Numbers as far as they count; other values as they are. */
function comparable(value: Primitive, { decimals }: Dialect): Primitive {
  return typeof value === "number" ? rounded(value, decimals) : value;
}

function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  const scaled = value * scale;
  return Number.isSafeInteger(Math.round(scaled)) ? Math.round(scaled) / scale : value;
}

function string(operator: string, argument: unknown): string {
  if (typeof argument === "string") return argument;
  throw new PatternError(`${operator} match pattern must be a string`);
}

function onStrings(fits: (value: string) => boolean): Condition {
  return (value) => typeof value === "string" && fits(value);
}

function equalsIgnoreCase(wanted: string): Condition {
  const lower = wanted.toLowerCase();
  return onStrings((value) => value.toLowerCase() === lower);
}

/** `prefix` and `suffix` take a string, or one in an equals-ignore-case. */
function stringTest(
  operator: string,
  argument: unknown,
  fits: (value: string, part: string) => boolean,
): Condition {
  if (typeof argument === "object" && argument !== null) {
    const inner = operatorOf(argument);
    if (inner.operator !== "equals-ignore-case") {
      throw new PatternError(`Unsupported ${operator} pattern: ${inner.operator}`);
    }
    const lower = string(operator, inner.argument).toLowerCase();
    return onStrings((value) => fits(value.toLowerCase(), lower));
  }
  const part = string(operator, argument);
  if (part === "") throw new PatternError(`Null ${operator} not allowed`);
  return onStrings((value) => fits(value, part));
}

/** Operators that `anything-but` can turn round. */
const NEGATABLE = new Set(["prefix", "suffix", "equals-ignore-case", "wildcard"]);

function anythingBut(argument: unknown, dialect: Dialect): Condition {
  if (typeof argument === "object" && argument !== null && !Array.isArray(argument)) {
    const { operator, argument: wanted } = operatorOf(argument);
    if (!NEGATABLE.has(operator)) {
      throw new PatternError(`Unsupported anything-but pattern: ${operator}`);
    }
    const refused = nonEmptyList(wanted).map((each) => compileOperator(operator, each, dialect));
    return (value) => !refused.some((fits) => fits(value));
  }
  const refused = new Set<Primitive>();
  for (const each of nonEmptyList(argument)) {
    if (typeof each !== "string" && typeof each !== "number") {
      throw new PatternError("Inside anything-but list, only strings and numbers are supported.");
    }
    refused.add(comparable(checkedPrimitive(each, dialect), dialect));
  }
  return (value) => !refused.has(comparable(value, dialect));
}

function nonEmptyList(argument: unknown): readonly unknown[] {
  const list: readonly unknown[] = Array.isArray(argument) ? argument : [argument];
  if (list.length === 0) throw new PatternError("Empty arrays are not allowed");
  return list;
}

function numeric(argument: unknown, dialect: Dialect): Condition {
  if (!Array.isArray(argument)) throw new PatternError("Value of numeric must be an array.");
  const [first, firstValue, second, secondValue] = argument as readonly unknown[];
  if (argument.length === 0) throw new PatternError("Invalid member in numeric match: ]");
  const low = comparison(first, firstValue, dialect);
  if (argument.length === 2) return low.fits;
  if (!low.operator.startsWith(">"))
    throw new PatternError("Too many elements in numeric expression");
  const high = comparison(second, secondValue, dialect);
  if (!high.operator.startsWith("<")) {
    throw new PatternError(`Bad numeric range operator: ${high.operator}`);
  }
  if (argument.length > 4) throw new PatternError("Too many terms in numeric range");
  if (low.bound >= high.bound) throw new PatternError("Bottom must be less than top");
  return (value) => low.fits(value) && high.fits(value);
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

interface Comparison {
  readonly operator: string;
  readonly bound: number;
  readonly fits: Condition;
}

function comparison(operator: unknown, argument: unknown, dialect: Dialect): Comparison {
  if (typeof operator !== "string") {
    throw new PatternError(`Invalid member in numeric match: ${JSON.stringify(operator)}`);
  }
  const compare = Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined;
  if (compare === undefined) {
    throw new PatternError(`Unrecognized numeric range operator: ${operator}`);
  }
  if (typeof argument !== "number") {
    const name = operator === "=" ? "equals" : operator;
    throw new PatternError(`Value of ${name} must be numeric`);
  }
  const bound = rounded(checkedNumber(argument, dialect), dialect.decimals);
  const fits: Condition = (value) =>
    typeof value === "number" && compare(rounded(value, dialect.decimals), bound);
  return { operator, bound, fits };
}

const FAMILIES = { 4: "ipv4", 6: "ipv6" } as const;

function cidr(argument: unknown): Condition {
  const text = string("cidr", argument);
  const [address = "", bits = "", ...rest] = text.split("/");
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const length = bits === "" ? longest : Number(bits);
  const isLength = /^\d{0,3}$/.test(bits) && length <= longest;
  if ((version !== 4 && version !== 6) || !isLength || rest.length > 0) {
    throw new PatternError(`Malformed CIDR, one '/' required: ${text}`);
  }
  const network = new BlockList();
  network.addSubnet(address, length, FAMILIES[version]);
  return onStrings((value) => {
    const family = isIP(value);
    return (
      (family === 4 || family === 6) && family === version && network.check(value, FAMILIES[family])
    );
  });
}
