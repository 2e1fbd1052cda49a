import type { CreateTopicInput, CreateTopicResponse } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import type { Tx } from "../../../kernel/store.ts";
import { scheduleSweep } from "../publish/archive.ts";
import { checkDataProtectionPolicy } from "../data-protection.ts";
import {
  amongAttributes,
  invalidAttributes,
  invalidParameter,
  topicLimitExceeded,
} from "../errors.ts";
import { ACCOUNT_TOPICS } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import type { Having, Sns } from "../sns.ts";
import { readTags, sameTags } from "../tags.ts";
import { findTopic, isTopicName, putTopic, topicArn } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";
import {
  archiveSince,
  hasTopicAttributes,
  isTopicAttribute,
  withAttribute,
} from "../topic-attributes.ts";

type Input = Having<CreateTopicInput, "Name">;

/** CreateTopic: answers an existing topic when it is the same. */
export function createTopic(sns: Sns): Operation<Input, CreateTopicResponse> {
  return transaction(async (context, input, tx) => {
    const wanted = wantedTopic(sns, context, input);
    const existing = await findTopic(tx, wanted);
    if (existing !== undefined) {
      checkSame(existing, wanted, input);
      return { TopicArn: topicArn(existing) };
    }
    if (sns.deps.settings.enforceQuotas) await checkQuota(tx, wanted);
    putTopic(tx, wanted);
    tx.add(ACCOUNT_TOPICS.key(wanted.accountId, wanted.region), 1);
    if (wanted.archiveSinceMs !== undefined) await scheduleSweep(sns, tx, wanted);
    return { TopicArn: topicArn(wanted) };
  });
}

function wantedTopic(sns: Sns, { caller, nowMs }: Context, input: Input): TopicRecord {
  const { Name: name, Attributes = {}, Tags = [], DataProtectionPolicy } = input;
  const { FifoTopic = "false", ...others } = Attributes;
  if (FifoTopic !== "true" && FifoTopic !== "false") {
    throw invalidAttributes(`FifoTopic: Invalid value [${FifoTopic}]. Must be true or false.`);
  }
  const isFifo = FifoTopic === "true";
  if (!isTopicName(name, isFifo)) throw invalidName(isFifo);
  if (DataProtectionPolicy !== undefined) checkDataProtectionPolicy(DataProtectionPolicy);
  const attributes = readAttributes(others, isFifo);
  const empty: TopicRecord = {
    accountId: caller.accountId,
    region: caller.region,
    name,
    id: sns.deps.random.uuid(),
    isFifo,
    createdAtMs: nowMs,
    revision: 0,
    attributes: {},
    tags: readTags(Tags),
    ...(DataProtectionPolicy === undefined ? {} : { dataProtectionPolicy: DataProtectionPolicy }),
  };
  const topic = { ...empty, attributes };
  const archiveSinceMs = archiveSince(empty, topic, nowMs);
  return archiveSinceMs === undefined ? topic : { ...topic, archiveSinceMs };
}

function readAttributes(
  given: Readonly<Record<string, string>>,
  isFifo: boolean,
): Readonly<Record<string, string>> {
  let attributes: Readonly<Record<string, string>> = {};
  for (const [name, value] of Object.entries(given)) {
    if (!isTopicAttribute(name, isFifo)) throw invalidAttributes(`Unknown attribute ${name}`);
    attributes = amongAttributes(() => withAttribute({ attributes, isFifo }, name, value));
  }
  return attributes;
}

function invalidName(isFifo: boolean): Error {
  return invalidParameter(
    isFifo
      ? "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, " +
          `numbers, underscores, and hyphens, and must be between 1 and ${LIMITS.topicNameLength} characters long.`
      : "Topic Name",
  );
}

/** Throws InvalidParameter when the topic that is there is not the one that is asked for. */
function checkSame(existing: TopicRecord, wanted: TopicRecord, input: Input): void {
  if (!hasTopicAttributes(existing, wanted.attributes)) {
    throw invalidAttributes("Topic already exists with different attributes");
  }
  if (input.Tags !== undefined && !sameTags(existing.tags, wanted.tags)) {
    throw invalidParameter("Tags Reason: Topic already exists with different tags");
  }
}

async function checkQuota(tx: Tx, { accountId, region }: TopicRecord): Promise<void> {
  const topics = await tx.sum(ACCOUNT_TOPICS.key(accountId, region));
  if (topics >= LIMITS.topics) throw topicLimitExceeded();
}
