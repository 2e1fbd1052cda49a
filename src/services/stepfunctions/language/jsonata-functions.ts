import { createHash } from "node:crypto";
import { HASH_ALGORITHMS } from "./intrinsic-functions.ts";
import { canonicalJson, parseJson } from "./json.ts";
import { JsonataProblem, toJson } from "./jsonata-result.ts";
import type { EvaluationScope } from "./scope.ts";
import { seededFraction } from "./seeded-random.ts";

/** A function that expressions call as `$name`. */
export interface JsonataFunction {
  readonly name: string;
  /** https://docs.jsonata.org/embedding-extending#function-signature-syntax */
  readonly signature: string;
  /** `given` is as the signature says, or undefined where the expression found nothing. */
  readonly run: (given: readonly unknown[], scope: EvaluationScope) => unknown;
}

/** Most elements that `$range` makes. */
const MAX_RANGE_LENGTH = 100_000;
/** Longest text that `$pad` makes, in characters. */
const MAX_PADDED_LENGTH = 1_000_000;

/**
 * What Step Functions adds to JSONata, and those of its own functions that ask for time or chance or
 * know no bounds or take too long for many values (`$now` is in jsonata.ts: it needs the library's formatter). The library checks arguments against the signature before `run` sees them.
 * Numbers that must be whole are rounded down, as the service says of its own functions.
 * https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
 */
export const JSONATA_FUNCTIONS: readonly JsonataFunction[] = [
  { name: "partition", signature: "<an:a>", run: ([list, size]) => partition(list, size) },
  { name: "range", signature: "<nnn:a>", run: ([first, last, step]) => range(first, last, step) },
  { name: "hash", signature: "<ss:s>", run: ([content, algorithm]) => hash(content, algorithm) },
  {
    name: "random",
    signature: "<n?:n>",
    run: ([seed], { random }) =>
      typeof seed === "number" ? seededFraction(seed) : random.fraction(),
  },
  { name: "uuid", signature: "<:s>", run: (_given, { random }) => random.uuid() },
  { name: "parse", signature: "<s:x>", run: ([text]) => parse(text) },
  { name: "millis", signature: "<:n>", run: (_given, { nowMs }) => nowMs },
  { name: "shuffle", signature: "<a:a>", run: ([list], scope) => shuffle(list, scope) },
  { name: "distinct", signature: "<x:x>", run: ([list]) => distinct(list) },
  { name: "pad", signature: "<s-ns?:s>", run: ([text, width, fill]) => pad(text, width, fill) },
];

function partition(list: unknown, size: unknown): unknown {
  if (!Array.isArray(list) || typeof size !== "number") return undefined;
  const width = Math.floor(size);
  if (width < 1)
    throw new JsonataProblem("the chunk size of $partition must be a positive integer");
  return Array.from({ length: Math.ceil(list.length / width) }, (_, at) =>
    list.slice(at * width, (at + 1) * width),
  );
}

function range(first: unknown, last: unknown, step: unknown): unknown {
  if (typeof first !== "number" || typeof last !== "number" || typeof step !== "number")
    return undefined;
  const from = Math.floor(first);
  const by = Math.floor(step);
  if (by === 0) throw new JsonataProblem("the step of $range must not be 0");
  const length = Math.max(0, Math.floor((Math.floor(last) - from) / by) + 1);
  if (length > MAX_RANGE_LENGTH)
    throw new JsonataProblem(`$range makes at most ${MAX_RANGE_LENGTH} elements`);
  return Array.from({ length }, (_, at) => from + at * by);
}

function hash(content: unknown, algorithm: unknown): unknown {
  if (typeof content !== "string" || typeof algorithm !== "string") return undefined;
  const name = HASH_ALGORITHMS.get(algorithm);
  if (name === undefined) {
    throw new JsonataProblem(
      `the algorithm of $hash must be one of ${[...HASH_ALGORITHMS.keys()].join(", ")}`,
    );
  }
  return createHash(name).update(content, "utf8").digest("hex");
}

function parse(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  const parsed = parseJson(text);
  if ("problem" in parsed)
    throw new JsonataProblem(`the argument of $parse is not JSON: ${parsed.problem}`);
  return parsed.value;
}

function shuffle(list: unknown, { random }: EvaluationScope): unknown {
  if (!Array.isArray(list)) return undefined;
  const shuffled: unknown[] = [...list];
  for (let at = shuffled.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random.fraction() * (at + 1));
    [shuffled[at], shuffled[other]] = [shuffled[other], shuffled[at]];
  }
  return shuffled;
}

/** Each value once, where it is first. A sequence stays one, so that a single value stands for itself. */
function distinct(list: unknown): unknown {
  if (!Array.isArray(list) || list.length < 2) return list;
  const firsts = new Map<unknown, unknown>();
  for (const item of list) {
    const key = keyOf(item);
    if (!firsts.has(key)) firsts.set(key, item);
  }
  const isSequence = "sequence" in list && list.sequence === true;
  return isSequence
    ? Object.assign([...firsts.values()], { sequence: true })
    : [...firsts.values()];
}

/** A text that equal values share; a function is equal to itself only. */
function keyOf(value: unknown): unknown {
  try {
    return canonicalJson(toJson(value));
  } catch (error) {
    if (error instanceof JsonataProblem) return value;
    throw error;
  }
}

/** A positive width pads on the right, a negative one on the left. */
function pad(text: unknown, width: unknown, fill: unknown): unknown {
  if (typeof text !== "string" || typeof width !== "number") return undefined;
  const missing = Math.trunc(Math.abs(width)) - [...text].length;
  if (missing <= 0) return text;
  if (missing > MAX_PADDED_LENGTH)
    throw new JsonataProblem(`$pad makes at most ${MAX_PADDED_LENGTH} characters`);
  const characters = typeof fill === "string" && fill !== "" ? [...fill] : [" "];
  const padding = Array.from(
    { length: missing },
    (_, at) => characters[at % characters.length],
  ).join("");
  return width < 0 ? padding + text : text + padding;
}
