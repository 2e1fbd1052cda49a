import { invalidParameter } from "../errors.ts";
import { asJsonObject, readJsonObject } from "../json-object.ts";
import type { JsonObject } from "../json-object.ts";

/**
 * When failed deliveries are tried again: "Amazon SNS message delivery retries". The phases follow
 * each other: immediate, pre-backoff at the least delay, backoff from the least to the greatest,
 * post-backoff at the greatest.
 */
export interface RetryPhases {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  /** All retries, those of the other phases included. */
  readonly numRetries: number;
  readonly numMaxDelayRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly backoffFunction: BackoffFunction;
}

/** How delays grow in the backoff phase. */
export type BackoffFunction = "arithmetic" | "exponential" | "geometric" | "linear";

/** What holds for a web hook after topic and subscription have had their say. */
export interface HttpDeliveryPolicy {
  readonly healthyRetryPolicy: RetryPhases;
  readonly maxReceivesPerSecond?: number;
  readonly headerContentType: string;
}

/** What holds for web hooks unless a policy says otherwise. */
export const DEFAULT_HTTP_PHASES: RetryPhases = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: "linear",
};
/** Email, SMS and mobile push: 50 attempts over more than 6 hours. */
export const CUSTOMER_PHASES: RetryPhases = {
  minDelayTarget: 10,
  maxDelayTarget: 600,
  numRetries: 50,
  numNoDelayRetries: 0,
  numMinDelayRetries: 2,
  numMaxDelayRetries: 38,
  backoffFunction: "exponential",
};
/** The media type with which web hooks are called unless a policy says otherwise. */
export const DEFAULT_CONTENT_TYPE = "text/plain; charset=UTF-8";

const MOST_RETRIES = 100;
const LONGEST_DELAY_SECONDS = 3_600;
/** All delays of a policy together; "a hard limit". */
const LONGEST_TOTAL_SECONDS = 3_600;
/** Media types with which a web hook can be called. */
const CONTENT_TYPES = new Set([
  "application/atom+xml",
  "application/json",
  "application/octet-stream",
  "application/soap+xml",
  "application/x-www-form-urlencoded",
  "application/xhtml+xml",
  "application/xml",
  "text/css",
  "text/csv",
  "text/html",
  "text/plain",
  "text/xml",
]);
const BACKOFFS: ReadonlySet<unknown> = new Set([
  "arithmetic",
  "exponential",
  "geometric",
  "linear",
]);

/** How long to wait after attempt number `failed` failed, in ms; undefined when it was the last. */
export function retryDelayMs(phases: RetryPhases, failed: number): number | undefined {
  const { numRetries, numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries } = phases;
  const { minDelayTarget, maxDelayTarget } = phases;
  if (failed > numRetries) return undefined;
  if (failed <= numNoDelayRetries) return 0;
  const step = failed - numNoDelayRetries - numMinDelayRetries;
  if (step <= 0) return minDelayTarget * 1_000;
  const steps = numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries;
  if (step > steps) return maxDelayTarget * 1_000;
  const fraction = steps === 1 ? 0 : (step - 1) / (steps - 1);
  return Math.round(1_000 * backoffSeconds(phases, fraction, steps));
}

/** AWS draws these curves but gives no formulas: all go from the least delay to the greatest. */
function backoffSeconds(phases: RetryPhases, fraction: number, steps: number): number {
  const { minDelayTarget: least, maxDelayTarget: greatest } = phases;
  switch (phases.backoffFunction) {
    case "linear":
      return least + (greatest - least) * fraction;
    case "arithmetic": {
      // Each step is longer than the one before by the same amount.
      const step = fraction * (steps - 1);
      return least + ((greatest - least) * step * (step + 1)) / Math.max(1, (steps - 1) * steps);
    }
    case "geometric":
      return least * (greatest / least) ** fraction;
    case "exponential": {
      const step = fraction * (steps - 1);
      return least + ((greatest - least) * (2 ** step - 1)) / Math.max(1, 2 ** (steps - 1) - 1);
    }
  }
}

/** Checks a topic's DeliveryPolicy. Throws InvalidParameter. */
export function checkTopicDeliveryPolicy(text: string): void {
  readTopicPolicy(text);
}

/** Checks a subscription's DeliveryPolicy. Throws InvalidParameter. */
export function checkSubscriptionDeliveryPolicy(text: string): void {
  readSubscriptionPolicy(text);
}

/** The policy in force for a web hook. */
export function httpDeliveryPolicy(
  topicPolicy?: string,
  subscriptionPolicy?: string,
): HttpDeliveryPolicy {
  const topic = topicPolicy === undefined ? {} : readTopicPolicy(topicPolicy);
  const own =
    subscriptionPolicy === undefined || topic.disableSubscriptionOverrides
      ? {}
      : readSubscriptionPolicy(subscriptionPolicy);
  const maxReceivesPerSecond = own.maxReceivesPerSecond ?? topic.maxReceivesPerSecond;
  return {
    healthyRetryPolicy: own.phases ?? topic.phases ?? DEFAULT_HTTP_PHASES,
    ...(maxReceivesPerSecond === undefined ? {} : { maxReceivesPerSecond }),
    headerContentType: own.headerContentType ?? topic.headerContentType ?? DEFAULT_CONTENT_TYPE,
  };
}

/** EffectiveDeliveryPolicy of a topic. */
export function effectiveTopicPolicy(topicPolicy?: string): string {
  const topic = topicPolicy === undefined ? {} : readTopicPolicy(topicPolicy);
  return JSON.stringify({
    http: {
      defaultHealthyRetryPolicy: topic.phases ?? DEFAULT_HTTP_PHASES,
      disableSubscriptionOverrides: topic.disableSubscriptionOverrides ?? false,
      ...throttle("defaultThrottlePolicy", topic.maxReceivesPerSecond),
      defaultRequestPolicy: { headerContentType: topic.headerContentType ?? DEFAULT_CONTENT_TYPE },
    },
  });
}

/** EffectiveDeliveryPolicy of a subscription. */
export function effectiveSubscriptionPolicy(
  topicPolicy?: string,
  subscriptionPolicy?: string,
): string {
  const { healthyRetryPolicy, maxReceivesPerSecond, headerContentType } = httpDeliveryPolicy(
    topicPolicy,
    subscriptionPolicy,
  );
  return JSON.stringify({
    healthyRetryPolicy,
    sicklyRetryPolicy: null,
    throttlePolicy: maxReceivesPerSecond === undefined ? null : { maxReceivesPerSecond },
    requestPolicy: { headerContentType },
    guaranteed: false,
  });
}

function throttle(name: string, maxReceivesPerSecond: number | undefined): JsonObject {
  return maxReceivesPerSecond === undefined ? {} : { [name]: { maxReceivesPerSecond } };
}

interface PolicyParts {
  readonly phases?: RetryPhases;
  readonly maxReceivesPerSecond?: number;
  readonly headerContentType?: string;
  readonly disableSubscriptionOverrides?: boolean;
}

function readTopicPolicy(text: string): PolicyParts {
  const root = readJsonObject(text, refused);
  onlyKeys(root, "", ["http"]);
  const http = object(root["http"], "http");
  onlyKeys(http, "http.", [
    "defaultHealthyRetryPolicy",
    "disableSubscriptionOverrides",
    "defaultThrottlePolicy",
    "defaultRequestPolicy",
  ]);
  const disable = http["disableSubscriptionOverrides"] ?? false;
  if (typeof disable !== "boolean")
    throw refused("http.disableSubscriptionOverrides must be a boolean");
  return {
    ...readParts(http, "http.", {
      retry: "defaultHealthyRetryPolicy",
      throttle: "defaultThrottlePolicy",
      request: "defaultRequestPolicy",
    }),
    disableSubscriptionOverrides: disable,
  };
}

function readSubscriptionPolicy(text: string): PolicyParts {
  const root = readJsonObject(text, refused);
  onlyKeys(root, "", [
    "healthyRetryPolicy",
    "throttlePolicy",
    "requestPolicy",
    "sicklyRetryPolicy",
    "guaranteed",
  ]);
  return readParts(root, "", {
    retry: "healthyRetryPolicy",
    throttle: "throttlePolicy",
    request: "requestPolicy",
  });
}

interface PartNames {
  readonly retry: string;
  readonly throttle: string;
  readonly request: string;
}

function readParts(policy: JsonObject, path: string, names: PartNames): PolicyParts {
  const retry = policy[names.retry];
  const throttled = policy[names.throttle];
  const request = policy[names.request];
  return {
    ...(retry == null
      ? {}
      : { phases: readPhases(object(retry, path + names.retry), `${path}${names.retry}.`) }),
    ...(throttled == null
      ? {}
      : readThrottle(object(throttled, path + names.throttle), `${path}${names.throttle}.`)),
    ...(request == null
      ? {}
      : readRequest(object(request, path + names.request), `${path}${names.request}.`)),
  };
}

function readPhases(retry: JsonObject, path: string): RetryPhases {
  onlyKeys(retry, path, Object.keys(DEFAULT_HTTP_PHASES));
  const read = (
    name: Exclude<keyof RetryPhases, "backoffFunction">,
    least: number,
    most: number,
  ): number => whole(retry[name] ?? DEFAULT_HTTP_PHASES[name], path + name, least, most);
  const backoffFunction = retry["backoffFunction"] ?? DEFAULT_HTTP_PHASES.backoffFunction;
  if (!isBackoff(backoffFunction)) {
    throw refused(
      `${path}backoffFunction must be one of: linear, arithmetic, geometric or exponential`,
    );
  }
  const phases: RetryPhases = {
    minDelayTarget: read("minDelayTarget", 1, LONGEST_DELAY_SECONDS),
    maxDelayTarget: read("maxDelayTarget", 1, LONGEST_DELAY_SECONDS),
    numRetries: read("numRetries", 0, MOST_RETRIES),
    numMaxDelayRetries: read("numMaxDelayRetries", 0, MOST_RETRIES),
    numNoDelayRetries: read("numNoDelayRetries", 0, MOST_RETRIES),
    numMinDelayRetries: read("numMinDelayRetries", 0, MOST_RETRIES),
    backoffFunction,
  };
  checkPhases(phases, path);
  return phases;
}

function checkPhases(phases: RetryPhases, path: string): void {
  if (phases.minDelayTarget > phases.maxDelayTarget) {
    throw refused(`${path}maxDelayTarget must be greater than or equal to minDelayTarget`);
  }
  const named = phases.numMaxDelayRetries + phases.numMinDelayRetries + phases.numNoDelayRetries;
  if (named > phases.numRetries) {
    throw refused(
      `${path}numRetries must be greater than or equal to total of numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries`,
    );
  }
  let totalMs = 0;
  for (let failed = 1; failed <= phases.numRetries; failed += 1)
    totalMs += retryDelayMs(phases, failed) ?? 0;
  if (totalMs > LONGEST_TOTAL_SECONDS * 1_000) {
    throw refused(
      `${path.slice(0, -1)} must not retry for more than ${LONGEST_TOTAL_SECONDS} seconds in total`,
    );
  }
}

function readThrottle(throttled: JsonObject, path: string): PolicyParts {
  onlyKeys(throttled, path, ["maxReceivesPerSecond"]);
  const value = throttled["maxReceivesPerSecond"];
  if (value == null) return {};
  if (typeof value === "number" && value < 1) {
    throw refused(`${path}maxReceivesPerSecond must be >= 1`);
  }
  return {
    maxReceivesPerSecond: whole(value, `${path}maxReceivesPerSecond`, 1, Number.MAX_SAFE_INTEGER),
  };
}

function readRequest(request: JsonObject, path: string): PolicyParts {
  onlyKeys(request, path, ["headerContentType"]);
  const value = request["headerContentType"];
  if (value == null) return {};
  const [media = "", ...parameters] = typeof value === "string" ? value.split(";") : [];
  const isKnown = CONTENT_TYPES.has(media.trim().toLowerCase());
  const isPlain = parameters.every((each) => /^\s*charset\s*=\s*"?utf-8"?\s*$/i.test(each));
  if (typeof value !== "string" || !isKnown || !isPlain) {
    throw refused(`${path}headerContentType is not a supported content type`);
  }
  return { headerContentType: value };
}

function object(value: unknown, path: string): JsonObject {
  const found = asJsonObject(value);
  if (found === undefined) throw refused(`${path} must be a JSON object`);
  return found;
}

function onlyKeys(value: JsonObject, path: string, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) throw refused(`Unexpected JSON member: ${path}${key}`);
  }
}

function whole(value: unknown, path: string, least: number, most: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value))
    throw refused(`${path} must be an integer`);
  if (value < least) throw refused(`${path} must be greater than or equal to ${least}`);
  if (value > most) throw refused(`${path} must be less than or equal to ${most}`);
  return value;
}

function isBackoff(value: unknown): value is BackoffFunction {
  return BACKOFFS.has(value);
}

function refused(reason: string): Error {
  return invalidParameter(`DeliveryPolicy: ${reason}`);
}
