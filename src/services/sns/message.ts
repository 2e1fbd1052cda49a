import { invalidParameter, invalidParameterValue } from "./errors.ts";
import { readJsonObject } from "./json-object.ts";
import { LIMITS } from "./limits.ts";
import type { SubscriptionProtocol } from "./subscription.ts";

/** A message attribute as records and envelopes hold it: binary values in base64. */
export interface MessageAttribute {
  readonly type: string;
  readonly value: string;
}

/** What a message says. */
export interface Bodies {
  readonly body: string;
  /** Bodies for single protocols, where `MessageStructure` is `json`. */
  readonly bodies?: Readonly<Record<string, string>>;
}

/** What is published, checked. */
export interface PublishedMessage extends Bodies {
  readonly messageId: string;
  /** The request it came in, for dead letters. */
  readonly requestId: string;
  readonly publishedAtMs: number;
  readonly subject?: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  readonly messageGroupId?: string;
  readonly messageDeduplicationId?: string;
  /** On FIFO topics. */
  readonly sequenceNumber?: string;
  readonly traceHeader?: string;
  /** Set while an archive is replayed: the name of the replay. */
  readonly replayId?: string;
}

/** What a caller gives of a message: an entry of a batch, or Publish's own input. */
export interface MessageInput {
  readonly Message: string;
  readonly Subject?: string | undefined;
  readonly MessageStructure?: string | undefined;
  readonly MessageAttributes?: Readonly<Record<string, AttributeInput>> | undefined;
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
}

/** A message attribute as a caller gives it. */
export interface AttributeInput {
  readonly DataType: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

/** What the server knows of a message before it looks at it. */
export interface MessageOrigin {
  readonly messageId: string;
  readonly requestId: string;
  readonly publishedAtMs: number;
  readonly traceHeader?: string;
}

/**
 * The attributes that subscribers get: "Message attributes are sent only when the message structure
 * is String, not JSON", says "Amazon SNS message attributes". Filter policies see them all.
 */
export function sentAttributes({
  attributes,
  bodies,
}: PublishedMessage): Readonly<Record<string, MessageAttribute>> {
  return bodies === undefined ? attributes : {};
}

/** The body for a protocol. */
export function bodyFor(message: PublishedMessage, protocol: SubscriptionProtocol): string {
  return message.bodies?.[protocol] ?? message.body;
}

/**
 * Checks what does not depend on the topic; `bodies` are those of the input. Throws InvalidParameter
 * or ParameterValueInvalid.
 */
export function readMessage(
  input: MessageInput,
  origin: MessageOrigin,
  bodies: Bodies,
): PublishedMessage {
  const { Message, Subject, MessageGroupId, MessageDeduplicationId } = input;
  if (Message === "") throw invalidParameter("Empty message");
  if (Subject !== undefined) checkSubject(Subject);
  checkId("MessageGroupId", MessageGroupId, LIMITS.groupIdLength);
  checkId("MessageDeduplicationId", MessageDeduplicationId, LIMITS.deduplicationIdLength);
  return {
    ...origin,
    ...bodies,
    ...(Subject === undefined ? {} : { subject: Subject }),
    attributes: readAttributes(input.MessageAttributes ?? {}),
    ...(MessageGroupId === undefined ? {} : { messageGroupId: MessageGroupId }),
    ...(MessageDeduplicationId === undefined
      ? {}
      : { messageDeduplicationId: MessageDeduplicationId }),
  };
}

/** Bytes that count against the topic's limit: body, and names, types and values of attributes. */
export function sizeBytes(input: MessageInput): number {
  let size = Buffer.byteLength(input.Message);
  for (const [name, attribute] of Object.entries(input.MessageAttributes ?? {})) {
    size += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType ?? "");
    size +=
      Buffer.byteLength(attribute.StringValue ?? "") + (attribute.BinaryValue?.byteLength ?? 0);
  }
  return size;
}

// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const CONTROL = /[\x00-\x1f\x7f]/;

function checkSubject(subject: string): void {
  if (subject === "" || subject.length > LIMITS.subjectLength || CONTROL.test(subject)) {
    throw invalidParameter("Subject");
  }
}

const ID = /^[\x21-\x7e]+$/;

function checkId(name: string, value: string | undefined, longest: number): void {
  if (value === undefined) return;
  if (!ID.test(value) || value.length > longest) {
    throw invalidParameter(
      `The ${name} parameter can only include alphanumeric and punctuation characters. 1 to ${longest} in length.`,
    );
  }
}

/**
 * Takes a message with a structure apart; `platform` is that of the one device it goes to. What is
 * empty is refused with the rest of the message. Throws InvalidParameter.
 */
export function readBodies(
  { Message: text, MessageStructure: structure }: MessageInput,
  platform?: string,
): Bodies {
  if (structure === undefined || structure === "" || text === "") return { body: text };
  if (structure !== "json") throw invalidParameter("MessageStructure");
  const json = readJsonObject(text, () =>
    invalidParameter("Message Structure - JSON message body failed to parse"),
  );
  const bodies = Object.entries(json).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  const byProtocol = new Map(bodies);
  const body = byProtocol.get("default") ?? byProtocol.get(platform ?? "default");
  if (body === undefined) {
    throw invalidParameter(
      platform === undefined
        ? "Message Structure - No default entry in JSON message body"
        : `JSON must contain an entry for 'default' or '${platform}'.`,
    );
  }
  return { body, bodies: Object.fromEntries(bodies) };
}

function readAttributes(
  attributes: Readonly<Record<string, AttributeInput>>,
): Readonly<Record<string, MessageAttribute>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, readAttribute(name, attribute)]),
  );
}

function readAttribute(name: string, attribute: AttributeInput): MessageAttribute {
  const { DataType: type = "", StringValue: text, BinaryValue: bytes } = attribute;
  checkAttributeName(name);
  if (type === "") {
    throw invalidParameterValue(
      `The message attribute '${name}' must contain non-empty message attribute type.`,
    );
  }
  const [base = ""] = type.split(".", 1);
  if (base !== "String" && base !== "Number" && base !== "Binary") {
    throw invalidParameterValue(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported ` +
        "type prefixes is Binary, Number, and String.",
    );
  }
  const isBinary = base === "Binary";
  const value = isBinary ? bytes && Buffer.from(bytes).toString("base64") : text;
  if (value === undefined && (isBinary ? text : bytes) !== undefined) {
    throw invalidParameterValue(
      `The message attribute '${name}' with type '${type}' must use field '${isBinary ? "Binary" : "String"}'.`,
    );
  }
  if (value === undefined || value === "") {
    throw invalidParameterValue(
      `The message attribute '${name}' must contain non-empty message attribute value for message ` +
        `attribute type '${type}'.`,
    );
  }
  if (base === "Number" && !NUMBER.test(value)) {
    throw invalidParameterValue(`Could not cast message attribute '${name}' value to number.`);
  }
  return { type, value };
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NO_NAME_CHARACTER = /[^A-Za-z0-9_.-]/u;

function checkAttributeName(name: string): void {
  if (name.length > LIMITS.attributeNameLength) {
    throw invalidParameterValue(
      `Length of message attribute name must be less than ${LIMITS.attributeNameLength} bytes.`,
    );
  }
  if (name === "") throw invalidParameterValue("Message attribute name can not be empty.");
  const [wrong] = NO_NAME_CHARACTER.exec(name) ?? [];
  if (wrong !== undefined) {
    const code = wrong.codePointAt(0)?.toString(16).toUpperCase();
    throw invalidParameterValue(
      `Invalid non-alphanumeric character '#x${code}' was found in the message attribute name. ` +
        "Can only include alphanumeric characters, hyphens, underscores, or dots.",
    );
  }
  if (name.startsWith(".") || name.endsWith(".")) {
    const where = name.startsWith(".") ? "starting" : "ending";
    throw invalidParameterValue(
      `Invalid message attribute name ${where} with character '.' was found.`,
    );
  }
  if (name.includes("..")) {
    throw invalidParameterValue("Message attribute name can not have successive '.' character.");
  }
}
