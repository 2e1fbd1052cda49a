import type { ServiceError } from "../../kernel/errors.ts";
import { PRESENT } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import type { Key } from "../../kernel/tuple.ts";
import { invalidValue } from "./errors.ts";
import { DEAD_LETTER_SOURCE } from "./keys.ts";
import { addressOfArn, findQueue, queueArn } from "./queue.ts";
import type { QueueAddress, QueueRecord } from "./queue.ts";

/** Throws InvalidParameterValue unless a queue may use the dead-letter queue that it names. */
export async function checkRedrive(reader: Reader, queue: QueueRecord): Promise<void> {
  const arn = queue.redrivePolicy?.deadLetterTargetArn;
  const address = arn === undefined ? undefined : addressOfArn(arn);
  if (arn === undefined || address === undefined) return;
  const target = await findQueue(reader, address);
  const isNear = address.accountId === queue.accountId && address.region === queue.region;
  if (target === undefined || !isNear) {
    throw refusal(queue, "Dead letter target does not exist.");
  }
  if (target.isFifo !== queue.isFifo) {
    throw refusal(queue, "Dead-letter queue must be same type of queue as the source.");
  }
  if (!allows(target, queue)) {
    throw refusal(
      queue,
      "The dead-letter queue's redrive allow policy does not allow this source queue.",
    );
  }
}

function refusal({ redrivePolicy }: QueueRecord, reason: string): ServiceError {
  return invalidValue("RedrivePolicy", JSON.stringify(redrivePolicy), reason);
}

/** Keeps the index from dead-letter queues to their sources as a queue changes, comes or goes. */
export function writeSourceIndex(
  tx: Tx,
  before: QueueRecord | undefined,
  after: QueueRecord | undefined,
): void {
  const oldKey = before && sourceKey(before);
  const newKey = after && sourceKey(after);
  if (oldKey === newKey) return;
  if (oldKey !== undefined) tx.delete(oldKey);
  if (newKey !== undefined) tx.put(newKey, PRESENT);
}

/** Whether some queue names this one as its dead-letter queue. */
export async function isDeadLetterQueue(
  reader: Reader,
  { accountId, region, name }: QueueAddress,
): Promise<boolean> {
  const range = DEAD_LETTER_SOURCE.below(accountId, region, name);
  return (await reader.range(range, { limit: 1 })).length > 0;
}

function sourceKey({ accountId, region, name, redrivePolicy }: QueueRecord): Key | undefined {
  const target = redrivePolicy && addressOfArn(redrivePolicy.deadLetterTargetArn);
  return target && DEAD_LETTER_SOURCE.key(accountId, region, target.name, name);
}

function allows({ redriveAllowPolicy: policy }: QueueRecord, source: QueueRecord): boolean {
  if (policy === undefined || policy.redrivePermission === "allowAll") return true;
  if (policy.redrivePermission === "denyAll") return false;
  return policy.sourceQueueArns?.includes(queueArn(source)) ?? false;
}
