import { assert } from "../../kernel/errors.ts";
import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import type { Key } from "../../kernel/tuple.ts";
import type { TimerHandler, WorkQueue } from "../../kernel/work.ts";
import { backlogKindOf } from "./backlog-kind.ts";
import type { Scope } from "./backlog.ts";
import { withoutPlace } from "./dead-letter.ts";
import { LATEST_MOVE_TASK, MOVE_TASK } from "./keys.ts";
import { BACKGROUND_CHUNK, HELD_PAUSE_MS, LIMITS } from "./limits.ts";
import type { MessageRecord } from "./message.ts";
import type { Positions } from "./position.ts";
import { invalidParameter, resourceNotFound } from "./errors.ts";
import { addressOfArn, findQueue } from "./queue.ts";
import type { QueueAddress, QueueRecord } from "./queue.ts";

const MOVE = "sqs.move";
/** Why tasks fail: there is no queue to move to, and a message was never dead-lettered. */
const NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue";
const NO_SOURCE = "CouldNotDetermineMessageSource";
/** Chunks per second of a task with a rate, so that it moves evenly. */
const CHUNKS_PER_SECOND = 5;

/** A task that moves messages out of a dead-letter queue. */
export interface MoveTaskRecord {
  readonly id: string;
  readonly sourceArn: string;
  /** Where to; absent when each message goes back to the queue it came from. */
  readonly destinationArn?: string;
  readonly messagesPerSecond?: number;
  readonly status: "RUNNING" | "COMPLETED" | "CANCELLING" | "CANCELLED" | "FAILED";
  readonly moved: number;
  readonly toMove: number;
  readonly startedAtMs: number;
  readonly failureReason?: string;
}

interface LatestTaskRecord {
  readonly isActive: boolean;
}

interface MovePayload {
  readonly source: QueueAddress;
  readonly startedAtMs: number;
}

interface MoveDeps {
  readonly work: WorkQueue;
  readonly now: () => number;
  readonly positions: Positions;
  /** A message id that is new. */
  readonly newId: () => string;
}

/** The queue of an ARN. Throws InvalidParameterValue for what is none, ResourceNotFoundException. */
export async function queueOfArn(
  reader: Reader,
  arn: string | undefined,
  parameter: string,
): Promise<QueueRecord> {
  const address = arn === undefined ? undefined : addressOfArn(arn);
  if (address === undefined) {
    throw invalidParameter(
      `You must use this format to specify the ${parameter}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>`,
    );
  }
  const queue = await findQueue(reader, address);
  if (queue !== undefined) return queue;
  throw resourceNotFound(
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
  );
}

/** Starts a task; its messages are moved in the background, also after a restart. */
export async function startMoveTask(
  tx: Tx,
  work: WorkQueue,
  start: { readonly task: MoveTaskRecord; readonly source: QueueRecord },
): Promise<void> {
  const { task, source } = start;
  const { accountId, region, name } = source;
  putTask(tx, source, task);
  await forgetOldTasks(tx, source);
  const payload: MovePayload = {
    source: { accountId, region, name },
    startedAtMs: task.startedAtMs,
  };
  await work.schedule(tx, { kind: MOVE, id: task.id, dueAtMs: task.startedAtMs, payload });
}

/** The tasks of a queue, the latest first. */
export async function listMoveTasks(
  reader: Reader,
  source: QueueAddress,
  limit: number,
): Promise<MoveTaskRecord[]> {
  const { accountId, region, name } = source;
  const range = MOVE_TASK.below(accountId, region, name);
  const entries = await reader.range(range, { limit, reverse: true });
  return entries.map((entry) => decodeRecord<MoveTaskRecord>(entry.value));
}

/** Writes a move task's record, and whether its queue has an active one. */
export function putTask(tx: Tx, source: QueueAddress, task: MoveTaskRecord): void {
  const { accountId, region, name } = source;
  tx.put(MOVE_TASK.key(accountId, region, name, task.startedAtMs, task.id), encodeRecord(task));
  const isActive = task.status === "RUNNING" || task.status === "CANCELLING";
  tx.put(latestKey(source), encodeRecord({ isActive } satisfies LatestTaskRecord));
}

/** Whether a task of a queue runs or is being cancelled. */
export async function hasActiveTask(reader: Reader, source: QueueAddress): Promise<boolean> {
  const value = await reader.get(latestKey(source));
  return value !== undefined && decodeRecord<LatestTaskRecord>(value).isActive;
}

/** Forgets all tasks of a queue, which is deleted; one that runs moves nothing more. */
export async function forgetTasks(tx: Tx, source: QueueAddress): Promise<void> {
  const { accountId, region, name } = source;
  // Read first: when a task is started or ends while they are listed, all of this runs again.
  if ((await tx.get(latestKey(source))) !== undefined) tx.delete(latestKey(source));
  const range = MOVE_TASK.below(accountId, region, name);
  for (const { key } of await tx.range(range, { limit: BACKGROUND_CHUNK })) tx.delete(key);
}

/** The handle that callers hold. */
export function encodeTaskHandle(task: MoveTaskRecord): string {
  const { id, sourceArn, startedAtMs } = task;
  return Buffer.from(JSON.stringify({ taskId: id, sourceArn, startedAtMs })).toString("base64");
}

/** Reads a handle; undefined for what is none. */
export function decodeTaskHandle(
  handle: string,
): (TaskName & { readonly source: QueueAddress }) | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(handle, "base64").toString("utf8"));
    if (parsed === null || typeof parsed !== "object") return undefined;
    const { taskId: id, sourceArn, startedAtMs }: Partial<Record<string, unknown>> = { ...parsed };
    const source = typeof sourceArn === "string" ? addressOfArn(sourceArn) : undefined;
    if (typeof id !== "string" || source === undefined) return undefined;
    if (typeof startedAtMs !== "number" || !Number.isSafeInteger(startedAtMs)) return undefined;
    return { id, source, startedAtMs: Math.max(0, startedAtMs) };
  } catch {
    return undefined;
  }
}

/** Moves one chunk each time it is due, and makes itself due again until the queue is empty. */
export function moveHandlers(deps: MoveDeps): Record<string, TimerHandler> {
  return {
    [MOVE]: {
      kind: "timer",
      fire: async (tx, item) => {
        // Written by startMoveTask.
        const { source, startedAtMs } = item.payload as MovePayload;
        const task = await findTask(tx, source, { id: item.id, startedAtMs });
        if (task === undefined) return;
        const nowMs = deps.now();
        const { next, pauseMs } = await moveChunk(tx, task, { ...deps, source, nowMs });
        putTask(tx, source, next);
        if (next.status !== "RUNNING") return;
        const dueAtMs = nowMs + pauseMs;
        await deps.work.schedule(tx, { kind: MOVE, id: item.id, dueAtMs, payload: item.payload });
      },
    },
  };
}

interface Moving extends Omit<MoveDeps, "now"> {
  readonly source: QueueAddress;
  readonly nowMs: number;
}

/** What a task is after a chunk, and how long it waits before the next one. */
interface MovedChunk {
  readonly next: MoveTaskRecord;
  readonly pauseMs: number;
}

async function moveChunk(tx: Tx, task: MoveTaskRecord, moving: Moving): Promise<MovedChunk> {
  if (task.status === "CANCELLING") return ended({ ...task, status: "CANCELLED" });
  const source = await findQueue(tx, moving.source);
  if (source === undefined) return failed(task, NO_QUEUE);
  const { nowMs, positions, work } = moving;
  const scope: Scope = { tx, queue: source, nowMs, positions, work };
  const limit = chunkOf(task.messagesPerSecond);
  const destination = await fixedDestination(tx, task);
  if (destination === "missing") return failed(task, NO_QUEUE);
  const targets = new Map<string, QueueRecord | undefined>();
  const findTarget = async (message: MessageRecord): Promise<QueueRecord | undefined> => {
    const target = destination ?? (await targetOf(tx, message, targets));
    return target?.isFifo === source.isFifo ? target : undefined;
  };
  const mayTake = async (message: MessageRecord): Promise<boolean> =>
    (await findTarget(message)) !== undefined;
  const taken = await backlogKindOf(source).take(scope, { limit, mayTake });
  const { messages, stoppedBy, left } = taken;
  for (const message of messages) {
    const target = await findTarget(message);
    assert(target, "a message that is moved has somewhere to go");
    const moved = movedMessage(message, moving);
    await backlogKindOf(target).enqueue({ ...scope, queue: target }, moved, 0);
  }
  const moved = task.moved + messages.length;
  if (stoppedBy !== undefined) {
    const reason = stoppedBy.deadLetterSource === undefined ? NO_SOURCE : NO_QUEUE;
    return failed({ ...task, moved }, reason);
  }
  if (left === "nothing") return ended({ ...task, moved, status: "COMPLETED" });
  const pauseMs = Math.max(pauseOf(task.messagesPerSecond), left === "held" ? HELD_PAUSE_MS : 0);
  return { next: { ...task, moved }, pauseMs };
}

/**
 * A message as it enters the queue it is moved to: a new one, with its own id and time (developer
 * guide, "Learn how to configure a dead-letter queue redrive").
 */
function movedMessage(message: MessageRecord, { nowMs, newId }: Moving): MessageRecord {
  const {
    deadLetterSource: _source,
    earlierReceives: _receives,
    firstReceivedAtMs: _first,
    ...kept
  } = withoutPlace(message);
  return { ...kept, id: newId(), sentAtMs: nowMs };
}

async function fixedDestination(
  tx: Tx,
  task: MoveTaskRecord,
): Promise<QueueRecord | "missing" | undefined> {
  if (task.destinationArn === undefined) return undefined;
  const address = addressOfArn(task.destinationArn);
  return (address && (await findQueue(tx, address))) ?? "missing";
}

async function targetOf(
  tx: Tx,
  message: MessageRecord,
  known: Map<string, QueueRecord | undefined>,
): Promise<QueueRecord | undefined> {
  const arn = message.deadLetterSource ?? "";
  if (!known.has(arn)) {
    const address = addressOfArn(arn);
    known.set(arn, address && (await findQueue(tx, address)));
  }
  return known.get(arn);
}

/** What tells a task from others of its queue. */
type TaskName = Pick<MoveTaskRecord, "id" | "startedAtMs">;

/** A task by its name; undefined when there is none. */
export async function findTask(
  reader: Reader,
  { accountId, region, name }: QueueAddress,
  { id, startedAtMs }: TaskName,
): Promise<MoveTaskRecord | undefined> {
  const value = await reader.get(MOVE_TASK.key(accountId, region, name, startedAtMs, id));
  return value && decodeRecord<MoveTaskRecord>(value);
}

async function forgetOldTasks(tx: Tx, { accountId, region, name }: QueueAddress): Promise<void> {
  const range = MOVE_TASK.below(accountId, region, name);
  const entries = await tx.range(range, { limit: 2 * LIMITS.moveTasksListed, reverse: true });
  for (const { key } of entries.slice(LIMITS.moveTasksListed)) tx.delete(key);
}

function latestKey({ accountId, region, name }: QueueAddress): Key {
  return LATEST_MOVE_TASK.key(accountId, region, name);
}

function failed(task: MoveTaskRecord, failureReason: string): MovedChunk {
  return ended({ ...task, status: "FAILED", failureReason });
}

function ended(next: MoveTaskRecord): MovedChunk {
  return { next, pauseMs: 0 };
}

function chunkOf(messagesPerSecond: number | undefined): number {
  if (messagesPerSecond === undefined) return BACKGROUND_CHUNK;
  return Math.max(1, Math.floor(messagesPerSecond / CHUNKS_PER_SECOND));
}

function pauseOf(messagesPerSecond: number | undefined): number {
  if (messagesPerSecond === undefined) return 0;
  return Math.ceil((chunkOf(messagesPerSecond) / messagesPerSecond) * 1_000);
}
