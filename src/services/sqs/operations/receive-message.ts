import type { ReceiveMessageRequest, ReceiveMessageResult } from "@aws-sdk/client-sqs";
import { conversation } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import { isAttributeName } from "../attributes.ts";
import { backlogKindOf } from "../backlog-kind.ts";
import { nextVisibleAtMs } from "../backlog.ts";
import type { Scope } from "../backlog.ts";
import { scopeAt } from "../desk.ts";
import type { Desk } from "../desk.ts";
import { invalidParameter, invalidValue } from "../errors.ts";
import { awaitPlace, isFull } from "../in-flight-places.ts";
import { LIMITS } from "../limits.ts";
import { checkId, showMessage } from "../message.ts";
import type { Projection, ReceivedMessage } from "../message.ts";
import { addressOfUrl, topicOf } from "../queue.ts";
import type { QueueRecord } from "../queue.ts";
import { rememberAttempt, repeatAttempt } from "../receive-attempt.ts";

/** Receives up to 10 messages; waits for the first one as long as the call or the queue says. */
export function receiveMessage(desk: Desk): Operation<ReceiveMessageRequest, ReceiveMessageResult> {
  return conversation(async (context, input) => {
    checkInput(input);
    addressOfUrl(context, input.QueueUrl ?? "");
    const received = await receiveOrWait(desk, context, input);
    if (received.length === 0) return {};
    const projection = projectionOf(input);
    return { Messages: received.map((each) => showMessage(each, projection)) };
  });
}

interface Look {
  readonly received: ReceivedMessage[];
  readonly topic: string;
  readonly deadlineMs: number;
  /** When something that is hidden now becomes visible. */
  readonly nextVisibleAtMs?: number | undefined;
  readonly isFull?: boolean;
}

async function receiveOrWait(
  desk: Desk,
  context: Context,
  input: ReceiveMessageRequest,
): Promise<ReceivedMessage[]> {
  const { clock, waiters } = desk.deps;
  const first = await look(desk, context, { input, nowMs: context.nowMs });
  if (first.received.length > 0 || first.deadlineMs <= clock.now()) return first.received;
  using waiter = waiters.enter(first.topic);
  let place = first.isFull === true ? awaitPlace(desk, first.topic) : undefined;
  try {
    for (;;) {
      // The waiter stands before it looks, so that what arrives meanwhile wakes it.
      const found = await look(desk, context, { input, nowMs: clock.now() });
      if (found.received.length > 0) return found.received;
      if (found.isFull === true && place === undefined) {
        place = awaitPlace(desk, first.topic);
        continue;
      }
      if (found.nextVisibleAtMs !== undefined) waiter.wakeAt(found.nextVisibleAtMs);
      const end = await waiter.woken(first.deadlineMs, context.signal);
      if (end !== "woken") return [];
    }
  } finally {
    place?.[Symbol.dispose]();
  }
}

function look(
  desk: Desk,
  context: Context,
  { input, nowMs }: { readonly input: ReceiveMessageRequest; readonly nowMs: number },
): Promise<Look> {
  return desk.deps.store.transact(async (tx) => {
    const scope = await scopeAt(desk, context, { tx, url: input.QueueUrl, nowMs });
    const { queue } = scope;
    const waitSeconds = waitSecondsOf(queue, input);
    const deadlineMs = nowMs + waitSeconds * 1_000;
    const received = context.signal.aborted
      ? []
      : await receive(desk, scope, { input, requestId: context.requestId });
    const topic = topicOf(queue);
    if (received.length > 0 || waitSeconds === 0) return { received, topic, deadlineMs };
    const nextAtMs = await nextVisibleAtMs(tx, queue);
    // Nothing is in flight while nothing is hidden.
    const full = nextAtMs !== undefined && (await isFull(tx, queue));
    return { received, topic, deadlineMs, nextVisibleAtMs: nextAtMs, isFull: full };
  });
}

function waitSecondsOf(queue: QueueRecord, input: ReceiveMessageRequest): number {
  return input.WaitTimeSeconds ?? queue.receiveMessageWaitTimeSeconds;
}

async function receive(
  desk: Desk,
  scope: Scope,
  { input, requestId }: { readonly input: ReceiveMessageRequest; readonly requestId: string },
): Promise<ReceivedMessage[]> {
  const { queue, nowMs } = scope;
  const visibilitySeconds = input.VisibilityTimeout ?? queue.visibilityTimeout;
  const request = {
    limit: input.MaxNumberOfMessages ?? 1,
    visibilityMs: visibilitySeconds * 1_000,
    // "If you use long polling, Amazon SQS returns no error messages" (standard queue quotas).
    whenFull: waitSecondsOf(queue, input) > 0 ? "answer nothing" : "refuse",
  } as const;
  const attemptId = queue.isFifo ? input.ReceiveRequestAttemptId : undefined;
  if (attemptId !== undefined) {
    const repeated = await repeatAttempt(scope, attemptId, request);
    if (repeated !== undefined) return repeated;
  }
  const received = await backlogKindOf(queue).receive(scope, request);
  if (received.length === 0) return received;
  desk.quotas.count(queue, "receive", {
    requestId,
    nowMs,
    groups: received.map(({ message }) => message.group ?? ""),
  });
  if (attemptId !== undefined) {
    rememberAttempt(scope, attemptId, { received, visibilityMs: request.visibilityMs });
  }
  return received;
}

function checkInput(input: ReceiveMessageRequest): void {
  const { MaxNumberOfMessages: most = 1, WaitTimeSeconds: wait = 0 } = input;
  const visibility = input.VisibilityTimeout ?? 0;
  if (!isWithin(most, 1, LIMITS.receiveMessages)) {
    throw invalidValue("MaxNumberOfMessages", most, "Must be between 1 and 10, if provided.");
  }
  if (!isWithin(wait, 0, LIMITS.waitSeconds)) {
    throw invalidValue("WaitTimeSeconds", wait, "Must be >= 0 and <= 20, if provided.");
  }
  if (!isWithin(visibility, 0, LIMITS.visibilitySeconds)) {
    throw invalidValue("VisibilityTimeout", visibility, "Must be >= 0 and <= 43200, if provided.");
  }
  if (input.ReceiveRequestAttemptId !== undefined) {
    const most = LIMITS.receiveAttemptIdLength;
    checkId("ReceiveRequestAttemptId", input.ReceiveRequestAttemptId, most);
  }
  for (const name of systemNamesOf(input)) {
    // A typed client has names of queue attributes alone for AttributeNames; they show nothing.
    if (SYSTEM_NAMES.has(name) || isAttributeName(name, true)) continue;
    throw invalidParameter(`Unknown Attribute ${name}.`);
  }
}

/** Names that AttributeNames and MessageSystemAttributeNames take. */
const SYSTEM_NAMES = new Set([
  "All",
  "SenderId",
  "SentTimestamp",
  "ApproximateReceiveCount",
  "ApproximateFirstReceiveTimestamp",
  "SequenceNumber",
  "MessageDeduplicationId",
  "MessageGroupId",
  "AWSTraceHeader",
  "DeadLetterQueueSourceArn",
]);

function systemNamesOf(input: ReceiveMessageRequest): string[] {
  return [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
}

function projectionOf(input: ReceiveMessageRequest): Projection {
  return {
    attributeNames: input.MessageAttributeNames ?? [],
    systemAttributeNames: systemNamesOf(input),
  };
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
