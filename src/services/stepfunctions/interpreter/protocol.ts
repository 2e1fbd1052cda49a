import type { Random } from "../../../kernel/random.ts";
import type { MapState, StateMachineDefinition } from "../language/definition.ts";
import type { Json, JsonObject } from "../language/json.ts";
import type { TimerPurpose } from "./state.ts";
import type { TaskResource } from "./task-resource.ts";

/** What happens to an execution: the interpreter's input. What names a wait that is over is ignored. */
export type ExecutionEvent =
  /** A ready thread makes its next transition. */
  | { readonly kind: "step"; readonly thread: number }
  | {
      readonly kind: "fired";
      readonly thread: number;
      readonly wait: number;
      readonly purpose: TimerPurpose;
    }
  /** A worker took an activity's task. */
  | {
      readonly kind: "started";
      readonly thread: number;
      readonly wait: number;
      readonly workerName?: string;
    }
  /** The request of a job or callback task was accepted. */
  | {
      readonly kind: "submitted";
      readonly thread: number;
      readonly wait: number;
      readonly output: Json;
    }
  | {
      readonly kind: "succeeded";
      readonly thread: number;
      readonly wait: number;
      readonly output: Json;
    }
  | ({ readonly kind: "failed"; readonly thread: number; readonly wait: number } & Failure)
  /** The execution's own TimeoutSeconds passed. */
  | { readonly kind: "timedOut" }
  | { readonly kind: "aborted"; readonly error?: string; readonly cause?: string }
  | { readonly kind: "redriven"; readonly redriveCount: number };

/** Why something failed, in the terms of Retry and Catch. */
export interface Failure {
  readonly error?: string;
  readonly cause?: string;
}

/** The failure that `whole` tells, without what is not known and whatever else it tells. */
export function failureOf(whole: {
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}): Failure {
  const { error, cause } = whole;
  return { ...(error !== undefined && { error }), ...(cause !== undefined && { cause }) };
}

/** What is to be done because of a transition: the interpreter's output, as data. */
export type Effect =
  | {
      readonly kind: "timer";
      readonly thread: number;
      readonly wait: number;
      readonly purpose: TimerPurpose;
      readonly atMs: number;
    }
  | {
      readonly kind: "task";
      readonly thread: number;
      readonly wait: number;
      readonly call: TaskCall;
    }
  | {
      readonly kind: "mapRun";
      readonly thread: number;
      readonly wait: number;
      readonly mapRun: MapRunCall;
    }
  /** A wait is over before its time: its timers, token, job and map run are of no use any more. */
  | {
      readonly kind: "cancel";
      readonly thread: number;
      readonly wait: number;
      readonly timers: readonly TimerPurpose[];
      readonly isTask: boolean;
      readonly mapRunArn?: string;
      /** Whether what was started is to be stopped: not so when it has ended by itself. */
      readonly stop: boolean;
    }
  /** A map run that stopped with its execution goes on. */
  | {
      readonly kind: "redriveMapRun";
      readonly thread: number;
      readonly wait: number;
      readonly mapRunArn: string;
    }
  | ({ readonly kind: "complete" } & Outcome);

/** How an execution ended. */
export interface Outcome extends Failure {
  readonly status: "SUCCEEDED" | "FAILED" | "TIMED_OUT" | "ABORTED";
  /** JSON text. */
  readonly output?: string;
}

/** A task to be done by somebody. */
export interface TaskCall {
  readonly resource: TaskResource;
  readonly arguments: Json;
  readonly timeoutSeconds?: number;
  readonly heartbeatSeconds?: number;
  readonly token?: string;
  readonly retryCount: number;
}

/** A Distributed Map to be run. */
export interface MapRunCall {
  readonly mapRunArn: string;
  /** The Map state's place: its thread's graph (as stored, from the machine's definition) and its name. */
  readonly graph: readonly (string | number)[];
  readonly state: string;
  /** The items, unless an ItemReader is to read them. */
  readonly items: readonly Json[] | undefined;
  readonly readerArguments: Json | undefined;
  readonly writerArguments: Json | undefined;
  readonly batchInput: Json | undefined;
  readonly settings: MapRunSettings;
  /** What ItemSelector is evaluated with. */
  readonly input: Json;
  readonly variables: Readonly<Record<string, Json>>;
  readonly context: JsonObject;
}

/** Numbers of a Distributed Map, as its expressions gave them. */
export interface MapRunSettings {
  readonly maxConcurrency: number;
  readonly toleratedFailureCount: number | undefined;
  readonly toleratedFailurePercentage: number | undefined;
  readonly maxItems: number | undefined;
  readonly maxItemsPerBatch: number | undefined;
  readonly maxInputBytesPerBatch: number | undefined;
}

/** One entry of an execution's history. */
export interface HistoryRecord {
  readonly id: number;
  readonly previous: number;
  readonly type: string;
  readonly atMs: number;
  readonly details?: HistoryDetails;
}

/** The `…EventDetails` member of an event; which one it is follows from the type. */
export type HistoryDetails = Readonly<Record<string, unknown>>;

/** What a transition needs besides the state: nothing in it does I/O. */
export interface Surroundings {
  readonly definition: StateMachineDefinition;
  /** `Execution` and `StateMachine` of the context object, and `Map` in a child of a Distributed Map. */
  readonly context: JsonObject;
  readonly region: string;
  readonly random: Random;
  readonly nowMs: number;
  /** Events that the history may have; without it there is no limit. */
  readonly maxEvents?: number;
  /** The task token of a wait. */
  readonly tokenOf: (thread: number, wait: number) => string;
  /** A new map run's ARN for a Distributed Map. */
  readonly mapRunArnOf: (state: MapState) => string;
  /** What keeps a task from being started with these arguments, in words. */
  readonly argumentProblems: (resource: TaskResource, given: Json) => Promise<readonly string[]>;
  /** Is shown what a state's fields gave, step by step; for TestState. */
  readonly observe?: (step: ObservedStep, value: unknown) => void;
}

/** What TestState shows of a state: the members of its inspection data that the interpreter knows, and its failure. */
export type ObservedStep =
  | "afterInputPath"
  | "afterParameters"
  | "afterArguments"
  | "result"
  | "afterResultSelector"
  | "afterResultPath"
  | "afterItemsPath"
  | "afterItemsPointer"
  | "afterItemSelector"
  | "afterItemBatcher"
  | "maxConcurrency"
  | "toleratedFailureCount"
  | "toleratedFailurePercentage"
  | "retry"
  | "catchIndex"
  | "failure";
