import type { ListTopicsInput, ListTopicsResponse } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { TOPIC } from "../keys.ts";
import { readPage } from "../page.ts";
import { topicArn } from "../topic.ts";

/** ListTopics: the caller's, by name. */
export function listTopics(): Operation<ListTopicsInput, ListTopicsResponse> {
  return transaction(async ({ caller }, { NextToken }, tx) => {
    const page = await readPage(tx, TOPIC.below(caller.accountId, caller.region), NextToken);
    return {
      Topics: page.entries.map(({ key }) => {
        const [accountId, region, name] = TOPIC.parts(key);
        return { TopicArn: topicArn({ accountId, region, name }) };
      }),
      NextToken: page.nextToken,
    };
  });
}
