import { parseArn } from "../../kernel/arn.ts";
import { deadLetterQueue } from "./delivery/dead-letter.ts";
import {
  checkSubscriptionDeliveryPolicy,
  effectiveSubscriptionPolicy,
} from "./delivery/delivery-policy.ts";
import { invalidParameter } from "./errors.ts";
import { isWebHook } from "./endpoint.ts";
import { compileFilterPolicy, FilterPolicyError } from "./publish/filter-policy.ts";
import { readJsonObject } from "./json-object.ts";
import { isSameAttribute } from "./same-attribute.ts";
import type { SubscriptionProtocol, SubscriptionRecord } from "./subscription.ts";
import { shownEndpoint, subscriptionArn } from "./subscription.ts";
import { topicArn } from "./topic.ts";
import type { TopicRecord } from "./topic.ts";

/** What callers set of a subscription, by name. */
export type SubscriptionAttributes = Readonly<Record<string, string>>;

/** What subscriptions can be given; "Subscribe" in the API reference. */
const NAMES = new Set([
  "DeliveryPolicy",
  "FilterPolicy",
  "FilterPolicyScope",
  "RawMessageDelivery",
  "RedrivePolicy",
  "ReplayPolicy",
  "SubscriptionRoleArn",
]);
const RAW_PROTOCOLS: ReadonlySet<SubscriptionProtocol> = new Set([
  "firehose",
  "http",
  "https",
  "sqs",
]);

/** Whether subscriptions have such an attribute that callers set. */
export function isSubscriptionAttribute(name: string): boolean {
  return NAMES.has(name);
}

/** The attributes with one of them set, or removed by an empty value. */
export function withSubscriptionAttribute(
  attributes: SubscriptionAttributes,
  name: string,
  value: string,
): SubscriptionAttributes {
  const { [name]: _before, ...others } = attributes;
  const isRemoval =
    value === "" || ((name === "RedrivePolicy" || name === "ReplayPolicy") && isEmptyJson(value));
  return isRemoval ? others : { ...others, [name]: value };
}

/** Checks the attributes of a subscription together. Throws InvalidParameter. */
export function checkSubscriptionAttributes(
  attributes: SubscriptionAttributes,
  protocol: SubscriptionProtocol,
): void {
  const { FilterPolicy, FilterPolicyScope, RawMessageDelivery, RedrivePolicy, DeliveryPolicy } =
    attributes;
  if (RawMessageDelivery !== undefined) checkRaw(RawMessageDelivery, protocol);
  const scope = FilterPolicyScope ?? "MessageAttributes";
  if (scope !== "MessageAttributes" && scope !== "MessageBody") {
    throw invalidParameter(
      `FilterPolicyScope: Invalid value [${scope}]. Please use either MessageBody or MessageAttributes`,
    );
  }
  if (FilterPolicy !== undefined) {
    try {
      compileFilterPolicy(FilterPolicy, scope);
    } catch (error) {
      if (error instanceof FilterPolicyError) throw invalidParameter(error.message);
      throw error;
    }
  }
  if (RedrivePolicy !== undefined) checkRedrive(RedrivePolicy);
  // Any subscription may have one; it means something to web hooks only.
  if (DeliveryPolicy !== undefined) checkSubscriptionDeliveryPolicy(DeliveryPolicy);
  const role = attributes["SubscriptionRoleArn"];
  if (role !== undefined && !/^arn:[^:]+:iam::\d{12}:role\/.+/.test(role)) {
    throw invalidParameter("SubscriptionRoleArn: must be the ARN of an IAM role");
  }
}

/**
 * A dead-letter queue is in the topic's region. A FIFO queue takes no dead letters of a standard
 * topic, whose messages have no place in an order. Throws InvalidParameter.
 */
export function checkDeadLetterQueue(
  { isFifo, region }: TopicRecord,
  attributes: SubscriptionAttributes,
): void {
  const queue = deadLetterQueue({ attributes });
  if (queue === undefined) return;
  if (parseArn(queue)?.region !== region) {
    throw invalidParameter(
      "RedrivePolicy: deadLetterTargetArn must be in the same region as the subscription",
    );
  }
  if (!isFifo && queue.endsWith(".fifo")) {
    throw invalidParameter("RedrivePolicy: must use a standard queue as the dead-letter queue");
  }
}

/** What attributes are that nobody set. */
const DEFAULTS: SubscriptionAttributes = {
  FilterPolicyScope: "MessageAttributes",
  RawMessageDelivery: "false",
};

/** Whether a subscription has the attributes that are asked for, if only by default. */
export function hasAttributes(
  { attributes }: Pick<SubscriptionRecord, "attributes">,
  wanted: SubscriptionAttributes,
): boolean {
  const names = Object.keys(wanted);
  return names.every((name) =>
    isSameAttribute(name, attributes[name] ?? DEFAULTS[name], wanted[name]),
  );
}

/** What GetSubscriptionAttributes answers. */
export function subscriptionAttributes(
  topic: TopicRecord,
  subscription: SubscriptionRecord,
): Record<string, string> {
  const { attributes, protocol, replay, ownerId } = subscription;
  return {
    SubscriptionArn: subscriptionArn(subscription),
    TopicArn: topicArn(topic),
    Protocol: protocol,
    Endpoint: shownEndpoint(subscription.endpoint),
    Owner: ownerId,
    SubscriptionPrincipal: `arn:aws:iam::${ownerId}:root`,
    PendingConfirmation: String(subscription.isPending),
    ConfirmationWasAuthenticated: String(subscription.wasAuthenticated),
    RawMessageDelivery: "false",
    ...(attributes["FilterPolicy"] === undefined ? {} : { FilterPolicyScope: "MessageAttributes" }),
    ...attributes,
    ...(isWebHook(protocol)
      ? {
          EffectiveDeliveryPolicy: effectiveSubscriptionPolicy(
            topic.attributes["DeliveryPolicy"],
            attributes["DeliveryPolicy"],
          ),
        }
      : {}),
    ...(replay === undefined ? {} : { ReplayStatus: replay.status }),
  };
}

function checkRaw(value: string, protocol: SubscriptionProtocol): void {
  if (value !== "true" && value !== "false") {
    throw invalidParameter(`RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
  }
  // Even "false" is refused where it means nothing.
  if (!RAW_PROTOCOLS.has(protocol)) {
    throw invalidParameter(
      `Delivery protocol [${protocol}] does not support raw message delivery.`,
    );
  }
}

function checkRedrive(text: string): void {
  const refuse = (reason: string): Error => invalidParameter(`RedrivePolicy: ${reason}`);
  const policy = readJsonObject(text, refuse);
  const unknown = Object.keys(policy).find((name) => name !== "deadLetterTargetArn");
  if (unknown !== undefined) {
    throw refuse(`invalid JSON. Attribute ${unknown} is unknown.`);
  }
  const queue = policy["deadLetterTargetArn"];
  const arn = typeof queue === "string" ? parseArn(queue) : undefined;
  if (arn === undefined) {
    throw refuse("deadLetterTargetArn is an invalid arn");
  }
  if (arn.service !== "sqs") {
    throw refuse("deadLetterTargetArn must be a SQS queue");
  }
}

function isEmptyJson(text: string): boolean {
  return /^\s*\{\s*\}\s*$/.test(text);
}
