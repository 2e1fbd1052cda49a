import { hash } from "node:crypto";
import type {
  Message,
  MessageAttributeValue,
  MessageSystemAttributeValue,
} from "@aws-sdk/client-sqs";
import type { ServiceError } from "../../kernel/errors.ts";
import { checkContents } from "./contents.ts";
import { invalidParameter, invalidValue, missingParameter } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import {
  attributesMd5,
  attributesSizeBytes,
  selectAttributes,
  showMessageAttributes,
  storeAttributes,
} from "./message-attributes.ts";
import type { StoredAttributes } from "./message-attributes.ts";
import type { QueueRecord } from "./queue.ts";

/** What was sent: written once, moved as it is. */
export interface MessageRecord {
  readonly id: string;
  readonly body: string;
  readonly bodyMd5: string;
  readonly attributes?: StoredAttributes;
  readonly traceHeader?: string;
  readonly senderId: string;
  /** When it was sent first: retention of a standard queue counts from here, also after a move. */
  readonly sentAtMs: number;
  readonly group?: string;
  readonly deduplicationId?: string;
  readonly sequenceNumber?: string;
  /** Place in the turns of a fair queue; see `fairness.ts`. */
  readonly turn?: number;
  /** When a delayed message becomes visible for the first time. */
  readonly delayedUntilMs?: number;
  /** ARN of the queue whose redrive policy moved it here. */
  readonly deadLetterSource?: string;
  /** Receives in the queues it was in before this one. */
  readonly earlierReceives?: number;
  readonly firstReceivedAtMs?: number;
}

/** What a send gives: one message of `SendMessage` or one entry of a batch. */
export interface SendInput {
  readonly MessageBody: string | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
  readonly MessageSystemAttributes?:
    | Partial<Record<string, MessageSystemAttributeValue>>
    | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

/** Who sends, when, under which id and as part of which trace. */
export interface SendFacts {
  readonly id: string;
  readonly senderId: string;
  readonly nowMs: number;
  /** Of the request; a message's own AWSTraceHeader goes before it. */
  readonly traceHeader?: string | undefined;
}

/** Letters, digits and punctuation: printable ASCII without the space. */
const ID_CHARACTERS = /^[\x21-\x7e]+$/;

/** The record of a message that a queue accepts. Throws what SQS answers for one it does not. */
export function composeMessage(
  queue: QueueRecord,
  input: SendInput,
  facts: SendFacts,
): MessageRecord {
  const body = input.MessageBody;
  if (body === undefined || body === "") throw missingParameter("MessageBody");
  checkContents(body);
  checkOrdering(queue, input);
  const attributes = storeAttributes(input.MessageAttributes ?? {});
  const traceHeader = traceHeaderOf(input) ?? facts.traceHeader;
  const record: MessageRecord = {
    id: facts.id,
    body,
    bodyMd5: hash("md5", body),
    senderId: facts.senderId,
    sentAtMs: facts.nowMs,
    ...(attributes && { attributes }),
    ...(traceHeader && { traceHeader }),
    ...(input.MessageGroupId !== undefined && { group: input.MessageGroupId }),
    ...(queue.isFifo && { deduplicationId: deduplicationIdOf(queue, input, body) }),
  };
  if (messageSizeBytes(record) > queue.maximumMessageSize) {
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${queue.maximumMessageSize} bytes.`,
    );
  }
  return record;
}

/** Bytes that count towards limits: the body and the message attributes. */
export function messageSizeBytes(message: MessageRecord): number {
  return (
    Buffer.byteLength(message.body) +
    (message.attributes ? attributesSizeBytes(message.attributes) : 0)
  );
}

/** MD5 of the message attributes; undefined when it has none. */
export function messageAttributesMd5(message: MessageRecord): string | undefined {
  return message.attributes && attributesMd5(message.attributes);
}

/** MD5 of the system attributes that a send gives; undefined when it gives none. */
export function systemAttributesMd5(input: SendInput): string | undefined {
  const text = traceHeaderOf(input);
  return text === undefined
    ? undefined
    : attributesMd5({ AWSTraceHeader: { type: "String", text } });
}

/** A message that was received, with what this receive made of it. */
export interface ReceivedMessage {
  readonly message: MessageRecord;
  readonly receiptHandle: string;
  readonly receiveCount: number;
  readonly firstReceivedAtMs: number;
}

/** What a receive wants to see besides the body. */
export interface Projection {
  readonly attributeNames: readonly string[];
  readonly systemAttributeNames: readonly string[];
}

/** A received message as the caller sees it. */
export function showMessage(received: ReceivedMessage, projection: Projection): Message {
  const { message } = received;
  const shown: Message = {
    MessageId: message.id,
    ReceiptHandle: received.receiptHandle,
    MD5OfBody: message.bodyMd5,
    Body: message.body,
  };
  const system = systemAttributes(received, projection.systemAttributeNames);
  if (system !== undefined) shown.Attributes = system;
  if (message.attributes !== undefined && projection.attributeNames.length > 0) {
    const selected = selectAttributes(message.attributes, projection.attributeNames);
    if (Object.keys(selected).length > 0) {
      shown.MD5OfMessageAttributes = attributesMd5(selected);
      shown.MessageAttributes = showMessageAttributes(selected);
    }
  }
  return shown;
}

function systemAttributes(
  { message, receiveCount, firstReceivedAtMs }: ReceivedMessage,
  wanted: readonly string[],
): Record<string, string> | undefined {
  if (wanted.length === 0) return undefined;
  const all: Record<string, string | undefined> = {
    SenderId: message.senderId,
    ApproximateFirstReceiveTimestamp: String(firstReceivedAtMs),
    ApproximateReceiveCount: String(receiveCount),
    SentTimestamp: String(message.sentAtMs),
    SequenceNumber: message.sequenceNumber,
    MessageDeduplicationId: message.deduplicationId,
    MessageGroupId: message.group,
    AWSTraceHeader: message.traceHeader,
    DeadLetterQueueSourceArn: message.deadLetterSource,
  };
  const isAll = wanted.includes("All");
  const selected: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined && (isAll || wanted.includes(name))) selected[name] = value;
  }
  return Object.keys(selected).length === 0 ? undefined : selected;
}

function checkOrdering(queue: QueueRecord, input: SendInput): void {
  const { MessageGroupId: group, MessageDeduplicationId: deduplicationId } = input;
  if (group !== undefined) checkId("MessageGroupId", group, LIMITS.groupIdLength);
  if (!queue.isFifo) {
    if (deduplicationId !== undefined)
      throw notForThisQueueType("MessageDeduplicationId", deduplicationId);
    return;
  }
  if (group === undefined) throw missingParameter("MessageGroupId");
  if (input.DelaySeconds) throw notForThisQueueType("DelaySeconds", input.DelaySeconds);
  if (deduplicationId !== undefined) {
    checkId("MessageDeduplicationId", deduplicationId, LIMITS.deduplicationIdLength);
  }
}

function deduplicationIdOf(queue: QueueRecord, input: SendInput, body: string): string {
  if (input.MessageDeduplicationId !== undefined) return input.MessageDeduplicationId;
  if (queue.contentBasedDeduplication === true) return hash("sha256", body);
  throw invalidParameter(
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  );
}

function traceHeaderOf({
  MessageSystemAttributes: attributes = {},
}: SendInput): string | undefined {
  for (const name of Object.keys(attributes)) {
    if (name === "AWSTraceHeader") continue;
    throw invalidParameter(
      `Message system attribute name '${name}' is invalid. The only valid name is AWSTraceHeader.`,
    );
  }
  const header = attributes["AWSTraceHeader"];
  if (header === undefined) return undefined;
  if (header.DataType !== "String" || !header.StringValue) {
    throw invalidParameter(
      "The message system attribute 'AWSTraceHeader' must be a non-empty String.",
    );
  }
  return header.StringValue;
}

/** Throws InvalidParameterValue unless `value` is 1 to `most` letters, digits and punctuation marks. */
export function checkId(parameter: string, value: string, most: number): void {
  if (value.length <= most && ID_CHARACTERS.test(value)) return;
  throw invalidValue(
    parameter,
    value,
    `${parameter} can only include alphanumeric and punctuation characters. 1 to ${most} in length.`,
  );
}

function notForThisQueueType(parameter: string, value: unknown): ServiceError {
  return invalidValue(
    parameter,
    value,
    "The request include parameter that is not valid for this queue type.",
  );
}
