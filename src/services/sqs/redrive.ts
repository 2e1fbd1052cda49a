import { PRESENT } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import type { Key } from "../../kernel/tuple.ts";
import { invalidRedrive, invalidRedriveAllow } from "./errors.ts";
import { DEAD_LETTER_SOURCE } from "./keys.ts";
import { addressOfArn, findQueue, queueArn } from "./queue.ts";
import type { QueueAddress, QueueRecord } from "./queue.ts";

/**
 * Throws InvalidParameterValue unless a queue may use the dead-letter queue that it names; `given` is
 * the policy as the caller wrote it, undefined when the caller gave none.
 */
export async function checkRedrive(
  reader: Reader,
  queue: QueueRecord,
  given: string | undefined,
): Promise<void> {
  const arn = queue.redrivePolicy?.deadLetterTargetArn;
  const address = arn === undefined ? undefined : addressOfArn(arn);
  if (given === undefined || address === undefined) return;
  if (address.region !== queue.region) {
    throw invalidRedrive(given, "Dead-letter target must be in same region as the source.");
  }
  if (address.accountId !== queue.accountId) {
    throw invalidRedrive(given, "Dead letter target owner should be same as the source.");
  }
  const target = await findQueue(reader, address);
  if (target === undefined) {
    throw invalidRedrive(given, "Dead letter target does not exist.");
  }
  if (target.isFifo !== queue.isFifo) {
    const reason = "Dead-letter queue must be same type of queue as the source.";
    throw invalidRedrive(given, reason);
  }
  if (!allows(target, queue)) {
    const reason = "The dead-letter queue's redrive allow policy does not allow this source queue.";
    throw invalidRedrive(given, reason);
  }
}

/**
 * Throws InvalidParameterValue unless the sources that a redrive allow policy names are in the
 * queue's region; `given` is the policy as the caller wrote it, undefined when the caller gave none.
 */
export function checkRedriveAllow(queue: QueueRecord, given: string | undefined): void {
  const arns = queue.redriveAllowPolicy?.sourceQueueArns ?? [];
  if (given === undefined || arns.every((arn) => addressOfArn(arn)?.region === queue.region))
    return;
  const reason = "All source queue ARNs must be in the same region as the current SQS queue.";
  throw invalidRedriveAllow(given, reason);
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
