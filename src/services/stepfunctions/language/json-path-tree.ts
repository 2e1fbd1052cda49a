import type { Json } from "./json.ts";

/* What a path is once it was read; see json-path-syntax.ts. */

/** A path that was read. */
export interface JsonPath {
  readonly root: PathRoot;
  readonly segments: readonly Segment[];
  /** True when the path selects one value at most. */
  readonly definite: boolean;
}

/** Where a path starts. */
export type PathRoot =
  | { readonly kind: "input" | "context" | "current" }
  | { readonly kind: "variable"; readonly name: string };

/** One step of a path. */
export type Segment =
  | { readonly kind: "member"; readonly name: string }
  | { readonly kind: "members"; readonly names: readonly string[] }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "indexes"; readonly indexes: readonly number[] }
  | { readonly kind: "slice"; readonly from: number | undefined; readonly to: number | undefined }
  | { readonly kind: "wildcard" }
  | { readonly kind: "filter"; readonly filter: Filter }
  /** The value itself and all values below it: the first half of `..x`. */
  | { readonly kind: "descendants" }
  | {
      readonly kind: "call";
      readonly name: PathFunction;
      readonly arguments: readonly CallArgument[];
    };

/** What a function is given beside the value that it is called on. */
export type CallArgument = Exclude<FilterOperand, { readonly kind: "pattern" }>;

/** The functions that a path may end with. */
export type PathFunction = (typeof PATH_FUNCTIONS)[number];

/** Their names. */
export const PATH_FUNCTIONS = [
  "append",
  "avg",
  "concat",
  "first",
  "index",
  "keys",
  "last",
  "length",
  "max",
  "min",
  "stddev",
  "sum",
] as const;

/** What an element must be like to be selected. */
export type Filter =
  | { readonly kind: "and" | "or"; readonly filters: readonly Filter[] }
  | { readonly kind: "not"; readonly filter: Filter }
  | { readonly kind: "exists"; readonly operand: FilterOperand }
  | {
      readonly kind: "compare";
      readonly operator: FilterOperator;
      readonly left: FilterOperand;
      readonly right: FilterOperand;
    };

/** One side of a comparison in a filter. */
export type FilterOperand =
  | { readonly kind: "path"; readonly path: JsonPath }
  | { readonly kind: "literal"; readonly value: Json }
  | { readonly kind: "pattern"; readonly pattern: RegExp };

/** The operators of filters. */
export type FilterOperator = (typeof FILTER_OPERATORS)[number];

/** They themselves; one that begins another stands after it. */
export const FILTER_OPERATORS = [
  "==",
  "!=",
  "<=",
  ">=",
  "<",
  ">",
  "=~",
  "nin",
  "in",
  "subsetof",
  "anyof",
  "noneof",
  "contains",
  "size",
  "empty",
] as const;
