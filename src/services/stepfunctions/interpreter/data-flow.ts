import type { DataFlow, State } from "../language/definition.ts";
import { StatesError } from "../language/errors.ts";
import { evaluateAssign, evaluateTemplate } from "../language/evaluate.ts";
import { applyPath } from "../language/json-path.ts";
import { jsonSizeBytes } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { setAt } from "../language/reference-path.ts";
import { MAX_PAYLOAD_BYTES, MAX_VARIABLES_BYTES } from "../limits.ts";
import type { Thread } from "./state.ts";
import type { Transition } from "./transition.ts";

type Variables = Readonly<Record<string, Json>>;

/** A state that ended well, on its way out. */
export interface Leaving {
  readonly state: State & DataFlow;
  /** What the state's work gave; undefined for a state that does no work. */
  readonly result?: Json;
  /** Where to go instead of the state's own `next`; undefined ends the graph. */
  readonly next: string | undefined;
  /** Templates of the Choice rule that was taken, instead of the state's own. */
  readonly rule?: {
    readonly assign: JsonObject | undefined;
    readonly output: Json | undefined;
    /** What stands before their names in errors: `Choices[0]/`. */
    readonly place: string;
  };
}

/** Computes a state's output and variables and goes to the next one. Throws StatesError. */
export async function leave(
  transition: Transition,
  thread: Thread,
  leaving: Leaving,
): Promise<void> {
  const { state, next, result } = leaving;
  if (result !== undefined) transition.observe("result", result);
  const { output, assigned } =
    state.queryLanguage === "JSONPath"
      ? await jsonPathOutput(transition, thread, leaving)
      : await jsonataOutput(transition, thread, leaving);
  checkSize(transition, thread, output);
  recordAssigned(transition, thread, assigned);
  goTo(transition, thread, { state, output, assigned, next });
}

/** JSONPath: the state's input after InputPath. */
export function effectiveInput(transition: Transition, thread: Thread, state: DataFlow): Json {
  const { input } = thread.data;
  if (state.inputPath === "$") return transition.observe("afterInputPath", input);
  const selected = applyPath(state.inputPath, transition.scope(thread), "InputPath");
  return transition.observe("afterInputPath", selected);
}

/** What a Task, Parallel or Map gives to its work: Parameters or Arguments, or the input. */
export async function workInput(
  transition: Transition,
  thread: Thread,
  options: {
    readonly state: State &
      DataFlow & { readonly parameters: Json | undefined; readonly arguments?: Json | undefined };
    readonly task?: JsonObject;
  },
): Promise<Json> {
  const { state, task } = options;
  if (state.queryLanguage === "JSONata") {
    if (state.arguments === undefined)
      return transition.observe("afterArguments", thread.data.input);
    const scope = transition.scope(thread, {}, task);
    const evaluated = await evaluateTemplate("JSONata", state.arguments, scope, "Arguments");
    return transition.observe("afterArguments", evaluated);
  }
  const input = effectiveInput(transition, thread, state);
  return jsonPathParameters(transition, thread, {
    template: state.parameters,
    input,
    ...(task && { task }),
  });
}

/** JSONPath: what Parameters make of the effective input. */
export async function jsonPathParameters(
  transition: Transition,
  thread: Thread,
  options: {
    readonly template: Json | undefined;
    readonly input: Json;
    readonly task?: JsonObject;
  },
): Promise<Json> {
  const { template, input, task } = options;
  if (template === undefined) return transition.observe("afterParameters", input);
  const scope = transition.scope(thread, { input }, task);
  const evaluated = await evaluateTemplate("JSONPath", template, scope, "Parameters");
  return transition.observe("afterParameters", evaluated);
}

/** Writes the exit event and moves the thread to `next`, or to the end of its graph. */
export function goTo(
  transition: Transition,
  thread: Thread,
  options: {
    state: State;
    output: Json;
    assigned: Variables | undefined;
    next: string | undefined;
  },
): void {
  const { state, output, assigned, next } = options;
  transition.emit(thread, `${state.type}StateExited`, {
    name: state.name,
    output: transition.text(output),
    outputDetails: { truncated: false },
    ...(assigned && {
      assignedVariables: textsOf(assigned),
      assignedVariablesDetails: { truncated: false },
    }),
  });
  transition.setData(thread, { input: output, variables: thread.data.variables });
  thread.retries = [];
  if (next === undefined) {
    transition.setPhase(thread, { kind: "done" });
    return;
  }
  thread.state = next;
  thread.enteredEvent = 0;
  transition.setPhase(thread, { kind: "entering" });
}

/** Sets the variables that a state assigned. Throws States.DataLimitExceeded when they are too many. */
export function recordAssigned(
  transition: Transition,
  thread: Thread,
  assigned: Variables | undefined,
): void {
  if (assigned === undefined) return;
  const variables = { ...thread.data.variables, ...assigned };
  if (jsonSizeBytes(variables) > MAX_VARIABLES_BYTES) {
    const cause = `The variables exceed the maximum size of ${MAX_VARIABLES_BYTES} bytes.`;
    throw new StatesError("States.DataLimitExceeded", cause);
  }
  transition.setData(thread, { ...thread.data, variables });
}

/** Throws States.DataLimitExceeded when `value` is more than states may pass on. */
export function checkSize(transition: Transition, thread: Thread, value: Json): void {
  const text = transition.text(value);
  // A character is at most three bytes of UTF-8, so most texts need no counting.
  if (text.length * 3 <= MAX_PAYLOAD_BYTES || Buffer.byteLength(text) <= MAX_PAYLOAD_BYTES) return;
  throw new StatesError(
    "States.DataLimitExceeded",
    `The state/task '${thread.state}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  );
}

interface Computed {
  readonly output: Json;
  readonly assigned: Variables | undefined;
}

async function jsonPathOutput(
  transition: Transition,
  thread: Thread,
  leaving: Leaving,
): Promise<Computed> {
  const { state, result } = leaving;
  let assignable: Json;
  let output: Json;
  if (result === undefined) {
    assignable = effectiveInput(transition, thread, state);
    output = assignable;
  } else {
    assignable = result;
    const selected = await selectedResult(transition, thread, leaving);
    output =
      "resultPath" in state ? setAt(thread.data.input, state.resultPath, selected) : selected;
    transition.observe("afterResultPath", output);
  }
  const assign = leaving.rule === undefined ? state.assign : leaving.rule.assign;
  const assigned =
    assign &&
    (await evaluateAssign(
      "JSONPath",
      assign,
      transition.scope(thread, { input: assignable }),
      `${leaving.rule?.place ?? ""}Assign`,
    ));
  if (state.outputPath !== "$") {
    output = applyPath(state.outputPath, transition.scope(thread, { input: output }), "OutputPath");
  }
  return { output, assigned };
}

async function selectedResult(
  transition: Transition,
  thread: Thread,
  { state, result = null }: Leaving,
): Promise<Json> {
  if (!("resultSelector" in state) || state.resultSelector === undefined)
    return transition.observe("afterResultSelector", result);
  const scope = transition.scope(thread, { input: result });
  const selected = await evaluateTemplate(
    "JSONPath",
    state.resultSelector,
    scope,
    "ResultSelector",
  );
  return transition.observe("afterResultSelector", selected);
}

async function jsonataOutput(
  transition: Transition,
  thread: Thread,
  leaving: Leaving,
): Promise<Computed> {
  const { state, result, rule } = leaving;
  const scope = transition.scope(thread, result === undefined ? {} : { result });
  const assign = rule === undefined ? state.assign : rule.assign;
  const template = rule === undefined ? state.output : rule.output;
  const place = rule?.place ?? "";
  const assigned = assign && (await evaluateAssign("JSONata", assign, scope, `${place}Assign`));
  let output: Json;
  if (template === undefined) output = result === undefined ? thread.data.input : result;
  else output = await evaluateTemplate("JSONata", template, scope, `${place}Output`);
  return { output, assigned };
}

function textsOf(variables: Variables): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, JSON.stringify(value)]),
  );
}
