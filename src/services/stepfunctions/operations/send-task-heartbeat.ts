import type { SendTaskHeartbeatInput, SendTaskHeartbeatOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { timerId, TIMER_WORK } from "../execution/work.ts";
import type { TimerPayload } from "../execution/work.ts";
import type { Engine } from "../engine.ts";
import { requireTask } from "../task-tokens.ts";

/** Says that the task of a token is still worked on: its heartbeat's deadline moves. */
export function sendTaskHeartbeat(
  engine: Engine,
): Operation<SendTaskHeartbeatInput, SendTaskHeartbeatOutput> {
  return transaction(async (context, input, tx) => {
    const { uid, wait, pending } = await requireTask(tx, input.taskToken ?? "");
    const { thread, heartbeatSeconds } = pending;
    if (heartbeatSeconds === undefined) return {};
    const payload: TimerPayload = { uid, timer: { thread, wait, purpose: "heartbeat" } };
    const dueAtMs = context.nowMs + heartbeatSeconds * 1000;
    await engine.work.schedule(tx, {
      kind: TIMER_WORK,
      id: timerId(uid, wait, "heartbeat"),
      dueAtMs,
      payload,
    });
    return {};
  });
}
