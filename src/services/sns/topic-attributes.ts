import type { Reader } from "../../kernel/store.ts";
import { archiveDays, beginningArchiveMs, readArchivePolicy } from "./publish/archive.ts";
import { checkTopicDeliveryPolicy, effectiveTopicPolicy } from "./delivery/delivery-policy.ts";
import { invalidParameter } from "./errors.ts";
import { TOPIC_COUNT } from "./keys.ts";
import { LIMITS } from "./limits.ts";
import { isSameAttribute } from "./same-attribute.ts";
import { topicArn } from "./topic.ts";
import type { TopicAddress, TopicRecord } from "./topic.ts";
import { checkPolicy } from "./topic-policy.ts";

interface Rule {
  /** Unknown on standard topics. */
  readonly fifoOnly?: true;
  /** How standard topics refuse it. */
  readonly standardRefusal?: string;
  /** Throws InvalidParameter. */
  readonly check: (value: string) => void;
}

const FEEDBACK = ["HTTP", "SQS", "Lambda", "Firehose", "Application"].flatMap((name) => [
  `${name}SuccessFeedbackRoleArn`,
  `${name}FailureFeedbackRoleArn`,
]);
const SAMPLE_RATES = ["HTTP", "SQS", "Lambda", "Firehose", "Application"].map(
  (name) => `${name}SuccessFeedbackSampleRate`,
);

/** What SetTopicAttributes takes; "SetTopicAttributes" in the API reference. */
const RULES: Readonly<Record<string, Rule>> = {
  DisplayName: {
    check: (value) => {
      if (value.length > LIMITS.displayNameLength) throw invalidParameter("DisplayName");
    },
  },
  Policy: { check: checkPolicy },
  DeliveryPolicy: { check: checkTopicDeliveryPolicy },
  KmsMasterKeyId: { check: () => {} },
  SignatureVersion: {
    check: (value) =>
      refuse("SignatureVersion", !["1", "2"].includes(value), "Invalid value. Must be 1 or 2."),
  },
  TracingConfig: {
    check: (value) => {
      if (value === "PassThrough" || value === "Active") return;
      throw invalidParameter(`Invalid tracing config value: ${value}`);
    },
  },
  MaximumMessageSize: {
    check: wholeBetween(
      "MaximumMessageSize",
      LIMITS.smallestMaximumMessageBytes,
      LIMITS.largestMaximumMessageBytes,
    ),
  },
  ContentBasedDeduplication: {
    standardRefusal: "Content-based deduplication can only be set for FIFO topics",
    check: oneOf("ContentBasedDeduplication", ["true", "false"]),
  },
  FifoThroughputScope: {
    fifoOnly: true,
    check: oneOf("FifoThroughputScope", ["Topic", "MessageGroup"]),
  },
  ArchivePolicy: { fifoOnly: true, check: (value) => void readArchivePolicy(value) },
  ...Object.fromEntries(FEEDBACK.map((name) => [name, { check: checkRole(name) }])),
  ...Object.fromEntries(SAMPLE_RATES.map((name) => [name, { check: wholeBetween(name, 0, 100) }])),
};

/** Attributes that an empty value removes. */
const REMOVABLE = new Set([
  "ArchivePolicy",
  "DeliveryPolicy",
  "DisplayName",
  "KmsMasterKeyId",
  ...FEEDBACK,
  ...SAMPLE_RATES,
]);

/** Attributes after one was set. Throws InvalidParameter. */
export function withAttribute(
  topic: Pick<TopicRecord, "attributes" | "isFifo">,
  name: string,
  value: string,
): Readonly<Record<string, string>> {
  const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
  if (rule === undefined || (rule.fifoOnly && !topic.isFifo))
    throw invalidParameter("AttributeName");
  if (rule.standardRefusal !== undefined && !topic.isFifo) {
    throw invalidParameter(rule.standardRefusal);
  }
  const { [name]: _before, ...others } = topic.attributes;
  if (value === "" && REMOVABLE.has(name)) return others;
  rule.check(value);
  if (name === "ArchivePolicy" && readArchivePolicy(value) === undefined) return others;
  return { ...others, [name]: value };
}

/** Whether CreateTopic knows an attribute of a topic of this kind. */
export function isTopicAttribute(name: string, isFifo: boolean): boolean {
  const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
  return name === "FifoTopic" || (rule !== undefined && (isFifo || !rule.fifoOnly));
}

/** What attributes are that nobody set, where they are something. */
const DEFAULTS: Readonly<Record<string, string>> = {
  ContentBasedDeduplication: "false",
  FifoThroughputScope: "Topic",
  MaximumMessageSize: String(LIMITS.messageBytes),
  SignatureVersion: "1",
  TracingConfig: "PassThrough",
};

/** Whether a topic has the attributes that are asked for, if only by default. */
export function hasTopicAttributes(
  { attributes }: Pick<TopicRecord, "attributes">,
  wanted: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(wanted);
  return names.every((name) =>
    isSameAttribute(name, attributes[name] ?? DEFAULTS[name], wanted[name]),
  );
}

/** What GetTopicAttributes answers: MaximumMessageSize only when it was set. */
export async function topicAttributes(
  reader: Reader,
  topic: TopicRecord,
  nowMs: number,
): Promise<Record<string, string>> {
  const [confirmed, pending, deleted] = await Promise.all(
    (["confirmed", "pending", "deleted"] as const).map((name) =>
      reader.sum(TOPIC_COUNT.key(topic.id, name)),
    ),
  );
  const beginningMs = beginningArchiveMs(topic, nowMs);
  return {
    TopicArn: topicArn(topic),
    Owner: topic.accountId,
    DisplayName: "",
    Policy: defaultPolicy(topic),
    EffectiveDeliveryPolicy: effectiveTopicPolicy(topic.attributes["DeliveryPolicy"]),
    SubscriptionsConfirmed: String(confirmed),
    SubscriptionsPending: String(pending),
    SubscriptionsDeleted: String(deleted),
    ...(topic.isFifo
      ? { FifoTopic: "true", ContentBasedDeduplication: "false", FifoThroughputScope: "Topic" }
      : {}),
    ...topic.attributes,
    ...(beginningMs === undefined
      ? {}
      : { BeginningArchiveTime: new Date(beginningMs).toISOString() }),
  };
}

/** When the present archive began, after a change of attributes. */
export function archiveSince(
  before: TopicRecord,
  after: TopicRecord,
  nowMs: number,
): number | undefined {
  if (archiveDays(after) === undefined) return undefined;
  return archiveDays(before) === undefined ? nowMs : (before.archiveSinceMs ?? nowMs);
}

/** The policy of a topic that was given none. */
export function defaultPolicy(address: TopicAddress): string {
  return JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "SNS:GetTopicAttributes",
          "SNS:SetTopicAttributes",
          "SNS:AddPermission",
          "SNS:RemovePermission",
          "SNS:DeleteTopic",
          "SNS:Subscribe",
          "SNS:ListSubscriptionsByTopic",
          "SNS:Publish",
        ],
        Resource: topicArn(address),
        Condition: { StringEquals: { "AWS:SourceOwner": address.accountId } },
      },
    ],
  });
}

function checkRole(name: string): (value: string) => void {
  return (value) =>
    refuse(name, !/^arn:[^:]+:iam::\d{12}:role\/.+/.test(value), "must be the ARN of an IAM role");
}

function oneOf(name: string, allowed: readonly string[]): (value: string) => void {
  return (value) =>
    refuse(
      name,
      !allowed.includes(value),
      `Invalid value [${value}]. Please use one of ${allowed.join(", ")}`,
    );
}

function wholeBetween(name: string, least: number, most: number): (value: string) => void {
  return (value) => {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : -1;
    refuse(
      name,
      number < least || number > most,
      `must be an integer between ${least} and ${most}`,
    );
  };
}

function refuse(name: string, isRefused: boolean, reason: string): void {
  if (isRefused) throw invalidParameter(`${name}: ${reason}`);
}
