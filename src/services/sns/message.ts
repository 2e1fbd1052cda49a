import { invalidParameter, invalidParameterValue } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import type { SubscriptionProtocol } from "./subscription.ts";

/** A message attribute as records and envelopes hold it: binary values in base64. */
export interface MessageAttribute {
  readonly type: string;
  readonly value: string;
}

/** What is published, checked. */
export interface PublishedMessage {
  readonly messageId: string;
  /** The request it came in, for dead letters. */
  readonly requestId: string;
  readonly publishedAtMs: number;
  readonly body: string;
  /** Bodies for single protocols, where `MessageStructure` is `json`. */
  readonly bodies?: Readonly<Record<string, string>>;
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
}

/** The body for a protocol. */
export function bodyFor(message: PublishedMessage, protocol: SubscriptionProtocol): string {
  return message.bodies?.[protocol] ?? message.body;
}

/**
 * Checks what does not depend on the topic; `platform` is that of the one device it goes to. Throws
 * InvalidParameter or ParameterValueInvalid.
 */
export function readMessage(
  input: MessageInput,
  origin: MessageOrigin,
  platform?: string,
): PublishedMessage {
  const { Message, Subject, MessageStructure, MessageGroupId, MessageDeduplicationId } = input;
  if (Message === "") throw invalidParameter("Empty message");
  if (Subject !== undefined) checkSubject(Subject);
  checkId("MessageGroupId", MessageGroupId, LIMITS.groupIdLength);
  checkId("MessageDeduplicationId", MessageDeduplicationId, LIMITS.deduplicationIdLength);
  return {
    ...origin,
    ...readBodies(Message, { structure: MessageStructure, platform }),
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

function readBodies(
  text: string,
  {
    structure,
    platform,
  }: { readonly structure: string | undefined; readonly platform: string | undefined },
): { readonly body: string; readonly bodies?: Readonly<Record<string, string>> } {
  if (structure === undefined || structure === "") return { body: text };
  if (structure !== "json") throw invalidParameter("MessageStructure");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalidParameter("Message Structure - JSON message body failed to parse");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw invalidParameter("Message Structure - JSON message body failed to parse");
  }
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

const ATTRIBUTE_NAME = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;

function readAttributes(
  attributes: Readonly<Record<string, AttributeInput>>,
): Readonly<Record<string, MessageAttribute>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => [name, readAttribute(name, attribute)]),
  );
}

function readAttribute(name: string, attribute: AttributeInput): MessageAttribute {
  const { DataType: type = "", StringValue: text, BinaryValue: bytes } = attribute;
  if (name.length > LIMITS.attributeNameLength || !ATTRIBUTE_NAME.test(name)) {
    throw invalidParameterValue(
      `The message attribute name '${name}' can only include alphanumeric characters, hyphens, ` +
        "underscores and single periods inside, up to 256 characters.",
    );
  }
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
  const value = base === "Binary" ? bytes && Buffer.from(bytes).toString("base64") : text;
  if (value === undefined || value === "") {
    throw invalidParameterValue(
      `The message attribute '${name}' must contain non-empty message attribute value for message ` +
        `attribute type '${type}'.`,
    );
  }
  if (base === "Number" && (value.trim() === "" || Number.isNaN(Number(value)))) {
    throw invalidParameterValue(`Could not cast message attribute '${name}' value to number.`);
  }
  if (type === "String.Array") checkArray(name, value);
  return { type, value };
}

/** Elements are strings, numbers, true, false or null; "Amazon SNS message attributes". */
function checkArray(name: string, text: string): void {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const isFlat =
    Array.isArray(json) && json.every((element) => element === null || typeof element !== "object");
  if (!isFlat) {
    throw invalidParameterValue(
      `The message attribute '${name}' is not a valid JSON array of plain values.`,
    );
  }
}
