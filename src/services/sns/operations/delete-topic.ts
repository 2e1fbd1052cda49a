import type { DeleteTopicInput } from "@aws-sdk/client-sns";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { archiveDays } from "../publish/archive.ts";
import { invalidState } from "../errors.ts";
import { FORGET_WORK } from "../forget.ts";
import { ACCOUNT_TOPICS, TOPIC } from "../keys.ts";
import type { Having, Sns } from "../sns.ts";
import { findTopic, parseTopicArnOf } from "../topic.ts";

/** DeleteTopic: gone at once; what it had is removed in the background. */
export function deleteTopic(
  sns: Sns,
): Operation<Having<DeleteTopicInput, "TopicArn">, Record<string, never>> {
  return transaction(async ({ caller }, { TopicArn }, tx) => {
    const topic = await findTopic(tx, parseTopicArnOf(caller, TopicArn));
    if (topic === undefined) return {};
    if (archiveDays(topic) !== undefined) {
      throw invalidState(
        "Cannot delete a topic with an active message archive: remove its ArchivePolicy first",
      );
    }
    tx.delete(TOPIC.key(topic.accountId, topic.region, topic.name));
    tx.add(ACCOUNT_TOPICS.key(topic.accountId, topic.region), -1);
    const dueAtMs = sns.deps.clock.now();
    await sns.deps.work.schedule(tx, { kind: FORGET_WORK, id: topic.id, dueAtMs, payload: {} });
    return {};
  });
}
