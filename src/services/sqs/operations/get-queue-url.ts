import type { GetQueueUrlRequest, GetQueueUrlResult } from "@aws-sdk/client-sqs";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { queueDoesNotExist, queueOutOfReach } from "../errors.ts";
import { findQueue, queueUrl } from "../queue.ts";

/** The URL of a queue by its name. */
export function getQueueUrl(): Operation<GetQueueUrlRequest, GetQueueUrlResult> {
  return transaction(async (context, input, tx) => {
    const accountId = input.QueueOwnerAWSAccountId ?? context.caller.accountId;
    const address = { accountId, region: context.caller.region, name: input.QueueName ?? "" };
    if ((await findQueue(tx, address)) === undefined) {
      throw accountId === context.caller.accountId ? queueDoesNotExist() : queueOutOfReach();
    }
    return { QueueUrl: queueUrl(context, address) };
  });
}
