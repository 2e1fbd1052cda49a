import { ServiceError } from "../../kernel/errors.ts";
import type { Reader } from "../../kernel/store.ts";
import type { Delivery, Target } from "../../kernel/targets.ts";
import type { Scope } from "./backlog.ts";
import type { Desk } from "./desk.ts";
import { queueDoesNotExist } from "./errors.ts";
import { composeMessage } from "./message.ts";
import type { SendInput } from "./message.ts";
import { addressOfArn, findQueue, keyOf } from "./queue.ts";
import type { QueueRecord } from "./queue.ts";
import { sendPrepared } from "./send.ts";

/** How other services send to queues, inside their own transactions. */
export function queueTarget(desk: Desk): Target {
  return {
    async deliver(tx, arn, delivery) {
      const queue = await queueOf(tx, arn);
      const { nowMs } = delivery;
      const { positions, deps } = desk;
      const scope: Scope = { tx, queue, nowMs, positions, work: deps.work };
      const senderId = delivery.sourceArn;
      const facts = { id: desk.deps.random.uuid(), senderId, nowMs };
      const input = inputOf(queue, delivery);
      const message = composeMessage(queue, input, facts);
      const { MessageId } = await sendPrepared(scope, message, input);
      return { messageId: MessageId };
    },
    async check(tx, arn) {
      await queueOf(tx, arn);
    },
    async prefetch(tx, arns) {
      await tx.prefetch?.(arns.flatMap((arn) => addressOfArn(arn) ?? []).map(keyOf));
    },
  };
}

async function queueOf(reader: Reader, arn: string): Promise<QueueRecord> {
  const address = addressOfArn(arn);
  if (address === undefined) throw new ServiceError("InvalidAddress", `No queue: ${arn}`);
  const queue = await findQueue(reader, address);
  if (queue === undefined) throw queueDoesNotExist();
  return queue;
}

function inputOf(queue: QueueRecord, delivery: Delivery): SendInput {
  const attributes = Object.entries(delivery.attributes ?? {}).map(([name, value]) => [
    name,
    {
      DataType: value.dataType,
      StringValue: value.stringValue,
      BinaryValue: value.binaryValue,
    },
  ]);
  const { traceHeader, messageGroupId, messageDeduplicationId } = delivery;
  return {
    MessageBody: delivery.body,
    MessageAttributes: Object.fromEntries(attributes),
    MessageGroupId: messageGroupId,
    ...(queue.isFifo && { MessageDeduplicationId: messageDeduplicationId }),
    ...(traceHeader !== undefined && {
      MessageSystemAttributes: {
        AWSTraceHeader: { DataType: "String", StringValue: traceHeader },
      },
    }),
  };
}
