import type { GetTopicAttributesInput, GetTopicAttributesResponse } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Having } from "../sns.ts";
import { requireTopic } from "../topic.ts";
import { topicAttributes } from "../topic-attributes.ts";

/** GetTopicAttributes. */
export function getTopicAttributes(): Operation<
  Having<GetTopicAttributesInput, "TopicArn">,
  GetTopicAttributesResponse
> {
  return transaction(async ({ caller, nowMs }, { TopicArn }, tx) => {
    const topic = await requireTopic(tx, TopicArn, caller);
    return { Attributes: await topicAttributes(tx, topic, nowMs) };
  });
}
