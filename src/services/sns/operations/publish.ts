import type { PublishInput, PublishResponse } from "@aws-sdk/client-sns";
import { preparedTransaction } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import type { Tx } from "../../../kernel/store.ts";
import { publishPush, publishSms } from "../direct.ts";
import { invalidParameter } from "../errors.ts";
import { checkOrdering } from "../fifo.ts";
import { LIMITS } from "../limits.ts";
import { readMessage, sizeBytes } from "../message.ts";
import type { PublishedMessage } from "../message.ts";
import { presign } from "../outgoing.ts";
import { isEndpointArn, platformOf } from "../platform.ts";
import { checkSize, prepareTargets, publish as publishToTopic } from "../publish.ts";
import type { Publication } from "../publish.ts";
import type { Having, Sns } from "../sns.ts";
import { requireTopic } from "../topic.ts";

/** Filled in by {@link prepare}; the wire takes no such member. */
type Input = Having<PublishInput, "Message"> & { readonly ready?: Publication };

/** Publish: to a topic, an endpoint of a device or a phone number. */
export function publish(sns: Sns): Operation<Input, PublishResponse> {
  return preparedTransaction(
    (context, input) => prepare(sns, context, input),
    async (context, input, tx) => {
      const { arn, phoneNumber } = destinationOf(input);
      const { ready = { message: read(sns, context, input), signatures: new Map() } } = input;
      const { message } = ready;
      if (phoneNumber !== undefined) await publishSms(sns, tx, context, { message, phoneNumber });
      else if (isEndpointArn(arn))
        await toDevice(sns, tx, { arn, message, bytes: sizeBytes(input) });
      else return toTopic(sns, tx, context, { arn, ready, bytes: sizeBytes(input) });
      return { MessageId: message.messageId };
    },
  );
}

function read(sns: Sns, context: Context, input: Input): PublishedMessage {
  return readMessage(input, originOf(sns, context), platformOf(destinationOf(input).arn));
}

/** Where a message that comes in now comes from. */
export function originOf(
  sns: Sns,
  { requestId, nowMs }: Context,
): Pick<PublishedMessage, "messageId" | "publishedAtMs" | "requestId"> {
  return { messageId: sns.deps.random.uuid(), requestId, publishedAtMs: nowMs };
}

/** Checks the message, loads what its targets need, and signs it. */
async function prepare(sns: Sns, context: Context, input: Input): Promise<Input> {
  const { arn, phoneNumber } = destinationOf(input);
  if (sizeBytes(input) > LIMITS.largestMaximumMessageBytes)
    throw invalidParameter("Message too long");
  const message = read(sns, context, input);
  if (phoneNumber !== undefined || isEndpointArn(arn)) {
    return { ...input, ready: { message, signatures: new Map() } };
  }
  const likely = await sns.routes.likely(sns.deps.store, arn);
  await prepareTargets(sns, likely);
  return { ...input, ready: { message, signatures: await presign(sns, likely, message) } };
}

type Destination =
  | { readonly arn: string; readonly phoneNumber?: undefined }
  | { readonly arn?: undefined; readonly phoneNumber: string };

function destinationOf({ TopicArn, TargetArn, PhoneNumber }: Input): Destination {
  const [first, ...others] = [TopicArn, TargetArn, PhoneNumber].filter(
    (each) => each !== undefined,
  );
  if (first === undefined) {
    throw invalidParameter("TopicArn or TargetArn Reason: no value for required parameter");
  }
  if (others.length > 0) {
    throw invalidParameter("TopicArn, TargetArn or PhoneNumber Reason: exactly one is allowed");
  }
  return first === PhoneNumber ? { phoneNumber: first } : { arn: first };
}

interface ForTopic {
  readonly arn: string;
  readonly ready: Publication;
  readonly bytes: number;
}

async function toTopic(
  sns: Sns,
  tx: Tx,
  { caller }: Context,
  { arn, ready, bytes }: ForTopic,
): Promise<PublishResponse> {
  const topic = await requireTopic(tx, arn, caller);
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

async function toDevice(sns: Sns, tx: Tx, { arn, message, bytes }: ForDevice): Promise<void> {
  if (bytes > LIMITS.messageBytes) throw invalidParameter("Message too long");
  await publishPush(sns, tx, message, arn);
}
