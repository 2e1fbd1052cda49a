import { MAX_CAUSE_LENGTH } from "./limits.ts";

/**
 * The error names that the language itself reserves.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export const STATES_ERROR_NAMES = [
  "States.ALL",
  "States.BranchFailed",
  "States.DataLimitExceeded",
  "States.ExceedToleratedFailureThreshold",
  "States.HeartbeatTimeout",
  "States.Http.Socket",
  "States.IntrinsicFailure",
  "States.ItemReaderFailed",
  "States.NoChoiceMatched",
  "States.ParameterPathFailure",
  "States.Permissions",
  "States.QueryEvaluationError",
  "States.ResultPathMatchFailure",
  "States.ResultWriterFailed",
  "States.Runtime",
  "States.TaskFailed",
  "States.Timeout",
] as const;

/** One of {@link STATES_ERROR_NAMES}. */
export type StatesErrorName = (typeof STATES_ERROR_NAMES)[number];

/**
 * What fails a state: `name` is the error of the failure event, `cause` its text without the sentence
 * that names the state (see {@link causeAtState}).
 */
export class StatesError extends Error {
  override readonly name: StatesErrorName;
  override readonly cause: string;
  /** The field that failed, `Output/list[0]` for example: `location` of an EvaluationFailed event. */
  readonly location: string | undefined;

  constructor(name: StatesErrorName, cause: string, location?: string) {
    super(cause);
    this.name = name;
    this.cause = cause.slice(0, MAX_CAUSE_LENGTH);
    this.location = location;
  }
}

/** The cause as an execution's history tells it: which state failed, entered at which event. */
export function causeAtState(cause: string, stateName: string, enteredEventId: number): string {
  const whole = `An error occurred while executing the state '${stateName}' (entered at the event id #${enteredEventId}). ${cause}`;
  return whole.slice(0, MAX_CAUSE_LENGTH);
}

/** Errors that `States.ALL` does not catch. */
const UNCATCHABLE: ReadonlySet<string> = new Set(["States.DataLimitExceeded", "States.Runtime"]);

/** Errors that `States.TaskFailed` does not stand for. */
const NOT_TASK_FAILED: ReadonlySet<string> = new Set([...UNCATCHABLE, "States.Timeout"]);

/**
 * Whether a Retry or Catch with `errorEquals` handles the error `errorName`: by name, by `States.ALL`
 * (all but States.DataLimitExceeded and States.Runtime) or by `States.TaskFailed` (of those, all but
 * States.Timeout). A heartbeat timeout is also a States.Timeout.
 */
export function matchesError(errorEquals: readonly string[], errorName: string): boolean {
  return errorEquals.some((name) => {
    if (name === errorName) return true;
    if (name === "States.ALL") return !UNCATCHABLE.has(errorName);
    if (name === "States.TaskFailed") return !NOT_TASK_FAILED.has(errorName);
    return name === "States.Timeout" && errorName === "States.HeartbeatTimeout";
  });
}
