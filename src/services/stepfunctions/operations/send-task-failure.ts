import type { SendTaskFailureInput, SendTaskFailureOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { deliverEvent } from "../execution/work.ts";
import type { Engine } from "../engine.ts";
import { failureOf } from "../interpreter/protocol.ts";
import { PENDING_TASK } from "../keys.ts";
import { requireTask } from "../task-tokens.ts";

/** Ends the task of a token with an error. */
export function sendTaskFailure(
  engine: Engine,
): Operation<SendTaskFailureInput, SendTaskFailureOutput> {
  return transaction(async (_context, input, tx) => {
    const { taskToken = "", error, cause } = input;
    const { uid, wait, pending } = await requireTask(tx, taskToken);
    tx.delete(PENDING_TASK.key(uid, wait));
    const event = {
      kind: "failed",
      thread: pending.thread,
      wait,
      ...failureOf({ error, cause }),
    } as const;
    await deliverEvent(tx, engine, { uid, event });
    return {};
  });
}
