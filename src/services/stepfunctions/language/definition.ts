import type { Json, JsonObject } from "./json.ts";

/*
 * A state machine as `parseDefinition` understands it: https://states-language.net/spec.html and
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html. A member
 * is undefined when the definition leaves the field out and the language has no default for it.
 */

/** The language of a state's expressions. */
export type QueryLanguage = "JSONPath" | "JSONata";

/** A whole workflow. */
export interface StateMachineDefinition extends StateGraph {
  readonly comment: string | undefined;
  readonly version: string;
  /** Longest run of an execution, in seconds. */
  readonly timeoutSeconds: number | undefined;
  readonly queryLanguage: QueryLanguage;
}

/** States with an entry: a workflow, a branch of a Parallel or the processor of a Map. */
export interface StateGraph {
  readonly startAt: string;
  readonly states: ReadonlyMap<string, State>;
}

/** A state of any type; `type` tells which. */
export type State =
  | PassState
  | TaskState
  | ChoiceState
  | WaitState
  | SucceedState
  | FailState
  | ParallelState
  | MapState;

/** The names of {@link State}'s types. */
export type StateType = State["type"];

/**
 * Where a field's value comes from: written down, a path (JSONPath states; `field` is the name of the
 * field that held it, such as `SecondsPath`) or an expression with its `{% %}` (JSONata states).
 */
export type FieldSource<Value> =
  | { readonly kind: "literal"; readonly value: Value }
  | { readonly kind: "path"; readonly path: string; readonly field: string }
  | { readonly kind: "jsonata"; readonly expression: string };

/** What every state has. */
export interface StateCommon {
  /** Unique in the whole state machine, 80 characters at most. */
  readonly name: string;
  readonly comment: string | undefined;
  readonly queryLanguage: QueryLanguage;
}

/** The input and output of a state that passes data on. */
export interface DataFlow {
  /** JSONPath: a path, or null for an empty object. `$` by default. */
  readonly inputPath: string | null;
  /** JSONPath: a path, or null for an empty object. `$` by default. */
  readonly outputPath: string | null;
  /** JSONata: a template; undefined means the default output of the state's type. */
  readonly output: Json | undefined;
  /** Variables to set when the state (or the default of a Choice) is left: a template in its query language. */
  readonly assign: JsonObject | undefined;
}

/** Where a state goes: to `next`, or to the end of its graph when that is undefined. */
export interface Transition {
  readonly next: string | undefined;
}

/** What a state makes of its result, JSONPath only. */
export interface ResultFlow {
  /** A payload template; undefined means the input as it is. */
  readonly parameters: Json | undefined;
  /** A payload template on the result. Absent from Pass states. */
  readonly resultSelector: Json | undefined;
  /** A reference path into the input (`$` by default), into a variable's value never; null drops the result. */
  readonly resultPath: string | null;
}

/** What a state does when it fails. */
export interface ErrorHandling {
  readonly retry: readonly Retrier[];
  readonly catch: readonly Catcher[];
}

/** A rule for trying again, with the language's defaults filled in. */
export interface Retrier {
  readonly errorEquals: readonly string[];
  readonly intervalSeconds: number;
  readonly maxAttempts: number;
  readonly backoffRate: number;
  readonly maxDelaySeconds: number | undefined;
  readonly jitterStrategy: "FULL" | "NONE";
}

/** A rule for going on after a failure. */
export interface Catcher {
  readonly errorEquals: readonly string[];
  readonly next: string;
  readonly comment: string | undefined;
  /** JSONPath only: where the error output goes; `$` by default. */
  readonly resultPath: string | null;
  /** JSONata only: a template with `$states.errorOutput`. */
  readonly output: Json | undefined;
  readonly assign: JsonObject | undefined;
}

/** Passes its input, or `result`, on. */
export interface PassState extends StateCommon, DataFlow, ResultFlow, Transition {
  readonly type: "Pass";
  /** JSONPath only. */
  readonly result: Json | undefined;
}

/** Work that somebody else does. */
export interface TaskState extends StateCommon, DataFlow, ResultFlow, Transition, ErrorHandling {
  readonly type: "Task";
  readonly resource: string;
  /** JSONata only: a template of what the resource is given; undefined means the input. */
  readonly arguments: Json | undefined;
  readonly timeoutSeconds: FieldSource<number> | undefined;
  readonly heartbeatSeconds: FieldSource<number> | undefined;
  /** A payload template or a JSONata template. */
  readonly credentials: Json | undefined;
}

/** A branch by condition. */
export interface ChoiceState extends StateCommon, DataFlow {
  readonly type: "Choice";
  readonly choices: readonly ChoiceRule[];
  readonly default: string | undefined;
}

/** One way out of a Choice. */
export interface ChoiceRule {
  readonly condition: ChoiceCondition;
  readonly next: string;
  readonly comment: string | undefined;
  /** JSONata only. */
  readonly output: Json | undefined;
  readonly assign: JsonObject | undefined;
}

/** What must hold for a Choice to take a way. */
export type ChoiceCondition =
  | DataTest
  /** `expression` with its `{% %}`, or the answer itself. */
  | { readonly kind: "jsonata"; readonly expression: string | boolean };

/** A condition of a JSONPath state. */
export type DataTest =
  | { readonly kind: "and" | "or"; readonly tests: readonly DataTest[] }
  | { readonly kind: "not"; readonly test: DataTest }
  | Comparison;

/** A comparison of what a path finds with a value, or with what another path finds. */
export interface Comparison {
  readonly kind: "comparison";
  /** The path of `Variable`. */
  readonly variable: string;
  /** Without the ending `Path`. */
  readonly operator: ComparisonOperator;
  readonly operand: FieldSource<Json>;
}

/** The operators that compare with a value and have a form ending in `Path`. */
export const VALUE_OPERATORS = [
  "BooleanEquals",
  "NumericEquals",
  "NumericGreaterThan",
  "NumericGreaterThanEquals",
  "NumericLessThan",
  "NumericLessThanEquals",
  "StringEquals",
  "StringGreaterThan",
  "StringGreaterThanEquals",
  "StringLessThan",
  "StringLessThanEquals",
  "TimestampEquals",
  "TimestampGreaterThan",
  "TimestampGreaterThanEquals",
  "TimestampLessThan",
  "TimestampLessThanEquals",
] as const;

/** The operators that take a literal only. */
export const LITERAL_OPERATORS = [
  "IsBoolean",
  "IsNull",
  "IsNumeric",
  "IsPresent",
  "IsString",
  "IsTimestamp",
  "StringMatches",
] as const;

/** An operator of a {@link Comparison}. */
export type ComparisonOperator =
  | (typeof VALUE_OPERATORS)[number]
  | (typeof LITERAL_OPERATORS)[number];

/** Does nothing until a time comes. */
export interface WaitState extends StateCommon, DataFlow, Transition {
  readonly type: "Wait";
  readonly until:
    | { readonly kind: "seconds"; readonly seconds: FieldSource<number> }
    | { readonly kind: "timestamp"; readonly timestamp: FieldSource<string> };
}

/** Ends its graph well. */
export interface SucceedState extends StateCommon, DataFlow {
  readonly type: "Succeed";
}

/** Ends the execution, branch or iteration with an error. */
export interface FailState extends StateCommon {
  readonly type: "Fail";
  readonly error: FieldSource<string> | undefined;
  readonly cause: FieldSource<string> | undefined;
}

/** Runs branches side by side. */
export interface ParallelState
  extends StateCommon, DataFlow, ResultFlow, Transition, ErrorHandling {
  readonly type: "Parallel";
  /** JSONata only: what every branch is given; undefined means the input. */
  readonly arguments: Json | undefined;
  readonly branches: readonly StateGraph[];
}

/** Runs its processor for each item. */
export interface MapState extends StateCommon, DataFlow, ResultFlow, Transition, ErrorHandling {
  readonly type: "Map";
  /** The items without an ItemReader: ItemsPath (`$` by default) or Items, which may be a template. */
  readonly items: FieldSource<Json>;
  readonly itemSelector: Json | undefined;
  readonly processor: ItemProcessor;
  /** 0 means no bound. */
  readonly maxConcurrency: FieldSource<number>;
  readonly itemReader: ItemReader | undefined;
  readonly itemBatcher: ItemBatcher | undefined;
  readonly resultWriter: ResultWriter | undefined;
  readonly toleratedFailureCount: FieldSource<number> | undefined;
  /** 0 to 100. */
  readonly toleratedFailurePercentage: FieldSource<number> | undefined;
  readonly label: string | undefined;
}

/** The graph a Map runs for each item, and how: in the same execution or as child executions. */
export interface ItemProcessor extends StateGraph {
  readonly mode: "INLINE" | "DISTRIBUTED";
  /** Of the child executions; STANDARD by default. */
  readonly executionType: "STANDARD" | "EXPRESS";
}

/** Where a distributed Map reads its items. */
export interface ItemReader {
  /** `arn:aws:states:::s3:getObject` or `arn:aws:states:::s3:listObjectsV2`. */
  readonly resource: string;
  /** Parameters or Arguments: a template in the state's query language. */
  readonly parameters: Json | undefined;
  readonly inputType: "CSV" | "JSON" | "JSONL" | "MANIFEST" | "PARQUET" | undefined;
  readonly csvHeaderLocation: "FIRST_ROW" | "GIVEN" | undefined;
  readonly csvHeaders: readonly string[] | undefined;
  readonly csvDelimiter: "COMMA" | "PIPE" | "SEMICOLON" | "SPACE" | "TAB";
  readonly manifestType: "ATHENA_DATA" | "S3_INVENTORY" | undefined;
  /** What is done to a listing: nothing, or each object is loaded and its items flattened. */
  readonly transformation: "NONE" | "LOAD_AND_FLATTEN";
  /** A JSON pointer to the array in a JSON file. */
  readonly itemsPointer: string | undefined;
  readonly maxItems: FieldSource<number> | undefined;
}

/** How a distributed Map puts items together. */
export interface ItemBatcher {
  /** A template in the state's query language. */
  readonly batchInput: Json | undefined;
  readonly maxItemsPerBatch: FieldSource<number> | undefined;
  readonly maxInputBytesPerBatch: FieldSource<number> | undefined;
}

/** Where a distributed Map writes its results, and in which form. */
export interface ResultWriter {
  /** `arn:aws:states:::s3:putObject`; undefined means that the results stay in the output. */
  readonly resource: string | undefined;
  /** Parameters or Arguments: a template in the state's query language. */
  readonly parameters: Json | undefined;
  readonly outputType: "JSON" | "JSONL";
  readonly transformation: "COMPACT" | "FLATTEN" | "NONE";
}
