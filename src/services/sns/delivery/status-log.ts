import { createHash } from "node:crypto";
import type { Sns } from "../sns.ts";
import type { SubscriptionRecord } from "../subscription.ts";
import { topicArn } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";

/** What became of an attempt; "Amazon SNS message delivery status". */
export interface DeliveryStatus {
  readonly outcome: "SUCCESS" | "FAILURE";
  readonly destination: string;
  readonly messageId: string;
  readonly body: string;
  readonly publishedAtMs: number;
  readonly attempts: number;
  readonly statusCode?: number;
  readonly providerResponse?: string;
}

/** Names in feedback attributes: `HTTPSuccessFeedbackRoleArn`. */
const FEEDBACK_NAMES: Readonly<Record<SubscriptionRecord["protocol"], string | undefined>> = {
  application: "Application",
  email: undefined,
  "email-json": undefined,
  firehose: "Firehose",
  http: "HTTP",
  https: "HTTP",
  lambda: "Lambda",
  sms: undefined,
  sqs: "SQS",
};

/** Whether an outcome is to be logged, as the topic's feedback attributes say. */
export function wantsStatus(
  sns: Sns,
  topic: TopicRecord | undefined,
  protocol: SubscriptionRecord["protocol"],
  outcome: "SUCCESS" | "FAILURE",
): boolean {
  const name = FEEDBACK_NAMES[protocol];
  if (name === undefined || topic === undefined) return false;
  if (outcome === "FAILURE") return topic.attributes[`${name}FailureFeedbackRoleArn`] !== undefined;
  if (topic.attributes[`${name}SuccessFeedbackRoleArn`] === undefined) return false;
  const rate = Number(topic.attributes[`${name}SuccessFeedbackSampleRate`] ?? 0);
  return sns.deps.random.fraction() * 100 < rate;
}

/** Writes a delivery status record, in the shape of those in CloudWatch Logs, to the log. */
export function logStatus(sns: Sns, topic: TopicRecord, status: DeliveryStatus): void {
  const nowMs = sns.deps.clock.now();
  const group = `sns/${topic.region}/${topic.accountId}/${topic.name}`;
  sns.deps.log.info("sns delivery status", {
    logGroup: status.outcome === "SUCCESS" ? group : `${group}/Failure`,
    notification: {
      messageMD5Sum: createHash("md5").update(status.body).digest("hex"),
      messageId: status.messageId,
      topicArn: topicArn(topic),
      timestamp: new Date(status.publishedAtMs).toISOString(),
    },
    delivery: {
      deliveryId: sns.deps.random.uuid(),
      destination: status.destination,
      providerResponse: status.providerResponse,
      dwellTimeMs: nowMs - status.publishedAtMs,
      attempts: status.attempts,
      statusCode: status.statusCode,
    },
    status: status.outcome,
  });
}
