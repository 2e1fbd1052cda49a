import { ServiceError } from "../../kernel/errors.ts";
import { backlogKindOf } from "./backlog-kind.ts";
import type { Scope } from "./backlog.ts";
import {
  invalidReceipt,
  invalidValue,
  messageIsGone,
  missingParameter,
  receiptExpired,
} from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { prefetchReceipts } from "./prefetch.ts";
import { backlogOf } from "./queue.ts";
import { decodeReceipt } from "./receipt.ts";
import type { Receipt } from "./receipt.ts";

/** Fetches what deletions or changes of visibility by these handles will read, together. */
export async function prefetchHandles(
  scope: Scope,
  handles: readonly (string | undefined)[],
): Promise<void> {
  if (scope.tx.prefetch === undefined) return;
  const receipts: Receipt[] = [];
  for (const handle of handles) {
    try {
      const receipt = receiptOf(scope, handle ?? "");
      if (receipt !== undefined) receipts.push(receipt);
    } catch (error) {
      // Answered when its turn comes.
      if (!(error instanceof ServiceError)) throw error;
    }
  }
  if (receipts.length > 0) await prefetchReceipts(scope, receipts);
}

/**
 * Deletes the message of a handle. Throws ReceiptHandleIsInvalid for handles of other queues, and
 * what `expired` makes of one that a FIFO queue does not take any more.
 */
export async function removeByHandle(
  scope: Scope,
  handle: string,
  expired: (handle: string) => ServiceError = receiptExpired,
): Promise<void> {
  const receipt = receiptOf(scope, handle);
  if (receipt === undefined) return;
  await backlogKindOf(scope.queue).remove(scope, receipt, () => expired(handle));
}

/** Changes the visibility of the message of a handle, in seconds from now. */
export async function changeByHandle(
  scope: Scope,
  handle: string,
  seconds: number | undefined,
): Promise<void> {
  if (seconds === undefined) throw missingParameter("VisibilityTimeout");
  if (!(Number.isInteger(seconds) && seconds >= 0 && seconds <= LIMITS.visibilitySeconds)) {
    throw invalidValue("VisibilityTimeout", seconds, "Must be between 0 and 43200.");
  }
  const receipt = receiptOf(scope, handle);
  if (receipt === undefined) throw messageIsGone(handle);
  await backlogKindOf(scope.queue).changeVisibility(scope, receipt, { handle, seconds });
}

/** The receipt of a handle; undefined when its message was purged. */
function receiptOf({ queue }: Scope, handle: string): Receipt | undefined {
  if (handle === "") throw missingParameter("ReceiptHandle");
  const receipt = decodeReceipt(handle);
  if (receipt.queueId !== queue.id) {
    throw invalidReceipt(`The receipt handle "${handle}" is not valid for this queue.`);
  }
  return receipt.backlog === backlogOf(queue) ? receipt : undefined;
}
