import type { ListSubscriptionsInput, ListSubscriptionsResponse } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { OWNED_SUBSCRIPTION, SUBSCRIPTION } from "../keys.ts";
import { readPage } from "../page.ts";
import type { OwnedRecord } from "../subscription.ts";
import { summaryOf } from "./list-subscriptions-by-topic.ts";

/** ListSubscriptions: the caller's. */
export function listSubscriptions(): Operation<ListSubscriptionsInput, ListSubscriptionsResponse> {
  return transaction(async ({ caller }, { NextToken }, tx) => {
    const owned = OWNED_SUBSCRIPTION.below(caller.accountId, caller.region);
    const { entries, nextToken } = await readPage(tx, owned, NextToken);
    const keys = entries.map(({ value }) => {
      const { topicId, id } = decodeRecord<OwnedRecord>(value);
      return SUBSCRIPTION.key(topicId, id);
    });
    const values = keys.length === 0 ? [] : await tx.getMany(keys);
    const found = values.filter((value) => value !== undefined);
    return { Subscriptions: found.map(summaryOf), NextToken: nextToken };
  });
}
