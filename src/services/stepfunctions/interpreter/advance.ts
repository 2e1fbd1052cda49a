import type {
  ChoiceState,
  FailState,
  PassState,
  State,
  WaitState,
} from "../language/definition.ts";
import { chooseRule } from "../language/choice.ts";
import { StatesError } from "../language/errors.ts";
import { resolveInteger, resolveString, resolveTimestampMs } from "../language/evaluate.ts";
import { MAX_SECONDS } from "../language/limits.ts";
import {
  onChildDone,
  onMapRunEvent,
  resumeChildren,
  resumeMapRun,
  startMap,
  startParallel,
} from "./containers.ts";
import { effectiveInput, jsonPathParameters, leave } from "./data-flow.ts";
import { failExecution, failState, stopAll, toFailure } from "./failure.ts";
import { failureOf } from "./protocol.ts";
import type { ExecutionEvent, Failure, Surroundings } from "./protocol.ts";
import { allThreads, findThread, isReady } from "./state.ts";
import type { ExecutionState, Thread } from "./state.ts";
import { onTaskEvent, startTask } from "./task.ts";
import { LimitReached, Transition } from "./transition.ts";

/**
 * Makes one transition: what `event` does to an execution. `state` is changed in place; the answer
 * says what to write to the history and what to do. Whoever cannot commit it throws the state away, as
 * does who gets a `ThreadsMissing` thrown.
 */
export async function advance(
  state: ExecutionState,
  event: ExecutionEvent,
  around: Surroundings,
): Promise<Transition> {
  const transition = new Transition(state, around);
  const root = transition.thread(0);
  try {
    await happen(transition, event);
    await settle(transition);
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
    failExecution(transition, root, { error: "States.Runtime", cause: error.message });
  }
  return transition;
}

async function happen(transition: Transition, event: ExecutionEvent): Promise<void> {
  const { state } = transition;
  const root = transition.thread(0);
  switch (event.kind) {
    case "timedOut":
      return timeOut(transition, root);
    case "aborted":
      return abort(transition, root, event);
    case "redriven":
      return redrive(transition, root, event.redriveCount);
    case "step": {
      const thread = state.threads.get(event.thread);
      if (thread !== undefined && isReady(thread)) await step(transition, thread);
      return;
    }
    case "fired":
      return onTimer(transition, event);
    default: {
      const thread = findThread(state, event.thread);
      if (thread === undefined) return;
      if (thread.phase.kind !== "mapRun") return onTaskEvent(transition, thread, event);
      if (event.kind === "succeeded" || event.kind === "failed")
        await onMapRunEvent(transition, thread, event);
    }
  }
}

/** Follows ends upwards: a child's end may end its parent, and the root's end is the execution's. */
async function settle(transition: Transition): Promise<void> {
  for (;;) {
    const ended = [...transition.touched]
      .map((id) => transition.state.threads.get(id))
      .find((thread) => thread?.phase.kind === "done" && !transition.counted.has(thread.id));
    if (ended === undefined) return;
    if (ended.parent === undefined) return succeedExecution(transition, ended);
    transition.counted.add(ended.id);
    await onChildDone(transition, ended);
  }
}

function succeedExecution(transition: Transition, root: Thread): void {
  const output = transition.text(root.data.input);
  transition.emitFinal(root, "ExecutionSucceeded", { output, outputDetails: { truncated: false } });
  transition.effects.push({ kind: "complete", status: "SUCCEEDED", output });
}

/** Enters the thread's state, or runs it again, as far as it goes without waiting. */
async function step(transition: Transition, thread: Thread): Promise<void> {
  const state = transition.stateOf(thread);
  if (thread.phase.kind === "entering") {
    thread.enteredAtMs = transition.nowMs;
    thread.enteredEvent = transition.emit(thread, `${state.type}StateEntered`, {
      name: state.name,
      input: transition.text(thread.data.input),
      inputDetails: { truncated: false },
    });
  }
  try {
    await run(transition, thread, state);
  } catch (error) {
    await failState(transition, thread, toFailure(transition, thread, error));
  }
}

async function run(transition: Transition, thread: Thread, state: State): Promise<void> {
  switch (state.type) {
    case "Pass":
      return pass(transition, thread, state);
    case "Choice":
      return choose(transition, thread, state);
    case "Wait":
      return wait(transition, thread, state);
    case "Succeed":
      return leave(transition, thread, { state, next: undefined });
    case "Fail":
      return fail(transition, thread, state);
    case "Task":
      return startTask(transition, thread, state);
    case "Parallel":
      return startParallel(transition, thread, state);
    case "Map":
      return startMap(transition, thread, state);
  }
}

async function pass(transition: Transition, thread: Thread, state: PassState): Promise<void> {
  if (state.queryLanguage === "JSONata") {
    return leave(transition, thread, { state, next: state.next });
  }
  const input = effectiveInput(transition, thread, state);
  let result = await jsonPathParameters(transition, thread, { template: state.parameters, input });
  if (state.result !== undefined) result = state.result;
  await leave(transition, thread, { state, result, next: state.next });
}

async function choose(transition: Transition, thread: Thread, state: ChoiceState): Promise<void> {
  const isJsonPath = state.queryLanguage === "JSONPath";
  const more = isJsonPath ? { input: effectiveInput(transition, thread, state) } : {};
  const index = await chooseRule(state, transition.scope(thread, more));
  const rule = index === undefined ? undefined : state.choices[index];
  const next = rule === undefined ? state.default : rule.next;
  if (next === undefined) {
    throw new StatesError(
      "States.NoChoiceMatched",
      "Failed to transition out of the state. The state does not point to a next state.",
    );
  }
  const taken = rule && { ...rule, place: `Choices[${index}]/` };
  await leave(transition, thread, { state, next, ...(taken && { rule: taken }) });
}

async function wait(transition: Transition, thread: Thread, state: WaitState): Promise<void> {
  const isJsonPath = state.queryLanguage === "JSONPath";
  const scope = transition.scope(
    thread,
    isJsonPath ? { input: effectiveInput(transition, thread, state) } : {},
  );
  const { until } = state;
  let atMs: number;
  if (until.kind === "seconds") {
    const expected = { field: "Seconds", minimum: 0, maximum: MAX_SECONDS };
    atMs = transition.nowMs + 1000 * (await resolveInteger(until.seconds, scope, expected));
  } else {
    atMs = await resolveTimestampMs(until.timestamp, scope, "Timestamp");
  }
  if (atMs <= transition.nowMs) return leave(transition, thread, { state, next: state.next });
  const id = transition.newWait();
  transition.setTimer(thread, { wait: id, purpose: "wait", atMs });
  transition.setPhase(thread, { kind: "waiting", wait: id });
}

async function fail(transition: Transition, thread: Thread, state: FailState): Promise<void> {
  const scope = transition.scope(thread);
  const error = state.error && (await resolveString(state.error, scope, "Error"));
  const cause = state.cause && (await resolveString(state.cause, scope, "Cause"));
  await failState(transition, thread, failureOf({ error, cause }));
}

async function onTimer(
  transition: Transition,
  event: Extract<ExecutionEvent, { kind: "fired" }>,
): Promise<void> {
  const thread = findThread(transition.state, event.thread);
  if (thread === undefined) return;
  const { phase } = thread;
  if (!("wait" in phase) || phase.wait !== event.wait) return;
  if (phase.kind === "task") return onTaskEvent(transition, thread, event);
  if (phase.kind === "retrying") {
    transition.setPhase(thread, { kind: "again" });
    return;
  }
  const state = transition.stateOf(thread);
  if (phase.kind !== "waiting" || state.type !== "Wait") return;
  try {
    await leave(transition, thread, { state, next: state.next });
  } catch (error) {
    await failState(transition, thread, toFailure(transition, thread, error));
  }
}

function timeOut(transition: Transition, root: Thread): void {
  const failure: Failure = { error: "States.Timeout" };
  stopAll(transition);
  // It follows from no other event.
  root.lastEvent = 0;
  transition.emitFinal(root, "ExecutionTimedOut", { ...failure });
  transition.effects.push({ kind: "complete", status: "TIMED_OUT", ...failure });
}

function abort(transition: Transition, root: Thread, told: Failure): void {
  const failure = failureOf(told);
  stopAll(transition);
  transition.emitFinal(root, "ExecutionAborted", { ...failure });
  transition.effects.push({ kind: "complete", status: "ABORTED", ...failure });
}

/** What failed or was stopped goes on where it was, with all of its retries again. */
async function redrive(transition: Transition, root: Thread, redriveCount: number): Promise<void> {
  transition.emit(root, "ExecutionRedriven", { redriveCount });
  const redriven = root.lastEvent;
  for (const thread of [...allThreads(transition.state)].reverse()) {
    const { phase } = thread;
    if (phase.kind === "done") continue;
    thread.lastEvent = Math.max(thread.lastEvent, redriven);
    thread.retries = [];
    if (phase.kind === "stopped") transition.setPhase(thread, { kind: phase.resume });
    if (phase.kind === "parallel" || phase.kind === "map") await resumeChildren(transition, thread);
    if (phase.kind === "mapRun") resumeMapRun(transition, thread, phase);
  }
}
