import type { SubscribeInput, SubscribeResponse } from "@aws-sdk/client-sns";
import { ServiceError } from "../../../kernel/errors.ts";
import { conversation } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import type { Tx } from "../../../kernel/store.ts";
import { newToken, sendToken } from "../confirmation.ts";
import {
  checkFits,
  mustConfirm,
  readEndpoint,
  readProtocol,
  subscriptionLimit,
} from "../endpoint.ts";
import {
  amongAttributes,
  filterPolicyLimitExceeded,
  invalidAttributes,
  invalidParameter,
  subscriptionLimitExceeded,
} from "../errors.ts";
import { TOPIC_COUNT } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import { findEndpoint } from "../mobile/platform.ts";
import { scheduleReplay, startReplay } from "../publish/replay.ts";
import type { Having, Sns } from "../sns.ts";
import {
  addSubscription,
  findByEndpoint,
  replaceSubscription,
  subscriptionArn,
} from "../subscription.ts";
import type { SubscriptionRecord } from "../subscription.ts";
import {
  checkDeadLetterQueue,
  checkSubscriptionAttributes,
  hasAttributes,
  isSubscriptionAttribute,
  withSubscriptionAttribute,
} from "../subscription-attributes.ts";
import type { SubscriptionAttributes } from "../subscription-attributes.ts";
import { isLargeMessageTopic, requireTopic } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";

type Input = Having<SubscribeInput, "TopicArn" | "Protocol">;

/** What is asked for, checked as far as it goes without the topic. */
interface Wanted {
  readonly protocol: SubscriptionRecord["protocol"];
  readonly endpoint: string;
  readonly attributes: SubscriptionAttributes;
}

/** Subscribe: confirmed at once, or pending until the endpoint has sent its token back. */
export function subscribe(sns: Sns): Operation<Input, SubscribeResponse> {
  return conversation(async (context, input) => {
    const wanted = readWanted(input);
    const subscription = await sns.deps.store.transact((tx) =>
      subscribeWithin(sns, tx, { context, topicArn: input.TopicArn, wanted }),
    );
    const showsArn = !subscription.isPending || input.ReturnSubscriptionArn === true;
    return { SubscriptionArn: showsArn ? subscriptionArn(subscription) : "pending confirmation" };
  });
}

function readWanted(input: Input): Wanted {
  const protocol = readProtocol(input.Protocol);
  const endpoint = readEndpoint(protocol, input.Endpoint);
  let attributes: SubscriptionAttributes = {};
  for (const [name, value] of Object.entries(input.Attributes ?? {})) {
    if (!isSubscriptionAttribute(name)) throw invalidAttributes(`Unknown attribute ${name}`);
    attributes = withSubscriptionAttribute(attributes, name, value);
  }
  amongAttributes(() => checkSubscriptionAttributes(attributes, protocol));
  if (protocol === "firehose" && attributes["SubscriptionRoleArn"] === undefined) {
    throw invalidParameter(
      "Delivery protocol firehose can only be subscribed with subscription role arn",
    );
  }
  return { protocol, endpoint, attributes };
}

/** A Lambda function must be there to be subscribed. */
async function checkFunction(sns: Sns, tx: Tx, endpoint: string): Promise<void> {
  try {
    await sns.deps.targets.check(tx, endpoint);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw invalidParameter(`Endpoint Reason: ${error.message}`);
  }
}

interface Request {
  readonly context: Context;
  readonly topicArn: string;
  readonly wanted: Wanted;
}

async function subscribeWithin(sns: Sns, tx: Tx, request: Request): Promise<SubscriptionRecord> {
  const { context, wanted } = request;
  const topic = await requireTopic(tx, request.topicArn, context.caller);
  checkFits(topic, wanted.protocol, wanted.endpoint);
  amongAttributes(() => checkDeadLetterQueue(topic, wanted.attributes));
  const existing = await findByEndpoint(tx, topic.id, wanted);
  if (existing !== undefined) return subscribeAgain(sns, tx, { ...request, topic, existing });
  if (wanted.protocol === "application") await checkDevice(tx, wanted.endpoint);
  if (wanted.protocol === "lambda") await checkFunction(sns, tx, wanted.endpoint);
  await checkQuotas(sns, tx, topic, wanted);
  const isPending = mustConfirm(context.caller.accountId, wanted.protocol, wanted.endpoint);
  const token = isPending ? newToken(sns) : undefined;
  const policy = wanted.attributes["ReplayPolicy"];
  const replay = policy === undefined ? undefined : startReplay(sns, topic, policy);
  const { accountId, region, name } = topic;
  const subscription: SubscriptionRecord = {
    ...wanted,
    id: sns.deps.random.uuid(),
    topicId: topic.id,
    topic: { accountId, region, name },
    ownerId: context.caller.accountId,
    isPending,
    wasAuthenticated: !isPending,
    authenticateOnUnsubscribe: false,
    createdAtMs: context.nowMs,
    ...(token === undefined ? {} : { token }),
    ...(replay === undefined ? {} : { replay }),
  };
  addSubscription(tx, topic, subscription);
  if (replay !== undefined) await scheduleReplay(sns, tx, subscription);
  if (token !== undefined) await askForConfirmation(sns, tx, subscription, { token, context });
  return subscription;
}

async function checkDevice(tx: Tx, arn: string): Promise<void> {
  if ((await findEndpoint(tx, arn)) !== undefined) return;
  throw invalidParameter(`Endpoint Reason: Endpoint does not exist for endpoint ${arn}`);
}

/** The same again is no change; who has not confirmed yet is asked again. */
async function subscribeAgain(
  sns: Sns,
  tx: Tx,
  {
    context,
    wanted,
    topic,
    existing,
  }: Request & { readonly topic: TopicRecord; readonly existing: SubscriptionRecord },
): Promise<SubscriptionRecord> {
  if (!hasAttributes(existing, wanted.attributes)) {
    throw invalidAttributes("Subscription already exists with different attributes");
  }
  if (!existing.isPending) return existing;
  if (!mustConfirm(context.caller.accountId, wanted.protocol, wanted.endpoint)) {
    // The owner of a queue that another account subscribed: to subscribe it is to confirm.
    const confirmed: SubscriptionRecord = { ...existing, isPending: false, wasAuthenticated: true };
    replaceSubscription(tx, topic, existing, confirmed);
    return confirmed;
  }
  const token = newToken(sns);
  const asked: SubscriptionRecord = { ...existing, token };
  replaceSubscription(tx, topic, existing, asked);
  await askForConfirmation(sns, tx, asked, { token, context });
  return asked;
}

async function askForConfirmation(
  sns: Sns,
  tx: Tx,
  subscription: SubscriptionRecord,
  { token, context }: { readonly token: string; readonly context: Context },
): Promise<void> {
  const { requestId } = context;
  await sendToken(sns, tx, subscription, { token, type: "SubscriptionConfirmation", requestId });
}

async function checkQuotas(sns: Sns, tx: Tx, topic: TopicRecord, wanted: Wanted): Promise<void> {
  const enforced = sns.deps.settings.enforceQuotas;
  const limit = subscriptionLimit(topic) ?? (enforced ? LIMITS.subscriptions : undefined);
  if (limit !== undefined) {
    const confirmed = await tx.sum(TOPIC_COUNT.key(topic.id, "confirmed"));
    const pending = await tx.sum(TOPIC_COUNT.key(topic.id, "pending"));
    if (confirmed + pending >= limit) {
      throw isLargeMessageTopic(topic)
        ? invalidParameter(`A topic with large messages has at most ${limit} subscriptions`)
        : subscriptionLimitExceeded();
    }
  }
  if (!enforced || wanted.attributes["FilterPolicy"] === undefined) return;
  const filtered = await tx.sum(TOPIC_COUNT.key(topic.id, "filtered"));
  if (filtered >= LIMITS.filterPoliciesPerTopic) throw filterPolicyLimitExceeded();
}
