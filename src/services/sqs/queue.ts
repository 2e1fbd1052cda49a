import { formatArn, parseArn } from "../../kernel/arn.ts";
import type { Context } from "../../kernel/operation.ts";
import { encodeRecord, RecordMemo } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import { invalidAddress, invalidParameter, missingParameter, queueDoesNotExist } from "./errors.ts";
import { QUEUE } from "./keys.ts";
import { LIMITS } from "./limits.ts";

/** A queue: what it is called, how it behaves, and the name of its present backlog. */
export interface QueueRecord extends QueueAttributes {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  /** Unique for ever: a queue made again under the same name has another one. */
  readonly id: string;
  readonly isFifo: boolean;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly purges: number;
  readonly purgedAtMs?: number;
  /** Set by the first message of a standard queue that has a message group id. */
  readonly isFair?: true;
  readonly tags?: Readonly<Record<string, string>>;
}

/** The attributes that callers set, parsed. Durations are in seconds, as SQS counts them. */
export interface QueueAttributes {
  readonly delaySeconds: number;
  readonly maximumMessageSize: number;
  readonly messageRetentionPeriod: number;
  readonly receiveMessageWaitTimeSeconds: number;
  readonly visibilityTimeout: number;
  readonly policy?: string;
  readonly redrivePolicy?: RedrivePolicy;
  readonly redriveAllowPolicy?: RedriveAllowPolicy;
  readonly kmsMasterKeyId?: string;
  readonly kmsDataKeyReusePeriodSeconds?: number;
  readonly sqsManagedSseEnabled: boolean;
  readonly contentBasedDeduplication?: boolean;
  readonly deduplicationScope?: "queue" | "messageGroup";
  readonly fifoThroughputLimit?: "perQueue" | "perMessageGroupId";
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

export interface RedriveAllowPolicy {
  readonly redrivePermission: "allowAll" | "denyAll" | "byQueue";
  readonly sourceQueueArns?: readonly string[];
}

/** Where a queue is found: every queue belongs to an account and a region. */
export interface QueueAddress {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
}

const NAME = /^[A-Za-z0-9_-]+$/;
const HOST_OF_URL = /^[a-z]+:\/\/[^/]*/i;
const FIFO_SUFFIX = ".fifo";

/** Name of the present backlog of a queue; see `keys.ts`. */
export function backlogOf(queue: QueueRecord): string {
  return `${queue.id}.${queue.purges}`;
}

/** The topic on which those who wait for a queue's messages are woken. */
export function topicOf(queue: QueueRecord): string {
  return `sqs:${queue.id}`;
}

/** The ARN of a queue. */
export function queueArn(address: QueueAddress): string {
  return formatArn("sqs", address, address.name);
}

/** The URL of a queue, on the host that the caller used. */
export function queueUrl(context: Context, address: QueueAddress): string {
  return `${context.baseUrl}/${address.accountId}/${address.name}`;
}

/** The key of a queue's record. */
export function keyOf(address: QueueAddress): ReturnType<typeof QUEUE.key> {
  return QUEUE.key(address.accountId, address.region, address.name);
}

/**
 * The address that a queue URL names, or a queue's name alone, in the caller's region. Throws
 * MissingParameter, QueueDoesNotExist for a URL of something else, and InvalidAddress.
 */
export function addressOfUrl(context: Context, url: string): QueueAddress {
  if (url === "") throw missingParameter("QueueUrl");
  const { accountId, region } = context.caller;
  if (!url.includes("/")) return { accountId, region, name: url };
  const path = url.replace(HOST_OF_URL, "").replace(/[?#].*$/, "");
  const match = /(?:^|\/)(\d{12})\/([^/]+)\/?$/.exec(path);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw HOST_OF_URL.test(url) ? queueDoesNotExist() : invalidAddress(context.baseUrl);
  }
  return { accountId: match[1], region: regionOfUrl(url) ?? region, name: match[2] };
}

/** The address of a queue's ARN; undefined when it is none. */
export function addressOfArn(arn: string): QueueAddress | undefined {
  const parts = parseArn(arn);
  if (parts?.service !== "sqs") return undefined;
  return { accountId: parts.accountId, region: parts.region, name: parts.resource };
}

/** Every operation reads a queue's record, which seldom changes. */
const DECODED = new RecordMemo<QueueRecord>(1_000);

/** The queue at an address; undefined when there is none. */
export async function findQueue(
  reader: Reader,
  address: QueueAddress,
): Promise<QueueRecord | undefined> {
  if (!isPossible(address)) return undefined;
  const key = keyOf(address);
  const value = await reader.get(key);
  return value && DECODED.decode(key, value);
}

/** False for what no queue can be called: nothing is looked up under names of any length. */
function isPossible({ accountId, region, name }: QueueAddress): boolean {
  const { accountIdLength, regionLength, queueNameLength } = LIMITS;
  return (
    accountId.length <= accountIdLength &&
    region.length <= regionLength &&
    name.length <= queueNameLength
  );
}

/** The queue of a URL or name. Throws QueueDoesNotExist, or what {@link addressOfUrl} does. */
export async function queueAt(context: Context, reader: Reader, url: string): Promise<QueueRecord> {
  const queue = await findQueue(reader, addressOfUrl(context, url));
  if (queue === undefined) throw queueDoesNotExist();
  return queue;
}

/** Writes a queue's record. */
export function putQueue(tx: Tx, queue: QueueRecord): void {
  tx.put(keyOf(queue), encodeRecord(queue));
}

/** Throws InvalidParameterValue unless `name` is one a queue can have. */
export function checkQueueName(name: string, isFifo: boolean): void {
  const stem = name.endsWith(FIFO_SUFFIX) ? name.slice(0, -FIFO_SUFFIX.length) : name;
  if (isFifo) {
    if (stem !== name && NAME.test(stem) && name.length <= LIMITS.queueNameLength) return;
    throw invalidParameter(
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores," +
        " must end with .fifo suffix and be 1 to 80 in length.",
    );
  }
  if (NAME.test(name) && name.length <= LIMITS.queueNameLength) return;
  throw invalidParameter(
    "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
  );
}

const REGION_OF_URL =
  /^[a-z]+:\/\/(?:sqs\.([a-z0-9-]+)\.|([a-z0-9-]+)\.queue\.|[^/]*\/queue\/([a-z0-9-]+)\/)/i;

function regionOfUrl(url: string): string | undefined {
  return REGION_OF_URL.exec(url)?.slice(1).find(Boolean);
}
