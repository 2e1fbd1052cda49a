import type {
  SendMessageBatchRequest,
  SendMessageBatchRequestEntry,
  SendMessageBatchResult,
} from "@aws-sdk/client-sqs";
import { assert, ServiceError } from "../../../kernel/errors.ts";
import { transaction } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import type { Scope } from "../backlog.ts";
import { checkBatch, performEach } from "../batch.ts";
import { prefetchSends } from "../deduplication.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { LIMITS } from "../limits.ts";
import { attributesSizeBytes, storeAttributes } from "../message-attributes.ts";
import { messageSizeBytes } from "../message.ts";
import type { MessageRecord } from "../message.ts";
import { prepareSend, sendPrepared } from "../send.ts";

/** Sends up to 10 messages, each of which succeeds or fails by itself. */
export function sendMessageBatch(
  desk: Desk,
): Operation<SendMessageBatchRequest, SendMessageBatchResult> {
  return transaction(async (context, input, tx) => {
    const scope = await scopeAt(desk, context, { tx, url: input.QueueUrl });
    const entries = input.Entries ?? [];
    checkBatch(entries, "SendMessageBatch");
    const prepared = prepareAll(desk, context, { scope, entries });
    const groups = entries.map((entry) => entry.MessageGroupId ?? "");
    const { requestId } = context;
    desk.quotas.count(scope.queue, "send", { requestId, nowMs: scope.nowMs, groups });
    const messages = [...prepared.values()];
    await prefetchSends(
      scope,
      messages.flatMap((message) => (message instanceof ServiceError ? [] : message)),
    );
    return performEach(entries, async (entry) => {
      const message = prepared.get(entry);
      assert(message, "every entry of a batch was prepared");
      if (message instanceof ServiceError) throw message;
      return sendPrepared(scope, message, entry);
    });
  });
}

type Prepared = Map<SendMessageBatchRequestEntry, MessageRecord | ServiceError>;

/** The message of each entry, or why it is refused. Throws BatchRequestTooLong. */
function prepareAll(
  desk: Desk,
  context: Context,
  batch: { readonly scope: Scope; readonly entries: readonly SendMessageBatchRequestEntry[] },
): Prepared {
  const prepared: Prepared = new Map();
  let sizeBytes = 0;
  for (const entry of batch.entries) {
    try {
      const id = desk.deps.random.uuid();
      const message = prepareSend(context, batch.scope, { input: entry, id });
      sizeBytes += messageSizeBytes(message);
      prepared.set(entry, message);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      sizeBytes += entrySizeBytes(entry);
      prepared.set(entry, error);
    }
  }
  if (sizeBytes <= LIMITS.messageBytes) return prepared;
  throw new ServiceError(
    "BatchRequestTooLong",
    `Batch requests cannot be longer than ${LIMITS.messageBytes} bytes. You have sent ${sizeBytes} bytes.`,
  );
}

/** What a refused entry counts; its attributes only if they are well-formed. */
function entrySizeBytes(entry: SendMessageBatchRequestEntry): number {
  let sizeBytes = Buffer.byteLength(entry.MessageBody ?? "");
  try {
    sizeBytes += attributesSizeBytes(storeAttributes(entry.MessageAttributes ?? {}) ?? {});
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
  }
  return sizeBytes;
}
