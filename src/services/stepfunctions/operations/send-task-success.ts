import type { SendTaskSuccessInput, SendTaskSuccessOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { deliverEvent } from "../execution/work.ts";
import type { Engine } from "../engine.ts";
import { invalidOutput } from "../errors.ts";
import { PENDING_TASK } from "../keys.ts";
import { parseJson } from "../language/json.ts";
import type { Json } from "../language/json.ts";
import { requireTask } from "../task-tokens.ts";

/** Ends the task of a token well. */
export function sendTaskSuccess(
  engine: Engine,
): Operation<SendTaskSuccessInput, SendTaskSuccessOutput> {
  return transaction(async (_context, input, tx) => {
    const output = parseOutput(input.output ?? "");
    const { uid, wait, pending } = await requireTask(tx, input.taskToken ?? "");
    tx.delete(PENDING_TASK.key(uid, wait));
    await deliverEvent(tx, engine, {
      uid,
      event: { kind: "succeeded", thread: pending.thread, wait, output },
    });
    return {};
  });
}

function parseOutput(text: string): Json {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw invalidOutput(parsed.problem);
  return parsed.value;
}
