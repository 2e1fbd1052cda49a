import type { FieldSource, TaskState } from "../language/definition.ts";
import { StatesError } from "../language/errors.ts";
import { evaluateTemplate, resolveInteger } from "../language/evaluate.ts";
import { isJsonObject } from "../language/json.ts";
import type { Json } from "../language/json.ts";
import { MAX_SECONDS } from "../language/limits.ts";
import { checkSize, effectiveInput, leave, workInput } from "./data-flow.ts";
import { cancelWait, failState, toFailure } from "./failure.ts";
import { failureOf } from "./protocol.ts";
import type { ExecutionEvent, Failure, HistoryDetails } from "./protocol.ts";
import type { TaskLimits, TaskPhase, Thread, TimerPurpose } from "./state.ts";
import { parseTaskResource } from "./task-resource.ts";
import type { TaskResource } from "./task-resource.ts";
import type { Transition } from "./transition.ts";

type TaskEvent = Extract<
  ExecutionEvent,
  { kind: "started" | "submitted" | "succeeded" | "failed" | "fired" }
>;

/** Asks for the work of a Task state. Throws StatesError when its fields cannot be evaluated. */
export async function startTask(
  transition: Transition,
  thread: Thread,
  state: TaskState,
): Promise<void> {
  const resource = parseTaskResource(state.resource);
  if (resource === undefined) {
    throw new StatesError(
      "States.Runtime",
      `The resource '${state.resource}' is not one that can be run.`,
    );
  }
  const wait = transition.newWait();
  const hasToken =
    resource.kind === "activity" || (resource.kind === "service" && resource.pattern === "token");
  const token = hasToken ? transition.around.tokenOf(thread.id, wait) : undefined;
  const isCallback = token !== undefined && resource.kind === "service";
  const input = await workInput(transition, thread, {
    state,
    ...(isCallback && { task: { Token: token } }),
  });
  checkSize(transition, thread, input);
  await checkArguments(transition, { state, resource, input });
  const timeoutSeconds = await seconds(transition, thread, {
    source: state.timeoutSeconds,
    field: "TimeoutSeconds",
  });
  const heartbeatSeconds = await seconds(transition, thread, {
    source: state.heartbeatSeconds,
    field: "HeartbeatSeconds",
  });
  const roleArn = await credentialsOf(transition, thread, state);
  const limits: TaskLimits = {
    ...(timeoutSeconds !== undefined && { timeout: timeoutSeconds }),
    ...(heartbeatSeconds !== undefined && { heartbeat: heartbeatSeconds }),
  };
  emitScheduled(transition, thread, { resource, input, timeoutSeconds, heartbeatSeconds, roleArn });
  const phase: TaskPhase = { kind: "task", wait, timers: [], isSubmitted: false, limits };
  // An activity's time runs from when a worker takes the task.
  transition.setPhase(
    thread,
    resource.kind === "activity" ? phase : timed(transition, thread, phase),
  );
  transition.effects.push({
    kind: "task",
    thread: thread.id,
    wait,
    call: {
      resource,
      arguments: input,
      retryCount: thread.retries.reduce((sum, count) => sum + count, 0),
      ...(timeoutSeconds !== undefined && { timeoutSeconds }),
      ...(heartbeatSeconds !== undefined && { heartbeatSeconds }),
      ...(token !== undefined && { token }),
    },
  });
}

/** Throws States.Runtime for arguments that the resource's API does not take. */
async function checkArguments(
  transition: Transition,
  task: { readonly state: TaskState; readonly resource: TaskResource; readonly input: Json },
): Promise<void> {
  const { state, resource, input } = task;
  const problems = await transition.around.argumentProblems(resource, input);
  if (problems.length === 0) return;
  const field = state.queryLanguage === "JSONata" ? "Arguments" : "Parameters";
  throw new StatesError(
    "States.Runtime",
    `The ${field} '${transition.text(input)}' could not be used to start the Task: [${problems.join(", ")}]`,
  );
}

/** Something happened to the task that the thread waits for. */
export async function onTaskEvent(
  transition: Transition,
  thread: Thread,
  event: TaskEvent,
): Promise<void> {
  const { phase } = thread;
  const state = transition.stateOf(thread);
  if (phase.kind !== "task" || phase.wait !== event.wait || state.type !== "Task") return;
  const resource = parseTaskResource(state.resource);
  if (resource === undefined) return;
  const task: Task = { phase, state, resource };
  switch (event.kind) {
    case "started":
      transition.emit(
        thread,
        "ActivityStarted",
        event.workerName === undefined ? {} : { workerName: event.workerName },
      );
      transition.setPhase(thread, timed(transition, thread, phase));
      return;
    case "submitted":
      transition.emit(thread, "TaskSubmitted", {
        ...namesOf(resource),
        ...outputOf(transition, event.output),
      });
      transition.setPhase(thread, { ...phase, isSubmitted: true });
      return;
    case "succeeded":
      return succeed(transition, thread, { task, output: event.output });
    case "failed": {
      endWait(transition, thread, { stop: false });
      emitFailed(transition, thread, { task, failure: event });
      return failState(transition, thread, failureOf(event));
    }
    case "fired": {
      endWait(transition, thread, { stop: true });
      const error = event.purpose === "heartbeat" ? "States.HeartbeatTimeout" : "States.Timeout";
      emitTimedOut(transition, thread, { resource, failure: { error } });
      return failState(transition, thread, { error });
    }
  }
}

/** Sets the timers of a task that starts now. */
function timed(transition: Transition, thread: Thread, phase: TaskPhase): TaskPhase {
  const { wait, limits } = phase;
  const timers: TimerPurpose[] = [];
  for (const purpose of ["timeout", "heartbeat"] as const) {
    const limitSeconds = limits[purpose];
    if (limitSeconds === undefined) continue;
    timers.push(purpose);
    transition.setTimer(thread, { wait, purpose, atMs: transition.nowMs + limitSeconds * 1000 });
  }
  return { ...phase, timers };
}

interface Task {
  readonly phase: TaskPhase;
  readonly state: TaskState;
  readonly resource: TaskResource;
}

async function succeed(
  transition: Transition,
  thread: Thread,
  { task, output }: { readonly task: Task; readonly output: Json },
): Promise<void> {
  const { resource, state } = task;
  endWait(transition, thread, { stop: false });
  try {
    checkSize(transition, thread, output);
    const result = outputOf(transition, output);
    if (resource.kind === "activity") transition.emit(thread, "ActivitySucceeded", result);
    else if (resource.kind === "lambda") transition.emit(thread, "LambdaFunctionSucceeded", result);
    else transition.emit(thread, "TaskSucceeded", { ...namesOf(resource), ...result });
    await leave(transition, thread, { state, result: output, next: state.next });
  } catch (error) {
    await failState(transition, thread, toFailure(transition, thread, error));
  }
}

/** The task is over: whatever the state does next, there is nothing left to let go of. */
function endWait(transition: Transition, thread: Thread, how: { readonly stop: boolean }): void {
  cancelWait(transition, thread, how);
  transition.setPhase(thread, { kind: "again" });
}

interface Scheduled {
  readonly resource: TaskResource;
  readonly input: Json;
  readonly timeoutSeconds: number | undefined;
  readonly heartbeatSeconds: number | undefined;
  readonly roleArn: string | undefined;
}

function emitScheduled(transition: Transition, thread: Thread, scheduled: Scheduled): void {
  const { resource, input, timeoutSeconds, heartbeatSeconds, roleArn } = scheduled;
  const text = transition.text(input);
  const limits = {
    ...(timeoutSeconds !== undefined && { timeoutInSeconds: timeoutSeconds }),
    ...(heartbeatSeconds !== undefined && { heartbeatInSeconds: heartbeatSeconds }),
  };
  const credentials = roleArn === undefined ? {} : { taskCredentials: { roleArn } };
  if (resource.kind === "activity") {
    const inputDetails = { truncated: false };
    transition.emit(thread, "ActivityScheduled", {
      resource: resource.arn,
      input: text,
      inputDetails,
      ...limits,
    });
    return;
  }
  if (resource.kind === "lambda") {
    const details = { resource: resource.arn, input: text, inputDetails: { truncated: false } };
    transition.emit(thread, "LambdaFunctionScheduled", { ...details, ...limits, ...credentials });
    transition.emit(thread, "LambdaFunctionStarted");
    return;
  }
  const { region } = transition.around;
  const details = { ...namesOf(resource), region, parameters: text };
  transition.emit(thread, "TaskScheduled", { ...details, ...limits, ...credentials });
  transition.emit(thread, "TaskStarted", namesOf(resource));
}

function emitFailed(
  transition: Transition,
  thread: Thread,
  { task, failure }: { readonly task: Task; readonly failure: Failure },
): void {
  const { resource, phase } = task;
  const details = failureOf(failure);
  if (resource.kind === "activity") {
    // A worker has no error of that name: the activity is not there.
    const isUnscheduled = failure.error === "States.Runtime";
    const type = isUnscheduled ? "ActivityScheduleFailed" : "ActivityFailed";
    transition.emit(thread, type, { ...details });
  } else if (resource.kind === "lambda")
    transition.emit(thread, "LambdaFunctionFailed", { ...details });
  else {
    const isUnsubmitted = resource.pattern !== "request" && !phase.isSubmitted;
    const type = isUnsubmitted ? "TaskSubmitFailed" : "TaskFailed";
    transition.emit(thread, type, { ...namesOf(resource), ...details });
  }
}

function emitTimedOut(
  transition: Transition,
  thread: Thread,
  { resource, failure }: { readonly resource: TaskResource; readonly failure: Failure },
): void {
  if (resource.kind === "activity") transition.emit(thread, "ActivityTimedOut", { ...failure });
  else if (resource.kind === "lambda")
    transition.emit(thread, "LambdaFunctionTimedOut", { ...failure });
  else transition.emit(thread, "TaskTimedOut", { ...namesOf(resource), ...failure });
}

function namesOf(resource: TaskResource): HistoryDetails {
  if (resource.kind !== "service") return {};
  return { resourceType: resource.resourceType, resource: resource.resource };
}

function outputOf(transition: Transition, output: Json): HistoryDetails {
  return { output: transition.text(output), outputDetails: { truncated: false } };
}

async function seconds(
  transition: Transition,
  thread: Thread,
  { source, field }: { readonly source: FieldSource<number> | undefined; readonly field: string },
): Promise<number | undefined> {
  if (source === undefined) return undefined;
  const expected = { field, minimum: 1, maximum: MAX_SECONDS };
  const state = transition.stateOf(thread);
  const isJsonPath = state.type === "Task" && state.queryLanguage === "JSONPath";
  const more = isJsonPath ? { input: effectiveInput(transition, thread, state) } : {};
  const value = await resolveInteger(source, transition.scope(thread, more), expected);
  // The longest, which is also the default, is none.
  return value === MAX_SECONDS ? undefined : value;
}

async function credentialsOf(
  transition: Transition,
  thread: Thread,
  state: TaskState,
): Promise<string | undefined> {
  if (state.credentials === undefined) return undefined;
  const value = await evaluateTemplate(
    state.queryLanguage,
    state.credentials,
    transition.scope(thread),
    "Credentials",
  );
  const roleArn = isJsonObject(value) ? value["RoleArn"] : undefined;
  return typeof roleArn === "string" ? roleArn : undefined;
}
