import type { PublishInput, PublishResponse } from "@aws-sdk/client-sns";
import { conversation } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import { publishPush, publishSms } from "../direct.ts";
import { invalidParameter } from "../errors.ts";
import { checkOrdering } from "../fifo.ts";
import { LIMITS } from "../limits.ts";
import { readMessage, sizeBytes } from "../message.ts";
import type { PublishedMessage } from "../message.ts";
import { presign } from "../outgoing.ts";
import { isEndpointArn } from "../platform.ts";
import { checkSize, prepareTargets, publish as publishToTopic } from "../publish.ts";
import type { Having, Sns } from "../sns.ts";
import { requireTopic } from "../topic.ts";

type Input = Having<PublishInput, "Message">;

/** Publish: to a topic, an endpoint of a device or a phone number. */
export function publish(sns: Sns): Operation<Input, PublishResponse> {
  return conversation(async (context, input) => {
    const { TopicArn, TargetArn, PhoneNumber } = input;
    const arn = TopicArn ?? TargetArn;
    if ([TopicArn, TargetArn, PhoneNumber].filter((each) => each !== undefined).length > 1) {
      throw invalidParameter("TopicArn, TargetArn or PhoneNumber Reason: exactly one is allowed");
    }
    const message = readMessage(input, originOf(sns, context));
    if (arn !== undefined && isEndpointArn(arn)) return toDevice(sns, input, message, arn);
    if (arn !== undefined) return toTopic(sns, input, message, arn);
    if (PhoneNumber === undefined) {
      throw invalidParameter("TopicArn or TargetArn Reason: no value for required parameter");
    }
    await sns.deps.store.transact((tx) =>
      publishSms(sns, tx, context, { message, phoneNumber: PhoneNumber }),
    );
    return { MessageId: message.messageId };
  });
}

/** Where a message that comes in now comes from. */
export function originOf(
  sns: Sns,
  { requestId, nowMs }: Context,
): Pick<PublishedMessage, "messageId" | "publishedAtMs" | "requestId"> {
  return { messageId: sns.deps.random.uuid(), requestId, publishedAtMs: nowMs };
}

async function toTopic(
  sns: Sns,
  input: Input,
  message: PublishedMessage,
  arn: string,
): Promise<PublishResponse> {
  const bytes = sizeBytes(input);
  if (bytes > LIMITS.largestMaximumMessageBytes) throw invalidParameter("Message too long");
  const likely = await sns.routes.likely(sns.deps.store, arn);
  await prepareTargets(sns, likely);
  const [signatures = new Map()] = await presign(sns, likely, [message]);
  const receipt = await sns.deps.store.transact(async (tx) => {
    const topic = await requireTopic(tx, arn);
    checkSize(topic, bytes);
    checkOrdering(topic, message);
    return publishToTopic(sns, tx, topic, { message, signatures });
  });
  return { MessageId: receipt.messageId, SequenceNumber: receipt.sequenceNumber };
}

async function toDevice(
  sns: Sns,
  input: Input,
  message: PublishedMessage,
  arn: string,
): Promise<PublishResponse> {
  if (sizeBytes(input) > LIMITS.messageBytes) throw invalidParameter("Message too long");
  await sns.deps.store.transact((tx) => publishPush(sns, tx, message, arn));
  return { MessageId: message.messageId };
}
