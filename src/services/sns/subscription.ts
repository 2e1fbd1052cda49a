import { createHash } from "node:crypto";
import { parseArn } from "../../kernel/arn.ts";
import type { Caller } from "../../kernel/caller.ts";
import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import { invalidParameter, subscriptionDoesNotExist } from "./errors.ts";
import {
  OWNED_SUBSCRIPTION,
  SUBSCRIPTION,
  SUBSCRIPTION_ENDPOINT,
  TOKEN,
  TOPIC_COUNT,
} from "./keys.ts";
import type { CountName } from "./keys.ts";
import { findTopic, isKnownTo, putNextRevision, topicArn } from "./topic.ts";
import type { TopicAddress, TopicRecord } from "./topic.ts";

/** What a subscription delivers over. */
export type SubscriptionProtocol =
  | "application"
  | "email"
  | "email-json"
  | "firehose"
  | "http"
  | "https"
  | "lambda"
  | "sms"
  | "sqs";

/** A subscription: who gets a topic's messages, and how. */
export interface SubscriptionRecord {
  readonly id: string;
  readonly topicId: string;
  readonly topic: TopicAddress;
  readonly ownerId: string;
  readonly protocol: SubscriptionProtocol;
  readonly endpoint: string;
  readonly isPending: boolean;
  /** Whether the confirming request was signed. */
  readonly wasAuthenticated: boolean;
  readonly authenticateOnUnsubscribe: boolean;
  /** Set while it waits for confirmation. */
  readonly token?: string;
  readonly createdAtMs: number;
  /** What callers set, as they set it. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly replay?: ReplayState;
}

/** How far a replay of the archive has come. */
export interface ReplayState {
  /** Names this replay, so that queues do not take its messages for duplicates. */
  readonly id: string;
  readonly status: "Pending" | "In progress" | "Completed" | "Failed";
  readonly fromMs: number;
  /** Absent when it goes over into live messages. */
  readonly untilMs?: number;
  /** Publish time and sequence of the message that was replayed last. */
  readonly done?: readonly [publishedAtMs: number, sequence: string];
}

/** Where a subscription of an account is kept. */
export interface OwnedRecord {
  readonly topicId: string;
  readonly id: string;
}

/** What a confirmation token confirms. */
export interface TokenRecord {
  readonly expiresAtMs: number;
  /** The subscription as it is to be when the token is used: pending, or unsubscribed by a link. */
  readonly subscription: SubscriptionRecord;
}

/** The topic's ARN and the subscription's id. */
export function subscriptionArn(subscription: Pick<SubscriptionRecord, "topic" | "id">): string {
  return `${topicArn(subscription.topic)}:${subscription.id}`;
}

/** An endpoint as answers and logs show it: a URL without its password. */
export function shownEndpoint(endpoint: string): string {
  return endpoint.replace(/^(https?:\/\/[^/?#:]*:)[^/?#]*@/, "$1****@");
}

/** Parses a subscription's ARN; a topic's has no id. Throws InvalidParameter. */
export function parseSubscriptionArn(arn: string): {
  readonly topic: TopicAddress;
  readonly id: string | undefined;
} {
  const elements = arn.split(":");
  if (elements.length < 6) {
    throw invalidParameter(
      `SubscriptionArn Reason: An ARN must have at least 6 elements, not ${elements.length}`,
    );
  }
  const parsed = parseArn(arn);
  const [name, id, ...rest] = parsed?.resource.split(":") ?? [];
  if (parsed?.service !== "sns" || !name || id === "" || rest.length > 0) {
    throw invalidParameter("SubscriptionArn");
  }
  return { topic: { accountId: parsed.accountId, region: parsed.region, name }, id };
}

/** A subscription in the caller's region, with its topic. Throws InvalidParameter or NotFound. */
export async function requireSubscription(
  reader: Reader,
  arn: string,
  caller: Caller,
): Promise<{ topic: TopicRecord; subscription: SubscriptionRecord }> {
  const { topic: address, id } = parseSubscriptionArn(arn);
  if (id === undefined || !isKnownTo(caller, address)) throw subscriptionDoesNotExist();
  const topic = await findTopic(reader, address);
  const subscription = topic && (await findSubscription(reader, topic.id, id));
  if (topic === undefined || subscription === undefined) throw subscriptionDoesNotExist();
  return { topic, subscription };
}

/** A subscription by its id; undefined when there is none. */
export async function findSubscription(
  reader: Reader,
  topicId: string,
  id: string,
): Promise<SubscriptionRecord | undefined> {
  const value = await reader.get(SUBSCRIPTION.key(topicId, id));
  return value && decodeRecord<SubscriptionRecord>(value);
}

/** The subscription that an endpoint already has on a topic. */
export async function findByEndpoint(
  reader: Reader,
  topicId: string,
  endpoint: Pick<SubscriptionRecord, "protocol" | "endpoint">,
): Promise<SubscriptionRecord | undefined> {
  const value = await reader.get(SUBSCRIPTION_ENDPOINT.key(topicId, endpointHash(endpoint)));
  if (value === undefined) return undefined;
  return findSubscription(reader, topicId, decodeRecord<{ id: string }>(value).id);
}

/** Writes a new subscription and all that leads to it. */
export function addSubscription(
  tx: Tx,
  topic: TopicRecord,
  subscription: SubscriptionRecord,
): void {
  const { topicId, id, ownerId } = subscription;
  tx.put(
    OWNED_SUBSCRIPTION.key(ownerId, topic.region, subscriptionArn(subscription)),
    encodeRecord({ topicId, id } satisfies OwnedRecord),
  );
  tx.put(SUBSCRIPTION_ENDPOINT.key(topicId, endpointHash(subscription)), encodeRecord({ id }));
  tx.put(SUBSCRIPTION.key(topicId, id), encodeRecord(subscription));
  count(tx, subscription, 1);
  putNextRevision(tx, topic);
}

/** Writes what changed of a subscription. */
export function replaceSubscription(
  tx: Tx,
  topic: TopicRecord,
  before: SubscriptionRecord,
  after: SubscriptionRecord,
): void {
  if (before.token !== undefined && before.token !== after.token)
    tx.delete(TOKEN.key(before.token));
  tx.put(SUBSCRIPTION.key(after.topicId, after.id), encodeRecord(after));
  count(tx, before, -1);
  count(tx, after, 1);
  putNextRevision(tx, topic);
}

/** Removes a subscription and all that leads to it; its topic may be gone already. */
export function removeSubscription(
  tx: Tx,
  topic: TopicRecord | undefined,
  subscription: SubscriptionRecord,
): void {
  const { topicId, id, ownerId, token } = subscription;
  tx.delete(SUBSCRIPTION.key(topicId, id));
  tx.delete(
    OWNED_SUBSCRIPTION.key(ownerId, subscription.topic.region, subscriptionArn(subscription)),
  );
  tx.delete(SUBSCRIPTION_ENDPOINT.key(topicId, endpointHash(subscription)));
  if (token !== undefined) tx.delete(TOKEN.key(token));
  if (topic === undefined) return;
  count(tx, subscription, -1);
  tx.add(TOPIC_COUNT.key(topicId, "deleted"), 1);
  putNextRevision(tx, topic);
}

/** Writes the token that confirms a subscription. */
export function putToken(tx: Tx, token: string, record: TokenRecord): void {
  tx.put(TOKEN.key(token), encodeRecord(record));
}

function count(tx: Tx, subscription: SubscriptionRecord, delta: number): void {
  const place: CountName = subscription.isPending ? "pending" : "confirmed";
  tx.add(TOPIC_COUNT.key(subscription.topicId, place), delta);
  if (subscription.attributes["FilterPolicy"] !== undefined) {
    tx.add(TOPIC_COUNT.key(subscription.topicId, "filtered"), delta);
  }
}

function endpointHash({
  protocol,
  endpoint,
}: Pick<SubscriptionRecord, "protocol" | "endpoint">): string {
  return createHash("sha256").update(`${protocol}\n${endpoint}`).digest("base64url");
}
