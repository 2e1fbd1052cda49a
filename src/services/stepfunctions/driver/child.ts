import { encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { ServiceError } from "../../../kernel/errors.ts";
import { checkMembers } from "../constraints.ts";
import type { Engine } from "../engine.ts";
import { typeNotSupported } from "../errors.ts";
import { redriveStatus } from "../execution/executions.ts";
import { sdkMetadata, serviceFailure } from "../integrations/answer.ts";
import { namedService } from "../integrations/names.ts";
import type { TaskPlan } from "../integrations/plan.ts";
import type { Effect } from "../interpreter/protocol.ts";
import { PENDING_TASK } from "../keys.ts";
import type { Json } from "../language/json.ts";
import { resolveMachine } from "../machines.ts";
import { model } from "../model.gen.ts";
import type { ExecutionRecord, ParentTask, PendingTaskRecord, ProgressRecord } from "../records.ts";
import { checkInput, startStandard } from "../execution/start.ts";
import { checkName } from "../validation.ts";
import { describeEnded } from "../execution/description.ts";
import type { Execution } from "../execution/execution.ts";
import { deliverEvent, putEvent } from "../execution/work.ts";

/** Starts the child execution of a `.sync` task, in the parent's transition. */
export async function startChild(
  tx: Tx,
  engine: Engine,
  options: {
    execution: Execution;
    effect: Extract<Effect, { kind: "task" }>;
    plan: Extract<TaskPlan, { kind: "child" }>;
  },
): Promise<void> {
  const { execution, effect, plan } = options;
  const { uid } = execution.record;
  const { thread, wait } = effect;
  try {
    const nowMs = engine.clock.now();
    const stateMachineArn = textOf(plan.request["StateMachineArn"]) ?? "";
    const name = textOf(plan.request["Name"]) ?? engine.random.uuid();
    const input = plan.request["Input"] ?? {};
    const text = textOf(input) ?? JSON.stringify(input);
    checkMembers("StartExecution", { stateMachineArn, name, input: text });
    const resolved = await resolveMachine(tx, stateMachineArn, engine.random);
    if (resolved.machine.type !== "STANDARD") throw typeNotSupported();
    checkName(name);
    checkInput(text);
    const parent: ParentTask = { uid, thread, wait, pattern: plan.pattern };
    const { arn, startMs } = await startStandard(tx, engine, {
      resolved,
      name,
      input: text,
      nowMs,
      parent,
    });
    const pending: PendingTaskRecord = { thread, childArn: arn };
    tx.put(PENDING_TASK.key(uid, wait), encodeRecord(pending));
    const metadata = sdkMetadata(engine.random.uuid());
    const output = { ExecutionArn: arn, ...metadata, StartDate: startMs };
    putEvent(tx, engine, { uid, event: { kind: "submitted", thread, wait, output } });
  } catch (error) {
    // Nothing was written before a refusal: starting checks first.
    if (!(error instanceof ServiceError)) throw error;
    const service = namedService("states");
    const requestId = engine.random.uuid();
    const failure = serviceFailure(error, { service, model, requestId });
    putEvent(tx, engine, { uid, event: { kind: "failed", thread, wait, ...failure } });
  }
}

/** Tells the task that waits for an execution how it ended. */
export async function tellParent(
  tx: Tx,
  engine: Engine,
  {
    record,
    parent,
    progress,
  }: { record: ExecutionRecord; parent: ParentTask; progress: ProgressRecord },
): Promise<void> {
  const { uid, thread, wait, pattern } = parent;
  const redrive = await redriveStatus(tx, { record, progress }, engine.clock.now());
  const description = describeEnded(
    { record, progress },
    {
      redrive,
      // As text, or with `:2` as JSON.
      payload: (text): Json => (pattern === "sync" ? text : JSON.parse(text)),
      date: (ms) => ms,
    },
  );
  if (progress.status === "SUCCEEDED") {
    await deliverEvent(tx, engine, {
      uid,
      event: { kind: "succeeded", thread, wait, output: description },
    });
    return;
  }
  const failure = { error: "States.TaskFailed", cause: JSON.stringify(description) };
  await deliverEvent(tx, engine, { uid, event: { kind: "failed", thread, wait, ...failure } });
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
