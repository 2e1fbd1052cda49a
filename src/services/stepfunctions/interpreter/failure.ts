import type { Catcher, Retrier, State } from "../language/definition.ts";
import { causeAtState, StatesError } from "../language/errors.ts";
import { evaluateAssign, evaluateTemplate } from "../language/evaluate.ts";
import type { Json } from "../language/json.ts";
import { setAt } from "../language/reference-path.ts";
import { findHandler, retryDelayMs } from "../language/retry.ts";
import { goTo, recordAssigned } from "./data-flow.ts";
import type { Failure } from "./protocol.ts";
import { allThreads } from "./state.ts";
import type { Thread } from "./state.ts";
import type { Transition } from "./transition.ts";

/**
 * The state that `thread` is in failed: a Retrier tries it again, a Catcher goes on elsewhere, or the
 * failure goes up to the Parallel or Map state around it and at last ends the execution.
 */
export async function failState(
  transition: Transition,
  failed: Thread,
  failure: Failure,
): Promise<void> {
  let thread = failed;
  let cause: Failure = transition.observe("failure", failure);
  if (isUnheard(transition, failed, failure)) return failOutright(transition, failed, failure);
  for (;;) {
    const state = transition.stateOf(thread);
    const caught = await handle(transition, thread, { state, failure: cause });
    if (caught === "handled") return;
    if (caught !== "unhandled") cause = caught;
    if (thread.parent === undefined) return failExecution(transition, thread, cause);
    const around = transition.thread(thread.parent);
    // A Catcher may have failed itself.
    if (isUnheard(transition, around, cause)) return failOutright(transition, thread, cause);
    thread = leaveBranch(transition, thread);
  }
}

/** Whether neither the thread's state nor one around it could handle a failure, whatever they catch. */
function isUnheard(transition: Transition, thread: Thread, { error }: Failure): boolean {
  return error === "States.Runtime" && !isNamed(transition, thread);
}

/** Whether a Catcher of the thread's state, or of a state around it, names States.Runtime. */
function isNamed(transition: Transition, thread: Thread): boolean {
  const state = transition.stateOf(thread);
  const catchers = "catch" in state ? state.catch : [];
  if (catchers.some(({ errorEquals }) => errorEquals.includes("States.Runtime"))) return true;
  return thread.parent !== undefined && isNamed(transition, transition.thread(thread.parent));
}

/** An error that nothing handles ends the execution where it arises: the states around it are not told. */
function failOutright(transition: Transition, failed: Thread, failure: Failure): void {
  const root = transition.thread(0);
  root.lastEvent = failed.lastEvent;
  failExecution(transition, root, failure);
}

/** What an error that was thrown while a state was evaluated says as a failure of that state. */
export function toFailure(transition: Transition, thread: Thread, error: unknown): Failure {
  if (!(error instanceof StatesError)) throw error;
  const cause = causeAtState(error.cause, thread.state, thread.enteredEvent);
  if (error.name === "States.QueryEvaluationError") {
    const { location } = error;
    const details = {
      error: error.name,
      cause,
      ...(location && { location }),
      state: thread.state,
    };
    transition.emit(thread, "EvaluationFailed", details);
  }
  return { error: error.name, cause };
}

/** Ends the execution with an error; what was running stays where it is, for a redrive. */
export function failExecution(transition: Transition, root: Thread, failure: Failure): void {
  stopAll(transition);
  transition.emitFinal(root, "ExecutionFailed", { ...failure });
  transition.effects.push({ kind: "complete", status: "FAILED", ...failure });
}

/** Cancels what every thread waits for and marks it as stopped. */
export function stopAll(transition: Transition): void {
  for (const thread of allThreads(transition.state)) stop(transition, thread);
}

/** Ends the threads below `parent`, with the events that say so, and forgets them. */
export function abortChildren(transition: Transition, parent: Thread): void {
  tellAborted(transition, parent);
  forgetChildren(transition, parent);
}

/** Says of the threads below `parent` that they go no further, once of each. */
function tellAborted(transition: Transition, parent: Thread): void {
  for (const child of transition.childrenOf(parent)) {
    const { kind } = child.phase;
    tellAborted(transition, child);
    if (kind === "done" || kind === "stopped" || transition.failed.has(child.id)) continue;
    transition.failed.add(child.id);
    const type = transition.stateOf(child).type;
    if (kind === "mapRun") transition.emitAside(child, "MapRunAborted");
    if (isEntered(child) && ABORTABLE.has(type)) {
      transition.emitAside(child, `${type}StateAborted`);
    }
    if (transition.stateOf(parent).type === "Map") {
      const details = { name: parent.state, index: child.index };
      transition.emit(child, "MapIterationAborted", details);
    }
  }
}

function forgetChildren(transition: Transition, parent: Thread): void {
  for (const child of transition.childrenOf(parent)) {
    forgetChildren(transition, child);
    cancelWait(transition, child, { stop: true });
    transition.remove(child);
  }
}

/** Lets go of whatever the thread waits for. */
export function cancelWait(
  transition: Transition,
  thread: Thread,
  { stop: stopping }: { readonly stop: boolean },
): void {
  const { phase } = thread;
  const cancel = { kind: "cancel", thread: thread.id, isTask: false, stop: stopping } as const;
  if (phase.kind === "waiting") {
    transition.effects.push({ ...cancel, wait: phase.wait, timers: ["wait"] });
  } else if (phase.kind === "retrying") {
    transition.effects.push({ ...cancel, wait: phase.wait, timers: ["retry"] });
  } else if (phase.kind === "task") {
    transition.effects.push({ ...cancel, wait: phase.wait, timers: phase.timers, isTask: true });
  } else if (phase.kind === "mapRun") {
    transition.effects.push({
      ...cancel,
      wait: phase.wait,
      timers: [],
      mapRunArn: phase.mapRunArn,
    });
  }
}

const ABORTABLE: ReadonlySet<string> = new Set(["Task", "Wait", "Parallel", "Map"]);

interface Failing {
  readonly state: State;
  readonly failure: Failure;
}

/** Tries a state's own Retriers and Catchers. Answers another failure when a Catcher itself fails. */
async function handle(
  transition: Transition,
  thread: Thread,
  { state, failure }: Failing,
): Promise<"handled" | "unhandled" | Failure> {
  if (state.type !== "Task" && state.type !== "Parallel" && state.type !== "Map")
    return "unhandled";
  const error = failure.error ?? "";
  // "A States.Runtime error isn't retriable" (Developer Guide, "Handling errors").
  const retrier = error === "States.Runtime" ? undefined : findHandler(state.retry, error);
  const catcher = findHandler(state.catch, error);
  const rule = retrier === undefined ? undefined : state.retry[retrier];
  if (rule !== undefined && retrier !== undefined) {
    const delayMs = delayOf(transition, thread, { rule, index: retrier });
    if (delayMs !== undefined) {
      transition.observe("retry", { index: retrier, delayMs });
      endChildren(transition, thread);
      retry(transition, thread, { index: retrier, delayMs });
      return "handled";
    }
  }
  const handler = catcher === undefined ? undefined : state.catch[catcher];
  if (handler === undefined) {
    tellAborted(transition, thread);
    emitContainerFailed(transition, thread);
    return "unhandled";
  }
  transition.observe("catchIndex", catcher);
  endChildren(transition, thread);
  try {
    await goOn(transition, thread, { state, handler, failure, place: `Catch[${catcher}]/` });
    return "handled";
  } catch (thrown) {
    return toFailure(transition, thread, thrown);
  }
}

function endChildren(transition: Transition, thread: Thread): void {
  const { type } = transition.stateOf(thread);
  if (type === "Task") return;
  abortChildren(transition, thread);
  emitContainerFailed(transition, thread);
  // Should what follows fail too, there are no branches left to go on with.
  if (thread.phase.kind !== "mapRun") transition.setPhase(thread, { kind: "again" });
}

function emitContainerFailed(transition: Transition, thread: Thread): void {
  const { type } = transition.stateOf(thread);
  // A state that failed before it opened its branches has nothing to close.
  const { kind } = thread.phase;
  if (kind !== "parallel" && kind !== "map" && kind !== "mapRun") return;
  transition.emit(thread, `${type}StateFailed`);
}

function delayOf(
  transition: Transition,
  thread: Thread,
  { rule, index }: { readonly rule: Retrier; readonly index: number },
): number | undefined {
  return retryDelayMs(rule, thread.retries[index] ?? 0, transition.around.random);
}

function retry(
  transition: Transition,
  thread: Thread,
  { index, delayMs }: { readonly index: number; readonly delayMs: number },
): void {
  const retries = Array.from(
    { length: Math.max(thread.retries.length, index + 1) },
    (_, at) => thread.retries[at] ?? 0,
  );
  retries[index] = (retries[index] ?? 0) + 1;
  thread.retries = retries;
  if (thread.data.items !== undefined) {
    const { input, variables } = thread.data;
    transition.setData(thread, { input, variables });
  }
  const wait = transition.newWait();
  transition.setTimer(thread, { wait, purpose: "retry", atMs: transition.nowMs + delayMs });
  transition.setPhase(thread, { kind: "retrying", wait });
}

interface Catching extends Failing {
  readonly handler: Catcher;
  /** What stands before the handler's fields in errors: `Catch[0]/`. */
  readonly place: string;
}

async function goOn(
  transition: Transition,
  thread: Thread,
  { state, handler, failure, place }: Catching,
): Promise<void> {
  // Both are texts in the error output, also where the failure itself tells nothing.
  const errorOutput: Json = { Error: failure.error ?? "", Cause: failure.cause ?? "" };
  const language = state.queryLanguage;
  const isJsonPath = language === "JSONPath";
  const scope = transition.scope(thread, isJsonPath ? { input: errorOutput } : { errorOutput });
  const assigned =
    handler.assign && (await evaluateAssign(language, handler.assign, scope, `${place}Assign`));
  let output: Json;
  if (isJsonPath) output = setAt(thread.data.input, handler.resultPath, errorOutput);
  else if (handler.output === undefined) output = errorOutput;
  else output = await evaluateTemplate(language, handler.output, scope, `${place}Output`);
  recordAssigned(transition, thread, assigned);
  goTo(transition, thread, { state, output, assigned, next: handler.next });
}

/** The failure of a branch or iteration is the failure of the state around it. */
function leaveBranch(transition: Transition, child: Thread): Thread {
  const parent = transition.thread(child.parent ?? 0);
  stop(transition, child);
  transition.failed.add(child.id);
  if (transition.stateOf(parent).type === "Map") {
    transition.emitAside(child, "MapIterationFailed", { name: parent.state, index: child.index });
  }
  parent.lastEvent = child.lastEvent;
  return parent;
}

function stop(transition: Transition, thread: Thread): void {
  const { phase } = thread;
  switch (phase.kind) {
    case "done":
    case "stopped":
    case "parallel":
    case "map":
      return;
    case "mapRun":
      cancelWait(transition, thread, { stop: true });
      return;
    default:
      cancelWait(transition, thread, { stop: true });
      transition.setPhase(thread, {
        kind: "stopped",
        resume: isEntered(thread) ? "again" : "entering",
      });
  }
}

function isEntered(thread: Thread): boolean {
  return thread.enteredEvent > 0;
}
