import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { Caller } from "../../kernel/caller.ts";
import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import { invalidParameter, topicDoesNotExist } from "./errors.ts";
import { TOPIC } from "./keys.ts";
import { LIMITS } from "./limits.ts";

/** Where a topic is found. */
export interface TopicAddress {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
}

/** A topic: what it is called and how it behaves. */
export interface TopicRecord extends TopicAddress {
  /** Unique for ever: a topic made again under the same name has another one. */
  readonly id: string;
  readonly isFifo: boolean;
  readonly createdAtMs: number;
  /** Changes with every change of a subscription, so that who knows it knows them all. */
  readonly revision: number;
  /** What callers set, as they set it. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly dataProtectionPolicy?: string;
  /** When the present archive began. */
  readonly archiveSinceMs?: number;
}

const NAME = /^[A-Za-z0-9_-]+$/;
const FIFO_SUFFIX = ".fifo";

/** `arn:aws:sns:<region>:<account>:<name>`. */
export function topicArn(address: TopicAddress): string {
  return formatArn("sns", address, address.name);
}

/** Whether a new topic may have this name; the suffix is part of a FIFO topic's. */
export function isTopicName(name: string, isFifo: boolean): boolean {
  const stem = isFifo && name.endsWith(FIFO_SUFFIX) ? name.slice(0, -FIFO_SUFFIX.length) : name;
  if (isFifo !== name.endsWith(FIFO_SUFFIX)) return false;
  return name.length <= LIMITS.topicNameLength && NAME.test(stem);
}

/** Parses a topic's ARN. Throws InvalidParameter; `parameter` names the member it came in. */
export function parseTopicArn(arn: string, parameter = "TopicArn"): TopicAddress {
  const elements = arn.split(":");
  if (elements.length < 6) {
    throw invalidParameter(
      `${parameter} Reason: An ARN must have at least 6 elements, not ${elements.length}`,
    );
  }
  const parsed = parseArn(arn);
  if (parsed?.service !== "sns" || !/^[A-Za-z0-9_.-]+$/.test(parsed.resource)) {
    throw invalidParameter(parameter);
  }
  return { accountId: parsed.accountId, region: parsed.region, name: parsed.resource };
}

/** The topic at an address; undefined when there is none. */
export async function findTopic(
  reader: Reader,
  address: TopicAddress,
): Promise<TopicRecord | undefined> {
  const value = await reader.get(TOPIC.key(address.accountId, address.region, address.name));
  return value && decodeRecord<TopicRecord>(value);
}

/**
 * Parses the ARN of a topic that a caller names, which must be of the caller's region: each region
 * knows its own topics only. Throws InvalidParameter; `parameter` names the member it came in.
 */
export function parseTopicArnOf(caller: Caller, arn: string, parameter = "TopicArn"): TopicAddress {
  const address = parseTopicArn(arn, parameter);
  if (!isKnownTo(caller, address)) throw invalidParameter(parameter);
  return address;
}

/** Whether something is in the caller's region; an unsigned call, by a link, is of no region. */
export function isKnownTo(caller: Caller, { region }: { readonly region: string }): boolean {
  return caller.accessKeyId === "" || caller.region === region;
}

/** The topic of an ARN, in the caller's region if there is one. Throws InvalidParameter or NotFound. */
export async function requireTopic(
  reader: Reader,
  arn: string,
  caller?: Caller,
): Promise<TopicRecord> {
  return requireTopicAt(
    reader,
    caller === undefined ? parseTopicArn(arn) : parseTopicArnOf(caller, arn),
  );
}

/** The topic of a `ResourceArn`, in the caller's region. Throws InvalidParameter or NotFound. */
export async function requireResource(
  reader: Reader,
  arn: string,
  caller: Caller,
): Promise<TopicRecord> {
  const address = parseTopicArn(arn, "ResourceArn");
  if (!isKnownTo(caller, address)) throw topicDoesNotExist();
  return requireTopicAt(reader, address);
}

/** The topic at an address. Throws NotFound. */
export async function requireTopicAt(reader: Reader, address: TopicAddress): Promise<TopicRecord> {
  const topic = await findTopic(reader, address);
  if (topic === undefined) throw topicDoesNotExist();
  return topic;
}

/** Writes a topic as it is to be. */
export function putTopic(tx: Tx, topic: TopicRecord): void {
  tx.put(TOPIC.key(topic.accountId, topic.region, topic.name), encodeRecord(topic));
}

/** Says that something about the topic's subscriptions changed. */
export function putNextRevision(tx: Tx, topic: TopicRecord): void {
  putTopic(tx, { ...topic, revision: topic.revision + 1 });
}

/** The largest message or batch that the topic takes, in bytes. */
export function maximumMessageBytes(topic: TopicRecord): number {
  return Number(topic.attributes["MaximumMessageSize"] ?? LIMITS.messageBytes);
}

/** Whether a topic takes more than 256 KiB, which limits what can subscribe to it. */
export function isLargeMessageTopic(topic: TopicRecord): boolean {
  return maximumMessageBytes(topic) > LIMITS.messageBytes;
}
