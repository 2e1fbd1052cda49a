import type { Dialect } from "../../../kernel/matching/conditions.ts";
import { PatternError } from "../../../kernel/matching/errors.ts";
import { compilePattern } from "../../../kernel/matching/pattern.ts";
import type { Pattern } from "../../../kernel/matching/pattern.ts";
import { LIMITS } from "../limits.ts";
import type { MessageAttribute } from "../message.ts";

/** What a filter policy looks at. */
export type FilterScope = "MessageAttributes" | "MessageBody";

/** Why a filter policy is refused, as SNS begins it. */
export class FilterPolicyError extends Error {
  override readonly name = "FilterPolicyError";
}

const DIALECT: Dialect = {
  nesting: "nested",
  largestNumber: LIMITS.filterPolicyLargestNumber,
  decimals: LIMITS.filterPolicyDecimals,
  existing: "full",
};
const DIALECTS: Readonly<Record<FilterScope, Dialect>> = {
  MessageBody: DIALECT,
  MessageAttributes: { ...DIALECT, nesting: "flat" },
};

/**
 * Compiles a filter policy; "Filter policy constraints in Amazon SNS". Throws a
 * {@link FilterPolicyError}.
 */
export function compileFilterPolicy(text: string, scope: FilterScope): Pattern {
  if (Buffer.byteLength(text) > LIMITS.filterPolicyBytes) {
    throw refusal(`Filter policy can not be larger than ${LIMITS.filterPolicyBytes} bytes`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refusal("failed to parse JSON.");
  }
  const pattern = compile(json, scope);
  if (keyCount(pattern) > LIMITS.filterPolicyKeys) {
    throw refusal(`Filter policy can not have more than ${LIMITS.filterPolicyKeys} keys`);
  }
  if (combinations(pattern, 1) > LIMITS.filterPolicyCombinations) {
    throw refusal("Filter policy is too complex");
  }
  return pattern;
}

/**
 * Attributes as values to compare: binary ones are ignored, an array is its elements. Undefined when
 * a `String.Array` is none: such a message passes no filter policy on attributes.
 */
export function comparableAttributes(
  attributes: Readonly<Record<string, MessageAttribute>>,
): Readonly<Record<string, unknown>> | undefined {
  const values: [string, unknown][] = [];
  for (const [name, { type, value }] of Object.entries(attributes)) {
    if (type === "String.Array") {
      const array = parsedArray(value);
      if (array === undefined) return undefined;
      values.push([name, array]);
    } else if (type === "Number" || type.startsWith("Number.")) values.push([name, Number(value)]);
    else if (type === "String" || type.startsWith("String.")) values.push([name, value]);
  }
  return Object.fromEntries(values);
}

/** Elements are strings, numbers, true, false or null; "Amazon SNS message attributes". */
function parsedArray(text: string): readonly unknown[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isPlain = (element: unknown): boolean => element === null || typeof element !== "object";
  return Array.isArray(json) && json.every(isPlain) ? json : undefined;
}

function compile(json: unknown, scope: FilterScope): Pattern {
  try {
    return compilePattern(json, DIALECTS[scope]);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw error.fault === "nesting" ? nested(scope) : refusal(error.message);
  }
}

/** SNS names the attribute, except where its scope is at fault. */
function refusal(reason: string): FilterPolicyError {
  return new FilterPolicyError(`FilterPolicy: ${reason}`);
}

function nested(scope: FilterScope): FilterPolicyError {
  return new FilterPolicyError(
    `Filter policy scope ${scope} does not support nested filter policy`,
  );
}

/** Keys that have values; those on the way to them do not count. */
function keyCount(pattern: Pattern): number {
  const below = [...pattern.children.map((child) => child.pattern), ...pattern.choices.flat()];
  return pattern.leaves.length + below.reduce((total, each) => total + keyCount(each), 0);
}

/** Values multiply over keys, each list times its depth; alternatives add up. */
function combinations(pattern: Pattern, depth: number): number {
  let product = 1;
  for (const { valueCount } of pattern.leaves) product *= valueCount * depth;
  for (const child of pattern.children) product *= combinations(child.pattern, depth + 1);
  for (const choice of pattern.choices) {
    product *= choice.reduce((total, each) => total + combinations(each, depth), 0);
  }
  return product;
}
