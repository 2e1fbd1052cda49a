import type { ListTagsForResourceRequest, ListTagsForResourceResponse } from "@aws-sdk/client-sns";
import type { Caller } from "../../../kernel/caller.ts";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Reader } from "../../../kernel/store.ts";
import { resourceDoesNotExist } from "../errors.ts";
import type { Having } from "../sns.ts";
import { tagList } from "../tags.ts";
import { findTopic, isKnownTo, parseTopicArn } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";

type Input = Having<ListTagsForResourceRequest, "ResourceArn">;

/** ListTagsForResource. */
export function listTagsForResource(): Operation<Input, ListTagsForResourceResponse> {
  return transaction(async ({ caller }, { ResourceArn }, tx) => {
    const topic = await requireTagged(tx, ResourceArn, caller);
    return { Tags: tagList(topic.tags) };
  });
}

/** The topic in the caller's region whose tags are meant. Throws ResourceNotFound. */
export async function requireTagged(
  reader: Reader,
  arn: string,
  caller: Caller,
): Promise<TopicRecord> {
  const address = parseTopicArn(arn, "ResourceArn");
  const topic = isKnownTo(caller, address) ? await findTopic(reader, address) : undefined;
  if (topic === undefined) throw resourceDoesNotExist();
  return topic;
}
