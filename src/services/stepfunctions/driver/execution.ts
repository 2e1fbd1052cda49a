import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Reader, Tx } from "../../../kernel/store.ts";
import type { Key } from "../../../kernel/tuple.ts";
import { contextOf } from "../context.ts";
import type { ParsedRevision } from "../definitions.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import type { ExecutionEvent } from "../interpreter/protocol.ts";
import { initialState } from "../interpreter/state.ts";
import type { ExecutionState, Thread, ThreadData } from "../interpreter/state.ts";
import { graphAt } from "../interpreter/transition.ts";
import { EXECUTION, INBOX, PROGRESS, THREAD, THREAD_DATA } from "../keys.ts";
import type { StateMachineDefinition } from "../language/definition.ts";
import type { JsonObject } from "../language/json.ts";
import { MAX_HISTORY_EVENTS } from "../limits.ts";
import type { ExecutionRecord, ProgressRecord } from "../records.ts";

/** How many events of an inbox are read at once. */
const INBOX_PAGE = 200;
/** More threads than a history has events cannot be. */
const MAX_THREADS = MAX_HISTORY_EVENTS;

/** Something that happened, and the key it waits at until its transition commits. */
export interface InboxEntry {
  readonly key: Key;
  readonly event: ExecutionEvent;
}

/** The oldest of what happened to an execution. */
export interface Inbox {
  inbox: InboxEntry[];
  /** Whether there may be more than was read at once. */
  hasMore: boolean;
}

/** An execution in memory, as of one commit. */
export interface Execution extends Inbox {
  readonly record: ExecutionRecord;
  readonly revision: ParsedRevision;
  /** What it runs: the machine's definition, or a Distributed Map's processor of it. */
  readonly definition: StateMachineDefinition;
  /** `Execution` and `StateMachine` of its context object. */
  readonly context: JsonObject;
  progress: ProgressRecord;
  readonly state: ExecutionState;
}

type ThreadRecord = Omit<Thread, "data" | "parent"> & { readonly parent?: number };

/** Reads an execution; undefined when there is none. */
export async function loadExecution(
  engine: Engine,
  reader: Reader,
  uid: string,
): Promise<Execution | undefined> {
  const [recordValue, progressValue, rootHead, rootData] = await reader.getMany([
    EXECUTION.key(uid),
    PROGRESS.key(uid),
    THREAD.key(uid, 0),
    THREAD_DATA.key(uid, 0),
  ]);
  if (recordValue === undefined || progressValue === undefined) return undefined;
  const record = decodeRecord<ExecutionRecord>(recordValue);
  const progress = decodeRecord<ProgressRecord>(progressValue);
  const revision = await revisionOf(engine, reader, record);
  const { lastEvent, nextThread, nextWait } = progress;
  const definition = definitionOf(record, revision);
  let threads: Map<number, Thread>;
  // An Express one runs in memory, from its input to its end; most others never have a second thread.
  if (record.type === "EXPRESS") {
    ({ threads } = initialState(definition.startAt, JSON.parse(record.input)));
  } else if (nextThread === 1) threads = threadsOf([rootHead], [rootData]);
  else threads = await loadThreads(reader, uid);
  const inbox = await loadInbox(reader, uid);
  const state = { lastEvent, nextThread, nextWait, threads };
  const context = contextOf(record, progress, revision.record.roleArn);
  return {
    record,
    revision,
    definition,
    context,
    progress,
    state,
    ...inbox,
  };
}

/** An execution as it is before it starts. */
export function newExecution(record: ExecutionRecord, revision: ParsedRevision): Execution {
  const definition = definitionOf(record, revision);
  const state = initialState(definition.startAt, JSON.parse(record.input));
  const { lastEvent, nextThread, nextWait } = state;
  const progress: ProgressRecord = {
    status: "RUNNING",
    commit: 0,
    lastEvent,
    nextThread,
    nextWait,
    redriveCount: 0,
    hasDeadline: false,
  };
  const context = contextOf(record, progress, revision.record.roleArn);
  return { record, revision, definition, context, progress, state, inbox: [], hasMore: false };
}

function definitionOf(
  { mapRun }: ExecutionRecord,
  { definition }: ParsedRevision,
): StateMachineDefinition {
  return mapRun === undefined
    ? definition
    : { ...definition, ...graphAt(definition, mapRun.graph) };
}

/** What happened to an execution and was not yet taken in, oldest first. */
export async function loadInbox(reader: Reader, uid: string): Promise<Inbox> {
  const entries = await reader.range(INBOX.below(uid), { limit: INBOX_PAGE });
  const inbox = entries.map(({ key, value }) => ({
    key,
    event: decodeRecord<ExecutionEvent>(value),
  }));
  return { inbox, hasMore: entries.length === INBOX_PAGE };
}

/** Writes a thread as it is now, or deletes it when it is gone. */
export function saveThread(tx: Tx, uid: string, { id, thread, hasNewData }: ThreadChange): void {
  if (thread === undefined) {
    tx.delete(THREAD.key(uid, id));
    tx.delete(THREAD_DATA.key(uid, id));
    return;
  }
  const { data, parent, ...rest } = thread;
  const head: ThreadRecord = { ...rest, ...(parent !== undefined && { parent }) };
  tx.put(THREAD.key(uid, id), encodeRecord(head));
  if (hasNewData) tx.put(THREAD_DATA.key(uid, id), encodeRecord(data));
}

/** A thread to be written. */
export interface ThreadChange {
  readonly id: number;
  readonly thread: Thread | undefined;
  readonly hasNewData: boolean;
}

async function loadThreads(reader: Reader, uid: string): Promise<Map<number, Thread>> {
  const heads = await reader.range(THREAD.below(uid), { limit: MAX_THREADS });
  const bodies = await reader.range(THREAD_DATA.below(uid), { limit: MAX_THREADS });
  return threadsOf(
    heads.map(({ value }) => value),
    bodies.map(({ value }) => value),
  );
}

function threadsOf(
  heads: readonly (Uint8Array | undefined)[],
  bodies: readonly (Uint8Array | undefined)[],
): Map<number, Thread> {
  const threads = new Map<number, Thread>();
  for (const [index, value] of heads.entries()) {
    if (value === undefined) continue;
    const head = decodeRecord<ThreadRecord>(value);
    const body = bodies[index];
    const data: ThreadData = body ? decodeRecord<ThreadData>(body) : { input: null, variables: {} };
    threads.set(head.id, { ...head, parent: head.parent, data });
  }
  return threads;
}
