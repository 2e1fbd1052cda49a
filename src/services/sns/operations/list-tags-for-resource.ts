import type { ListTagsForResourceRequest, ListTagsForResourceResponse } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Reader } from "../../../kernel/store.ts";
import { resourceDoesNotExist } from "../errors.ts";
import type { Having } from "../sns.ts";
import { tagList } from "../tags.ts";
import { findTopic, parseTopicArn } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";

type Input = Having<ListTagsForResourceRequest, "ResourceArn">;

/** ListTagsForResource. */
export function listTagsForResource(): Operation<Input, ListTagsForResourceResponse> {
  return transaction(async (_context, { ResourceArn }, tx) => {
    const topic = await requireTagged(tx, ResourceArn);
    return { Tags: tagList(topic.tags) };
  });
}

/** The topic whose tags are meant. Throws ResourceNotFound. */
export async function requireTagged(reader: Reader, arn: string): Promise<TopicRecord> {
  const topic = await findTopic(reader, parseTopicArn(arn, "ResourceArn"));
  if (topic === undefined) throw resourceDoesNotExist();
  return topic;
}
