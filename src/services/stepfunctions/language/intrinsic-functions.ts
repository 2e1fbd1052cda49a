import { createHash } from "node:crypto";
import type { Random } from "../../../kernel/random.ts";
import { canonicalJson, isJsonArray, isJsonObject, jsonEquals, parseJson } from "./json.ts";
import type { Json, JsonObject } from "./json.ts";
import { seededInteger } from "./seeded-random.ts";

/** An intrinsic function that cannot do its work: a bad argument or a limit. */
export class IntrinsicProblem extends Error {
  override readonly name = "IntrinsicProblem";
}

/** A function and how many arguments it takes. */
export interface IntrinsicFunction {
  readonly minimum: number;
  readonly maximum: number;
  /** `first` tells how the first argument was written, which the escapes of a Format template need. */
  readonly run: (
    given: readonly Json[],
    random: Random,
    first: { readonly kind: string; readonly raw?: string } | undefined,
  ) => Json;
}

/** Longest text that Base64Encode, Base64Decode and Hash take, in characters. */
const MAX_TEXT_LENGTH = 10_000;
/** Most elements that ArrayRange makes. */
const MAX_RANGE_LENGTH = 1_000;
/** Bounds of what MathAdd takes. */
const MIN_INT32 = -(2 ** 31);
const MAX_INT32 = 2 ** 31 - 1;

/** The algorithms of States.Hash and `$hash`, and Node's names for them. */
export const HASH_ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ["MD5", "md5"],
  ["SHA-1", "sha1"],
  ["SHA-256", "sha256"],
  ["SHA-384", "sha384"],
  ["SHA-512", "sha512"],
]);

/** The names of all intrinsic functions. */
export const INTRINSIC_NAMES = [
  "States.Array",
  "States.ArrayContains",
  "States.ArrayGetItem",
  "States.ArrayLength",
  "States.ArrayPartition",
  "States.ArrayRange",
  "States.ArrayUnique",
  "States.Base64Decode",
  "States.Base64Encode",
  "States.Format",
  "States.Hash",
  "States.JsonMerge",
  "States.JsonToString",
  "States.MathAdd",
  "States.MathRandom",
  "States.StringSplit",
  "States.StringToJson",
  "States.UUID",
] as const;

/** One of {@link INTRINSIC_NAMES}. */
export type IntrinsicName = (typeof INTRINSIC_NAMES)[number];

/** What each does. */
export const INTRINSIC_FUNCTIONS: Readonly<Record<IntrinsicName, IntrinsicFunction>> = {
  "States.Array": { minimum: 0, maximum: Infinity, run: (given) => given },
  "States.ArrayContains": {
    minimum: 2,
    maximum: 2,
    run: ([list, item = null]) => arrayOf(list).some((other) => jsonEquals(other, item)),
  },
  "States.ArrayGetItem": {
    minimum: 2,
    maximum: 2,
    run: ([list, index]) => getItem(arrayOf(list), integerOf(index)),
  },
  "States.ArrayLength": { minimum: 1, maximum: 1, run: ([list]) => arrayOf(list).length },
  "States.ArrayPartition": {
    minimum: 2,
    maximum: 2,
    run: ([list, size]) => partition(arrayOf(list), integerOf(size)),
  },
  "States.ArrayRange": {
    minimum: 3,
    maximum: 3,
    run: ([first, last, step]) => range(integerOf(first), integerOf(last), integerOf(step)),
  },
  "States.ArrayUnique": { minimum: 1, maximum: 1, run: ([list]) => unique(arrayOf(list)) },
  "States.Base64Decode": {
    minimum: 1,
    maximum: 1,
    run: ([text]) => base64Decode(boundedTextOf(text)),
  },
  "States.Base64Encode": {
    minimum: 1,
    maximum: 1,
    run: ([text]) => Buffer.from(boundedTextOf(text), "utf8").toString("base64"),
  },
  "States.Format": {
    minimum: 1,
    maximum: Infinity,
    run: ([template, ...values], _random, first) =>
      // A template that is no literal is data: what looks like an escape in it is none.
      format(first?.raw ?? textOf(template).replaceAll("\\", "\\\\"), values),
  },
  "States.Hash": {
    minimum: 2,
    maximum: 2,
    run: ([content, algorithm]) => hash(content, algorithm),
  },
  "States.JsonMerge": {
    minimum: 3,
    maximum: 3,
    run: ([left, right, deep]) => merge(objectOf(left), objectOf(right), deep),
  },
  "States.JsonToString": { minimum: 1, maximum: 1, run: ([value = null]) => JSON.stringify(value) },
  "States.MathAdd": {
    minimum: 2,
    maximum: 2,
    run: ([left, right]) => inInt32(int32Of(left) + int32Of(right)),
  },
  "States.MathRandom": {
    minimum: 2,
    maximum: 3,
    run: ([start, end, seed], random) =>
      randomBetween(integerOf(start), integerOf(end), (width) =>
        seed === undefined
          ? Math.floor(random.fraction() * width)
          : seededInteger(integerOf(seed), width),
      ),
  },
  "States.StringSplit": {
    minimum: 2,
    maximum: 2,
    run: ([text, splitters]) => split(textOf(text), textOf(splitters)),
  },
  "States.StringToJson": { minimum: 1, maximum: 1, run: ([text]) => fromJson(textOf(text)) },
  "States.UUID": { minimum: 0, maximum: 0, run: (_given, random) => random.uuid() },
};

function arrayOf(value: Json | undefined): readonly Json[] {
  if (!isJsonArray(value))
    throw new IntrinsicProblem(`Invalid argument: expected an array, but got ${show(value)}`);
  return value;
}

function objectOf(value: Json | undefined): JsonObject {
  if (!isJsonObject(value))
    throw new IntrinsicProblem(`Invalid argument: expected an object, but got ${show(value)}`);
  return value;
}

function textOf(value: Json | undefined): string {
  if (typeof value !== "string")
    throw new IntrinsicProblem(`Invalid argument: expected a string, but got ${show(value)}`);
  return value;
}

function boundedTextOf(value: Json | undefined): string {
  const text = textOf(value);
  if (text.length > MAX_TEXT_LENGTH) {
    throw new IntrinsicProblem(
      `Invalid argument: a string of at most ${MAX_TEXT_LENGTH} characters is expected`,
    );
  }
  return text;
}

/** A number, rounded to the nearest whole one. */
function integerOf(value: Json | undefined): number {
  if (typeof value !== "number")
    throw new IntrinsicProblem(`Invalid argument: expected a number, but got ${show(value)}`);
  return Math.round(value);
}

function int32Of(value: Json | undefined): number {
  return inInt32(integerOf(value));
}

function inInt32(value: number): number {
  if (value < MIN_INT32 || value > MAX_INT32) {
    throw new IntrinsicProblem(
      `Invalid argument: ${value} is not between ${MIN_INT32} and ${MAX_INT32}`,
    );
  }
  return value;
}

/** Longest part of a value that an error's text shows, in characters. */
const SHOWN_LENGTH = 100;

function show(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
}

function getItem(list: readonly Json[], index: number): Json {
  const item = index < 0 ? undefined : list[index];
  if (item === undefined) {
    throw new IntrinsicProblem(
      `The index ${index} is out of bounds for an array of length ${list.length}`,
    );
  }
  return item;
}

function partition(list: readonly Json[], size: number): readonly Json[] {
  if (size < 1)
    throw new IntrinsicProblem(
      `Invalid argument: the chunk size must be a positive integer, but is ${size}`,
    );
  return Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
}

function range(first: number, last: number, step: number): readonly Json[] {
  if (step === 0) throw new IntrinsicProblem("Invalid argument: the step must not be 0");
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  if (length > MAX_RANGE_LENGTH) {
    throw new IntrinsicProblem(
      `Invalid argument: a range has at most ${MAX_RANGE_LENGTH} elements, not ${length}`,
    );
  }
  return Array.from({ length }, (_, at) => first + at * step);
}

function unique(list: readonly Json[]): readonly Json[] {
  const firsts = new Map<string, Json>();
  for (const item of list) {
    const key = canonicalJson(item);
    if (!firsts.has(key)) firsts.set(key, item);
  }
  return [...firsts.values()];
}

function base64Decode(text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new IntrinsicProblem("Invalid argument: not a Base64 string");
  return Buffer.from(text, "base64").toString("utf8");
}

function hash(content: Json | undefined, algorithm: Json | undefined): string {
  const name = HASH_ALGORITHMS.get(textOf(algorithm));
  if (name === undefined) {
    const known = [...HASH_ALGORITHMS.keys()].join(", ");
    throw new IntrinsicProblem(
      `Invalid argument: the algorithm must be one of ${known}, but is ${show(algorithm)}`,
    );
  }
  const text = boundedTextOf(typeof content === "string" ? content : JSON.stringify(content));
  return createHash(name).update(text, "utf8").digest("hex");
}

function merge(left: JsonObject, right: JsonObject, deep: Json | undefined): JsonObject {
  if (deep !== false)
    throw new IntrinsicProblem("Invalid argument: only a shallow merge (false) is supported");
  return { ...left, ...right };
}

/** `drawBelow` answers a whole number from 0 up to its argument. */
function randomBetween(start: number, end: number, drawBelow: (width: number) => number): number {
  if (start >= end)
    throw new IntrinsicProblem(
      `Invalid argument: the start ${start} must be less than the end ${end}`,
    );
  return start + drawBelow(end - start);
}

/** Splits at each of the characters of `splitters`; empty parts are left out. */
function split(text: string, splitters: string): readonly string[] {
  const at = new Set(splitters);
  const parts: string[] = [];
  let part = "";
  for (const character of text) {
    if (!at.has(character)) part += character;
    else {
      if (part !== "") parts.push(part);
      part = "";
    }
  }
  if (part !== "") parts.push(part);
  return parts;
}

function fromJson(text: string): Json {
  const parsed = parseJson(text);
  if ("problem" in parsed)
    throw new IntrinsicProblem(`Invalid argument: not a JSON string: ${parsed.problem}`);
  return parsed.value;
}

/** Puts `values` into the `{}` of `template`, which may have escapes: `\{`, `\}`, `\'` and `\\`. */
function format(template: string, values: readonly Json[]): string {
  let used = 0;
  const text = template.replace(/\\(.)|\{\}/gs, (whole: string, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const value = values[used];
    used += 1;
    if (value === undefined) return whole;
    return typeof value === "string" ? value : JSON.stringify(value);
  });
  if (used !== values.length) {
    throw new IntrinsicProblem(
      `Invalid arguments: ${used} placeholders in the template, but ${values.length} values`,
    );
  }
  return text;
}
