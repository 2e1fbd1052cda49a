import type { PublishInput, PublishResponse } from "@aws-sdk/client-sns";
import { preparedTransaction } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import type { Tx } from "../../../kernel/store.ts";
import { publishPush, publishSms } from "../mobile/direct.ts";
import { invalidParameter } from "../errors.ts";
import { checkOrdering } from "../publish/fifo.ts";
import { LIMITS } from "../limits.ts";
import { readBodies, readMessage, sizeBytes } from "../message.ts";
import type { MessageOrigin, PublishedMessage } from "../message.ts";
import { presign } from "../publish/outgoing.ts";
import { isEndpointArn, platformOf } from "../mobile/platform.ts";
import { checkSize, publish as publishToTopic } from "../publish/publish.ts";
import type { Publication } from "../publish/publish.ts";
import type { Having, Sns } from "../sns.ts";
import { parseTopicArnOf, requireTopicAt } from "../topic.ts";
import type { TopicAddress } from "../topic.ts";

/** Filled in by {@link prepare}; the wire takes no such member. */
type Input = Having<PublishInput, "Message"> & { readonly ready?: Publication };

/** Publish: to a topic, an endpoint of a device or a phone number. */
export function publish(sns: Sns): Operation<Input, PublishResponse> {
  return preparedTransaction(
    (context, input) => prepare(sns, context, input),
    async (context, input, tx) => {
      const destination = destinationOf(input);
      const { arn, phoneNumber } = destination;
      const { ready = { message: read(sns, context, input), signatures: new Map() } } = input;
      const { message } = ready;
      if (phoneNumber !== undefined) await publishSms(sns, tx, context, { message, phoneNumber });
      else if (isEndpointArn(arn))
        await toDevice(sns, tx, context, { arn, message, bytes: sizeBytes(input) });
      else {
        const address = parseTopicArnOf(context.caller, arn, destination.parameter);
        return toTopic(sns, tx, { address, ready, bytes: sizeBytes(input) });
      }
      return { MessageId: message.messageId };
    },
  );
}

function read(sns: Sns, context: Context, input: Input): PublishedMessage {
  const bodies = readBodies(input, platformOf(destinationOf(input).arn));
  return readMessage(input, originOf(sns, context), bodies);
}

/** Where a message that comes in now comes from. */
export function originOf(sns: Sns, { requestId, nowMs, traceHeader }: Context): MessageOrigin {
  const messageId = sns.deps.random.uuid();
  return {
    messageId,
    requestId,
    publishedAtMs: nowMs,
    // Queues refuse an empty one.
    ...(traceHeader ? { traceHeader } : {}),
  };
}

/** Checks the message and signs it. */
async function prepare(sns: Sns, context: Context, input: Input): Promise<Input> {
  const { arn, parameter, phoneNumber } = destinationOf(input);
  if (sizeBytes(input) > LIMITS.largestMaximumMessageBytes)
    throw invalidParameter("Message too long");
  const message = read(sns, context, input);
  if (phoneNumber !== undefined || isEndpointArn(arn)) {
    return { ...input, ready: { message, signatures: new Map() } };
  }
  const address = parseTopicArnOf(context.caller, arn, parameter);
  const likely = await sns.routes.likely(sns.deps.store, address);
  return { ...input, ready: { message, signatures: await presign(sns, likely, message) } };
}

type Destination =
  | { readonly arn: string; readonly parameter: string; readonly phoneNumber?: undefined }
  | { readonly arn?: undefined; readonly parameter?: undefined; readonly phoneNumber: string };

/** An empty one is none: that is what a variable that nobody set looks like. */
function destinationOf({ TopicArn, TargetArn, PhoneNumber }: Input): Destination {
  const [first, ...others] = [TopicArn, TargetArn, PhoneNumber].filter(Boolean);
  if (first === undefined) {
    throw invalidParameter("TopicArn or TargetArn Reason: no value for required parameter");
  }
  if (others.length > 0) {
    throw invalidParameter("TopicArn, TargetArn or PhoneNumber Reason: exactly one is allowed");
  }
  if (first === PhoneNumber) return { phoneNumber: first };
  return { arn: first, parameter: first === TopicArn ? "TopicArn" : "TargetArn" };
}

interface ForTopic {
  readonly address: TopicAddress;
  readonly ready: Publication;
  readonly bytes: number;
}

async function toTopic(
  sns: Sns,
  tx: Tx,
  { address, ready, bytes }: ForTopic,
): Promise<PublishResponse> {
  const topic = await requireTopicAt(tx, address);
  checkSize(topic, bytes);
  checkOrdering(topic, ready.message);
  const receipt = await publishToTopic(sns, tx, topic, ready);
  return { MessageId: receipt.messageId, SequenceNumber: receipt.sequenceNumber };
}

interface ForDevice {
  readonly arn: string;
  readonly message: PublishedMessage;
  readonly bytes: number;
}

async function toDevice(
  sns: Sns,
  tx: Tx,
  context: Context,
  { arn: endpointArn, message, bytes }: ForDevice,
): Promise<void> {
  if (bytes > LIMITS.messageBytes) throw invalidParameter("Message too long");
  await publishPush(sns, tx, context, { message, endpointArn });
}
