import { ServiceError } from "../../../kernel/errors.ts";
import type { Tx } from "../../../kernel/store.ts";
import { deliveryAttributes, fifoFields, putDeadLetter } from "./dead-letter.ts";
import type { Failure } from "./dead-letter.ts";
import { DELIVER_WORK, enqueueDelivery } from "./waiting.ts";
import { LIMITS } from "../limits.ts";
import { bodyFor, sentAttributes } from "../message.ts";
import { envelopeFor, isTargetProtocol } from "../publish/outgoing.ts";
import type { Outgoing } from "../publish/outgoing.ts";
import { isReplaying, takesLiveMessages } from "../publish/replay-state.ts";
import type { Route } from "../publish/routes.ts";
import type { Sns } from "../sns.ts";
import { logStatus, wantsStatus } from "./status-log.ts";

/** Whether a message that is published now goes to a route. */
export function wants(route: Route, sending: Outgoing): boolean {
  return takesLiveMessages(route.subscription) && route.accepts(sending.view);
}

/** Whether a message of the archive goes to a route. */
export function wantsReplayed(route: Route, sending: Outgoing): boolean {
  return isReplaying(route.subscription) && route.accepts(sending.view);
}

/**
 * Gives a message to a route that wants it: to a target at once, in this transaction; to the
 * outside world as a delivery that waits. A target that refuses has given its final answer: the
 * message goes to the dead-letter queue in the same transaction.
 */
export function deliver(sns: Sns, tx: Tx, sending: Outgoing, route: Route): Promise<void> {
  const { subscription } = route;
  if (isTargetProtocol(subscription.protocol)) return deliverToTarget(sns, tx, sending, route);
  return enqueueDelivery(sns, tx, subscription, {
    type: "Notification",
    message: sending.message,
    subscriptionArn: route.arn,
    topicArn: sending.topicArn,
    destination: { protocol: subscription.protocol, endpoint: subscription.endpoint },
  });
}

/** Fetches together what deliveries to many routes will read. */
export async function prefetchDeliveries(
  { deps }: Sns,
  tx: Tx,
  routes: readonly Route[],
): Promise<void> {
  if (tx.prefetch === undefined || routes.length < 2) return;
  const subscriptions = routes.map(({ subscription }) => subscription);
  const targets = subscriptions.filter(({ protocol }) => isTargetProtocol(protocol));
  const others = subscriptions.filter(({ protocol }) => !isTargetProtocol(protocol));
  await Promise.all([
    deps.targets.prefetch(
      tx,
      targets.map(({ endpoint }) => endpoint),
    ),
    deps.work.prefetch(
      tx,
      DELIVER_WORK,
      others.map(({ id }) => id),
    ),
  ]);
}

async function deliverToTarget(sns: Sns, tx: Tx, sending: Outgoing, route: Route): Promise<void> {
  const { subscription, isRaw } = route;
  const { message } = sending;
  const body = isRaw
    ? bodyFor(message, subscription.protocol)
    : await envelopeFor(sns, tx, sending, route);
  const failure = refusalOf(route, sending) ?? (await handOver(sns, tx, sending, { route, body }));
  const outcome = failure === undefined ? "SUCCESS" : "FAILURE";
  if (failure !== undefined) {
    await putDeadLetter(sns, tx, { subscription, message, body, isRaw, failure });
  }
  if (!wantsStatus(sns, sending.topic, subscription.protocol, outcome)) return;
  tx.afterCommit(() =>
    logStatus(sns, sending.topic, {
      outcome,
      destination: subscription.endpoint,
      messageId: message.messageId,
      body: bodyFor(message, subscription.protocol),
      publishedAtMs: message.publishedAtMs,
      attempts: 1,
      statusCode: failure === undefined ? 200 : 400,
      ...(failure === undefined ? {} : { providerResponse: JSON.stringify(failure) }),
    }),
  );
}

/** Why a route can not take this message, whatever its target says. */
function refusalOf({ subscription, isRaw }: Route, { message }: Outgoing): Failure | undefined {
  const count = Object.keys(sentAttributes(message)).length;
  if (subscription.protocol === "application") {
    return {
      code: "PlatformServiceUnavailable",
      message: "No push notification service is connected to this server",
    };
  }
  if (subscription.protocol === "sqs" && isRaw && count > LIMITS.rawQueueAttributes) {
    return {
      code: "InvalidParameterValue",
      message: `Number of message attributes [${count}] exceeds the allowed maximum [${LIMITS.rawQueueAttributes}].`,
    };
  }
  return undefined;
}

async function handOver(
  sns: Sns,
  tx: Tx,
  sending: Outgoing,
  { route, body }: { readonly route: Route; readonly body: string },
): Promise<Failure | undefined> {
  const { message } = sending;
  const { endpoint, protocol } = route.subscription;
  try {
    await sns.deps.targets.deliver(tx, endpoint, {
      body,
      ...(route.isRaw ? { attributes: deliveryAttributes(sentAttributes(message)) } : {}),
      ...(protocol === "sqs" ? fifoFields(message, endpoint) : {}),
      ...(message.traceHeader === undefined ? {} : { traceHeader: message.traceHeader }),
      sourceArn: sending.topicArn,
      nowMs: sns.deps.clock.now(),
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.code === "QueueDoesNotExist") return QUEUE_IS_GONE;
    return { code: error.queryCode ?? error.code, message: error.message };
  }
}

/** What dead letters say of it, by the code of the protocol that SNS speaks to queues. */
const QUEUE_IS_GONE: Failure = {
  code: "AWS.SimpleQueueService.NonExistentQueue",
  message: "The specified queue does not exist or you do not have access to it.",
};
