import { parseArn } from "../../kernel/arn.ts";
import { invalidParameter, invalidSmsEndpoint } from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { phoneNumberOf } from "./mobile/sms.ts";
import type { SubscriptionProtocol } from "./subscription.ts";
import { isLargeMessageTopic } from "./topic.ts";
import type { TopicRecord } from "./topic.ts";

const PROTOCOLS: ReadonlySet<string> = new Set<SubscriptionProtocol>([
  "application",
  "email",
  "email-json",
  "firehose",
  "http",
  "https",
  "lambda",
  "sms",
  "sqs",
]);
/** Protocols whose endpoints must say that they want messages. */
const CONFIRMED_BY_ENDPOINT: ReadonlySet<SubscriptionProtocol> = new Set([
  "email",
  "email-json",
  "http",
  "https",
]);
const LARGE_MESSAGE_PROTOCOLS: ReadonlySet<SubscriptionProtocol> = new Set([
  "firehose",
  "lambda",
  "sqs",
]);
const MAIL_ADDRESS = /^[^\s@<>"(),;:\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** The protocol of that name. Throws InvalidParameter. */
export function readProtocol(name: string): SubscriptionProtocol {
  if (!isProtocol(name))
    throw invalidParameter(`Amazon SNS does not support this protocol string: ${name}`);
  return name;
}

function isProtocol(name: string): name is SubscriptionProtocol {
  return PROTOCOLS.has(name);
}

/** Whether endpoints of a protocol must say themselves that they want messages. */
export function needsConfirmation(protocol: SubscriptionProtocol): boolean {
  return CONFIRMED_BY_ENDPOINT.has(protocol);
}

/**
 * Whether what an account subscribes must confirm: an endpoint that always must, or a queue that is
 * not the account's; "Sending Amazon SNS messages to an Amazon SQS queue in a different account".
 */
export function mustConfirm(
  accountId: string,
  protocol: SubscriptionProtocol,
  endpoint: string,
): boolean {
  if (protocol === "sqs") return parseArn(endpoint)?.accountId !== accountId;
  return needsConfirmation(protocol);
}

/** Whether endpoints of a protocol are URLs, which delivery policies are for. */
export function isWebHook(protocol: SubscriptionProtocol): boolean {
  return protocol === "http" || protocol === "https";
}

/** The endpoint as it is kept. Throws InvalidParameter when it is none of its protocol. */
export function readEndpoint(protocol: SubscriptionProtocol, endpoint: string | undefined): string {
  if (endpoint === undefined || endpoint === "")
    throw invalidParameter("Endpoint Reason: Please specify an endpoint");
  if (endpoint.length > LIMITS.endpointLength) throw invalidParameter("Endpoint Reason: too long");
  switch (protocol) {
    case "http":
    case "https":
      return readUrl(protocol, endpoint);
    case "email":
    case "email-json":
      if (!MAIL_ADDRESS.test(endpoint)) throw invalidParameter("Email address");
      return endpoint;
    case "sms":
      return readSmsEndpoint(endpoint);
    case "sqs":
      return readArn(endpoint, "sqs", "SQS endpoint ARN");
    case "lambda":
      return readArn(endpoint, "lambda", "Lambda endpoint ARN");
    case "firehose":
      return readArn(endpoint, "firehose", "Firehose endpoint ARN");
    case "application":
      return readArn(endpoint, "sns", "Application endpoint arn invalid");
  }
}

/** Throws when the topic can not have such a subscription. */
export function checkFits(
  topic: TopicRecord,
  protocol: SubscriptionProtocol,
  endpoint: string,
): void {
  if (topic.isFifo && protocol !== "sqs") {
    throw invalidParameter(`Invalid protocol type: ${protocol}`);
  }
  if (!topic.isFifo && protocol === "sqs" && endpoint.endsWith(".fifo")) {
    throw invalidParameter(
      "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
    );
  }
  if (isLargeMessageTopic(topic) && !LARGE_MESSAGE_PROTOCOLS.has(protocol)) {
    throw invalidParameter(
      `Protocol Reason: ${protocol} is not supported for topics with MaximumMessageSize above ${LIMITS.messageBytes}`,
    );
  }
}

/** How many subscriptions a topic may have; undefined when it has no limit of its own. */
export function subscriptionLimit(topic: TopicRecord): number | undefined {
  if (topic.isFifo) return LIMITS.fifoSubscriptions;
  return isLargeMessageTopic(topic) ? LIMITS.largeMessageSubscriptions : undefined;
}

function readUrl(protocol: "http" | "https", endpoint: string): string {
  if (!endpoint.startsWith(`${protocol}://`)) {
    throw invalidParameter("Endpoint must match the specified protocol");
  }
  if (!URL.canParse(endpoint)) throw invalidParameter("Endpoint Reason: not a URL");
  return endpoint;
}

function readSmsEndpoint(endpoint: string): string {
  const number = phoneNumberOf(endpoint);
  if (number === undefined) throw invalidSmsEndpoint(endpoint);
  return number;
}

function readArn(endpoint: string, service: string, reason: string): string {
  if (parseArn(endpoint)?.service !== service) throw invalidParameter(reason);
  return endpoint;
}
