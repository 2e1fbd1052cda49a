import type {
  ListSubscriptionsByTopicInput,
  ListSubscriptionsByTopicResponse,
  Subscription,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { SUBSCRIPTION } from "../keys.ts";
import { readPage } from "../page.ts";
import type { Having } from "../sns.ts";
import { shownEndpoint, subscriptionArn } from "../subscription.ts";
import type { SubscriptionRecord } from "../subscription.ts";
import { requireTopic, topicArn } from "../topic.ts";

type Input = Having<ListSubscriptionsByTopicInput, "TopicArn">;

/** ListSubscriptionsByTopic. */
export function listSubscriptionsByTopic(): Operation<Input, ListSubscriptionsByTopicResponse> {
  return transaction(async ({ caller }, { TopicArn, NextToken }, tx) => {
    const topic = await requireTopic(tx, TopicArn, caller);
    const page = await readPage(tx, SUBSCRIPTION.below(topic.id), NextToken);
    return {
      Subscriptions: page.entries.map(({ value }) => summaryOf(value)),
      NextToken: page.nextToken,
    };
  });
}

/** A subscription as lists show it. */
export function summaryOf(value: Uint8Array): Subscription {
  const subscription = decodeRecord<SubscriptionRecord>(value);
  return {
    SubscriptionArn: subscription.isPending ? "PendingConfirmation" : subscriptionArn(subscription),
    Owner: subscription.ownerId,
    Protocol: subscription.protocol,
    Endpoint: shownEndpoint(subscription.endpoint),
    TopicArn: topicArn(subscription.topic),
  };
}
