import { ServiceError } from "../../../kernel/errors.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { DueWork } from "../../../kernel/work.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import { HttpTaskFailed } from "../integrations/http-failure.ts";
import { invokeHttp } from "../integrations/http.ts";
import type { HttpWatch } from "../integrations/http.ts";
import { planTask } from "../integrations/plan.ts";
import type { TaskPlan } from "../integrations/plan.ts";
import type { Effect, Failure } from "../interpreter/protocol.ts";
import type { Thread } from "../interpreter/state.ts";
import { EXECUTION, THREAD } from "../keys.ts";
import type { Json } from "../language/json.ts";
import type { ExecutionRecord } from "../records.ts";
import { resultEvent } from "./commit.ts";
import { callerOfExecution } from "../execution/surroundings.ts";
import { deliverEvent } from "../execution/work.ts";

type TaskEffect = Extract<Effect, { kind: "task" }>;

/** Operations that may wait for the clock: a clock that is moved must not wait for them. */
const WAITING = new Set([
  "sqs:ReceiveMessage",
  "states:GetActivityTask",
  "states:StartSyncExecution",
]);

/** Makes a task's call outside of transactions, at least once, and tells the execution its result. */
export async function performTask(
  engine: Engine,
  item: DueWork,
  signal: AbortSignal,
): Promise<(tx: Tx) => Promise<void>> {
  // Scheduled by this service only.
  const { uid, effect } = item.payload as { uid: string; effect: TaskEffect };
  const plan = await engine.clock.track(planAwaited(engine, uid, effect));
  if (plan === undefined) return async () => {};
  const work = perform(engine, plan, { signal });
  const result = await (isWaitingCall(plan) ? work : engine.clock.track(work));
  const { thread, wait } = effect;
  const event =
    "output" in result
      ? resultEvent(effect, result.output)
      : ({ kind: "failed", thread, wait, ...result.failure } as const);
  return (tx) => deliverEvent(tx, engine, { uid, event });
}

/** A task's call that cannot be made fails its task. */
export async function failTask(tx: Tx, engine: Engine, item: DueWork): Promise<void> {
  // Scheduled by this service only.
  const { uid, effect } = item.payload as { uid: string; effect: TaskEffect };
  const { thread, wait } = effect;
  const cause = "The task could not be run because of an internal error.";
  const failure = { error: "States.TaskFailed", cause };
  await deliverEvent(tx, engine, { uid, event: { kind: "failed", thread, wait, ...failure } });
}

/** What came of a task's call. */
export type TaskResult = { readonly output: Json } | { readonly failure: Failure };

/** Does what a plan says, outside of transactions. Throws only what is not the task's own failure. */
export async function perform(
  engine: Engine,
  plan: TaskPlan,
  options: { readonly signal: AbortSignal; readonly watch?: HttpWatch | undefined },
): Promise<TaskResult> {
  const { signal } = options;
  try {
    if (plan.kind === "call")
      return { output: plan.toOutput(await engine.operations.call({ ...plan.call, signal })) };
    if (plan.kind === "http") return { output: await invokeHttp(engine, plan.task, options) };
    if (plan.kind === "refused") return { failure: plan.failure };
    return {
      failure: {
        error: "States.Runtime",
        cause: "This kind of task is not supported by this kind of execution.",
      },
    };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HttpTaskFailed) return { failure: error.failure };
    if (error instanceof ServiceError && plan.kind === "call")
      return { failure: plan.toFailure(error) };
    throw error;
  }
}

/** True for a call that may take as long as its waiting time says. */
export function isWaitingCall(plan: TaskPlan): boolean {
  return plan.kind === "call" && WAITING.has(`${plan.call.service}:${plan.call.operation}`);
}

/** How a task's call is made; undefined when its execution does not wait for it any more. */
async function planAwaited(
  engine: Engine,
  uid: string,
  { thread, wait, call }: TaskEffect,
): Promise<TaskPlan | undefined> {
  const caller = await engine.store.read(async (reader) => {
    const keys = [EXECUTION.key(uid), THREAD.key(uid, thread)];
    const [recordValue, threadValue] = await reader.getMany(keys);
    if (recordValue === undefined || threadValue === undefined) return undefined;
    const { phase } = decodeRecord<Thread>(threadValue);
    if (phase.kind !== "task" || phase.wait !== wait) return undefined;
    const record = decodeRecord<ExecutionRecord>(recordValue);
    return callerOfExecution({ record, revision: await revisionOf(engine, reader, record) });
  });
  return caller && planTask(engine, call, caller);
}
