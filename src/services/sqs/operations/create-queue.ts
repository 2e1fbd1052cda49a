import type { CreateQueueRequest, CreateQueueResult } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import { applyAttributes, asksForFifo, defaultAttributes, firstDifference } from "../attributes.ts";
import type { Desk } from "../desk.ts";
import { invalidParameter, queueNameExists } from "../errors.ts";
import { scheduleExpiry } from "../expiry-timer.ts";
import { LIMITS } from "../limits.ts";
import { checkQueueName, findQueue, putQueue, queueUrl } from "../queue.ts";
import type { QueueAddress, QueueRecord } from "../queue.ts";
import { checkRedrive, checkRedriveAllow, writeSourceIndex } from "../redrive.ts";
import { checkNameIsFree } from "../retention.ts";
import { checkTags } from "../tags.ts";

/** Makes a queue, or answers the one there is when its attributes are the same. */
export function createQueue(desk: Desk): Operation<CreateQueueRequest, CreateQueueResult> {
  return transaction(async (context, input, tx) => {
    const { accountId, region } = context.caller;
    const address: QueueAddress = { accountId, region, name: input.QueueName ?? "" };
    const wanted = newQueue(desk, context, { address, input });
    const existing = await findQueue(tx, address);
    if (existing === undefined) {
      await checkNameIsFree(tx, address, context.nowMs);
      await checkRedrive(tx, wanted, input.Attributes?.RedrivePolicy);
      checkRedriveAllow(wanted, input.Attributes?.RedriveAllowPolicy);
      putQueue(tx, wanted);
      writeSourceIndex(tx, undefined, wanted);
      const dueAtMs = context.nowMs + wanted.messageRetentionPeriod * 1_000;
      await scheduleExpiry(tx, desk.deps.work, { queue: wanted, dueAtMs });
    } else {
      const difference = firstDifference(Object.keys(input.Attributes ?? {}), existing, wanted);
      if (difference !== undefined) throw queueNameExists(difference);
    }
    return { QueueUrl: queueUrl(context, address) };
  });
}

function newQueue(
  desk: Desk,
  { nowMs }: Context,
  { address, input }: { readonly address: QueueAddress; readonly input: CreateQueueRequest },
): QueueRecord {
  const attributes = input.Attributes ?? {};
  const isFifo = asksForFifo(attributes);
  checkQueueName(address.name, isFifo);
  if (address.region.length > LIMITS.regionLength) throw invalidParameter("Invalid region.");
  const tags = input.tags ?? {};
  checkTags(address.name, tags);
  const queue: QueueRecord = {
    ...address,
    id: desk.deps.random.uuid().replaceAll("-", ""),
    isFifo,
    createdAtMs: nowMs,
    modifiedAtMs: nowMs,
    purges: 0,
    ...(Object.keys(tags).length > 0 && { tags }),
    ...defaultAttributes(isFifo),
  };
  return applyAttributes(queue, attributes, isFifo);
}
