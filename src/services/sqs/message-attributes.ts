import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { checkContents } from "./contents.ts";
import { invalidParameter } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/** A message attribute as it is kept: one of a text and a base64 text. */
export interface StoredAttribute {
  readonly type: string;
  readonly text?: string;
  readonly base64?: string;
}

export type StoredAttributes = Readonly<Record<string, StoredAttribute>>;
type GivenAttributes = Readonly<Record<string, MessageAttributeValue>>;

const NAME = /^[A-Za-z0-9_.-]+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const TRANSPORT_STRING = 1;
const TRANSPORT_BINARY = 2;

/**
 * The attributes of a message as they are kept. Throws InvalidParameterValue, by the rules of
 * "Amazon SQS message metadata" in the developer guide.
 */
export function storeAttributes(given: GivenAttributes): StoredAttributes | undefined {
  const entries = Object.entries(given);
  if (entries.length === 0) return undefined;
  if (entries.length > LIMITS.messageAttributes) {
    throw invalidParameter(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${LIMITS.messageAttributes}].`,
    );
  }
  // Object.fromEntries takes any name, also `__proto__`, which an assignment would not.
  return Object.fromEntries(
    entries.map(([name, value]) => {
      checkName(name);
      return [name, storeAttribute(name, value)];
    }),
  );
}

/** Bytes that count towards a message's size: names, types and values. */
export function attributesSizeBytes(attributes: StoredAttributes): number {
  let size = 0;
  for (const [name, { type, text, base64 }] of Object.entries(attributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(type);
    size +=
      text === undefined ? Buffer.byteLength(base64 ?? "", "base64") : Buffer.byteLength(text);
  }
  return size;
}

/** The MD5 that SDKs verify: over names, types and values in order of names, each with its length. */
export function attributesMd5(attributes: StoredAttributes): string {
  const hash = createHash("md5");
  const addWithLength = (bytes: Uint8Array): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    hash.update(length).update(bytes);
  };
  for (const name of Object.keys(attributes).toSorted()) {
    const { type, text, base64 } = attributes[name] ?? { type: "" };
    addWithLength(Buffer.from(name, "utf8"));
    addWithLength(Buffer.from(type, "utf8"));
    hash.update(Uint8Array.of(text === undefined ? TRANSPORT_BINARY : TRANSPORT_STRING));
    addWithLength(
      text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text, "utf8"),
    );
  }
  return hash.digest("hex");
}

/** Attributes as callers see them. */
export function showMessageAttributes(attributes: StoredAttributes): GivenAttributes {
  const show = ({ type, text, base64 }: StoredAttribute): MessageAttributeValue =>
    text === undefined
      ? { DataType: type, BinaryValue: Buffer.from(base64 ?? "", "base64") }
      : { DataType: type, StringValue: text };
  return Object.fromEntries(Object.entries(attributes).map(([name, kept]) => [name, show(kept)]));
}

/** The attributes that a receive asks for: by name, by prefix (`foo.*`), or all (`All`, `.*`). */
export function selectAttributes(
  attributes: StoredAttributes,
  wanted: readonly string[],
): StoredAttributes {
  if (wanted.includes("All") || wanted.includes(".*")) return attributes;
  const prefixes = wanted
    .filter((name) => name.endsWith("*"))
    .map((name) => name.replace(/\.?\*$/, ""));
  const isWanted = (name: string): boolean =>
    wanted.includes(name) || prefixes.some((prefix) => name.startsWith(prefix));
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)));
}

function checkName(name: string): void {
  if (name === "")
    throw invalidParameter("The request must contain non-empty message attribute name.");
  if (name.length > LIMITS.attributeNameLength) {
    throw invalidParameter("Message (user) attribute names must be shorter than 256 Bytes");
  }
  if (!NAME.test(name) || /^\.|\.$|\.\./.test(name)) {
    // In the words of SQS, down to the space at their end.
    throw invalidParameter(
      "Message (user) attributes name can only contain upper and lower score characters, digits," +
        " periods, hyphens and underscores. ",
    );
  }
  if (/^(aws|amazon)\./i.test(name)) {
    throw invalidParameter(
      "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'." +
        " These strings are reserved for internal use.",
    );
  }
}

/** An empty value or list is as good as none: many clients send every member. */
function storeAttribute(name: string, value: MessageAttributeValue): StoredAttribute {
  const type = value.DataType ?? "";
  if (type === "") {
    throw invalidParameter(
      `The message attribute '${name}' must contain non-empty message attribute type.`,
    );
  }
  const kind = type.split(".", 1)[0];
  if ((kind !== "String" && kind !== "Number" && kind !== "Binary") || !isTypeText(type)) {
    throw invalidParameter(
      `The type of message (user) attribute '${name}' is invalid. You must use only the following` +
        " supported type prefixes: Binary, Number, String.",
    );
  }
  if (value.StringListValues?.length || value.BinaryListValues?.length) {
    throw invalidParameter(
      `Message attribute list values in SendMessage operation are not supported.`,
    );
  }
  if (kind === "Binary") return { type, base64: binaryOf(name, type, value) };
  return { type, text: textOf(name, type, value) };
}

function isTypeText(type: string): boolean {
  return /^[A-Za-z0-9_.-]+$/.test(type) && type.length <= LIMITS.attributeTypeLength;
}

function binaryOf(name: string, type: string, value: MessageAttributeValue): string {
  const bytes = value.BinaryValue;
  if (value.StringValue) throw wrongField(name, type, "BinaryValue");
  if (bytes === undefined || bytes.byteLength === 0) throw emptyValue(name, type);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function textOf(name: string, type: string, value: MessageAttributeValue): string {
  const text = value.StringValue;
  if (value.BinaryValue?.byteLength) throw wrongField(name, type, "StringValue");
  if (text === undefined || text === "") throw emptyValue(name, type);
  checkContents(text);
  if (type.startsWith("Number") && !isNumber(text)) {
    throw invalidParameter(
      `Can't cast the value of message (user) attribute '${name}' to a number.`,
    );
  }
  return text;
}

/** Up to 38 digits, from 10^-128 to 10^126. */
function isNumber(text: string): boolean {
  const match = NUMBER.exec(text.trim());
  const digits = match?.[1]?.replace(".", "").replace(/^0+/, "") ?? "";
  if (match === null || digits.length > LIMITS.numberDigits) return false;
  const size = Math.abs(Number(text));
  return digits === "" || (size >= LIMITS.leastNumber && size <= LIMITS.greatestNumber);
}

function wrongField(name: string, type: string, field: string): Error {
  return invalidParameter(
    `The message attribute '${name}' with type '${type}' must use field '${field}'.`,
  );
}

function emptyValue(name: string, type: string): Error {
  return invalidParameter(
    `Message (user) attribute '${name}' must contain a non-empty value of type '${type}'.`,
  );
}
