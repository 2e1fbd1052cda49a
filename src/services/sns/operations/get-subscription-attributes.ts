import type {
  GetSubscriptionAttributesInput,
  GetSubscriptionAttributesResponse,
} from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import type { Having } from "../sns.ts";
import { requireSubscription } from "../subscription.ts";
import { subscriptionAttributes } from "../subscription-attributes.ts";

type Input = Having<GetSubscriptionAttributesInput, "SubscriptionArn">;

/** GetSubscriptionAttributes. */
export function getSubscriptionAttributes(): Operation<Input, GetSubscriptionAttributesResponse> {
  return transaction(async ({ caller }, { SubscriptionArn }, tx) => {
    const { topic, subscription } = await requireSubscription(tx, SubscriptionArn, caller);
    return { Attributes: subscriptionAttributes(topic, subscription) };
  });
}
