import type { SendMessageRequest, SendMessageResult } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { prepareSend, sendPrepared } from "../send.ts";

/** Sends one message. */
export function sendMessage(desk: Desk): Operation<SendMessageRequest, SendMessageResult> {
  return transaction(async (context, input, tx) => {
    const scope = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const message = prepareSend(context, scope, { input, id: desk.deps.random.uuid() });
    const groups = message.group === undefined ? [] : [message.group];
    const { requestId } = context;
    desk.quotas.count(scope.queue, "send", { requestId, nowMs: scope.nowMs, groups });
    return sendPrepared(scope, message, input);
  });
}
