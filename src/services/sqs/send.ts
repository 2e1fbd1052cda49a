import type { Context } from "../../kernel/operation.ts";
import { backlogKindOf } from "./backlog-kind.ts";
import type { Scope } from "./backlog.ts";
import { earlierSend, rememberSend } from "./deduplication.ts";
import { invalidValue } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { composeMessage, messageAttributesMd5, systemAttributesMd5 } from "./message.ts";
import type { MessageRecord, SendInput } from "./message.ts";

/** What a send answers for one message. */
export interface SendAnswer {
  readonly MessageId: string;
  readonly MD5OfMessageBody: string;
  readonly MD5OfMessageAttributes?: string;
  readonly MD5OfMessageSystemAttributes?: string;
  readonly SequenceNumber?: string;
}

/** The message that an input makes, checked, before anything is written. */
export function prepareSend(
  context: Context,
  { queue, nowMs }: Scope,
  { input, id }: { readonly input: SendInput; readonly id: string },
): MessageRecord {
  const delay = input.DelaySeconds ?? 0;
  if (!(Number.isInteger(delay) && delay >= 0 && delay <= LIMITS.delaySeconds)) {
    throw invalidValue("DelaySeconds", delay, "DelaySeconds must be >= 0 and <= 900.");
  }
  const senderId = context.caller.accessKeyId || context.caller.accountId;
  const { traceHeader } = context;
  return composeMessage(queue, input, { id, senderId, nowMs, traceHeader });
}

/** Sends the message that was prepared of `input`, or answers as the send that it repeats. */
export async function sendPrepared(
  scope: Scope,
  message: MessageRecord,
  input: SendInput,
): Promise<SendAnswer> {
  const { queue } = scope;
  const earlier = queue.isFifo ? await earlierSend(scope, message) : undefined;
  if (earlier !== undefined) {
    const { messageId: id, sequenceNumber } = earlier;
    return answerOf({ ...message, id, sequenceNumber }, input);
  }
  const delay = input.DelaySeconds ?? queue.delaySeconds;
  const sent = await backlogKindOf(queue).enqueue(scope, message, delay);
  if (queue.isFifo) rememberSend(scope, sent);
  return answerOf(sent, input);
}

function answerOf(message: MessageRecord, input: SendInput): SendAnswer {
  const attributesMd5 = messageAttributesMd5(message);
  const systemMd5 = systemAttributesMd5(input);
  return {
    MessageId: message.id,
    MD5OfMessageBody: message.bodyMd5,
    ...(attributesMd5 !== undefined && { MD5OfMessageAttributes: attributesMd5 }),
    ...(systemMd5 !== undefined && { MD5OfMessageSystemAttributes: systemMd5 }),
    ...(message.sequenceNumber !== undefined && { SequenceNumber: message.sequenceNumber }),
  };
}
