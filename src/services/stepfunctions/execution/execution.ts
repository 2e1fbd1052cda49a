import { decodeRecord } from "../../../kernel/record.ts";
import type { Reader } from "../../../kernel/store.ts";
import type { Key } from "../../../kernel/tuple.ts";
import { contextOf } from "../context.ts";
import type { ParsedRevision } from "../definitions.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import type { ExecutionEvent } from "../interpreter/protocol.ts";
import { initialState } from "../interpreter/state.ts";
import type { ExecutionState } from "../interpreter/state.ts";
import { graphAt } from "../interpreter/transition.ts";
import { EXECUTION, INBOX, PROGRESS, THREAD, THREAD_DATA } from "../keys.ts";
import type { StateMachineDefinition } from "../language/definition.ts";
import type { JsonObject } from "../language/json.ts";
import type { ExecutionRecord, ProgressRecord } from "../records.ts";
import { addThreads, readAllThreads, readThreads, threadsOf } from "./threads.ts";
import type { FoundThreads, Threads } from "./threads.ts";

/** How many events of an inbox are read at once. */
const INBOX_PAGE = 200;
/** An execution that never had more threads is read whole: that is less work than finding out which. */
const FEW_THREADS = 16;

/** What the first thread is at while there are others. */
const FORKED: ReadonlySet<string> = new Set(["parallel", "map"]);

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

/** Where definitions are found. */
type Definer = Pick<Engine, "definitions">;

/** Reads an execution; undefined when there is none. */
export function loadExecution(
  engine: Definer,
  reader: Reader,
  uid: string,
): Promise<Execution | undefined> {
  return load(engine, { reader, uid }, (root) => readAll(reader, uid, root));
}

/** As {@link loadExecution}, with those threads only that what happened to it concerns, where that is less. */
export function loadConcerned(
  engine: Definer,
  reader: Reader,
  uid: string,
): Promise<Execution | undefined> {
  return load(engine, { reader, uid }, async (root) => {
    const { isWaiting = false, nextThread } = root.progress;
    const ids = threadsNamed(root.inbox);
    const state = { threads: threadsOf(root.head, root.data), lookedFor: new Set([0]) };
    const isForked = FORKED.has(state.threads.get(0)?.phase.kind ?? "");
    if (!isWaiting || !isForked || nextThread <= FEW_THREADS || ids === undefined)
      return readAll(reader, uid, root);
    addThreads(state, await readThreads(reader, uid, { state, ids }));
    return state;
  });
}

/** What of an execution is read first. */
interface Root extends Inbox {
  readonly progress: ProgressRecord;
  readonly head: readonly (Uint8Array | undefined)[];
  readonly data: readonly (Uint8Array | undefined)[];
}

async function load(
  engine: Definer,
  { reader, uid }: { readonly reader: Reader; readonly uid: string },
  readThreads: (root: Root) => Promise<Threads>,
): Promise<Execution | undefined> {
  const [recordValue, progressValue, head, data] = await reader.getMany([
    EXECUTION.key(uid),
    PROGRESS.key(uid),
    THREAD.key(uid, 0),
    THREAD_DATA.key(uid, 0),
  ]);
  if (recordValue === undefined || progressValue === undefined) return undefined;
  const record = decodeRecord<ExecutionRecord>(recordValue);
  const progress = decodeRecord<ProgressRecord>(progressValue);
  const revision = await revisionOf(engine, reader, record);
  const definition = definitionOf(record, revision);
  const inbox = await loadInbox(reader, uid);
  const { lastEvent, nextThread, nextWait } = progress;
  // An Express one runs in memory, from its input to its end.
  const threads =
    record.type === "EXPRESS"
      ? initialState(definition.startAt, JSON.parse(record.input))
      : await readThreads({ ...inbox, progress, head: [head], data: [data] });
  const state = { ...threads, lastEvent, nextThread, nextWait };
  const context = contextOf(record, progress, revision.record.roleArn);
  return { record, revision, definition, context, progress, state, ...inbox };
}

/** All threads; most executions never have a second one. */
async function readAll(
  reader: Reader,
  uid: string,
  { progress, head, data }: Root,
): Promise<Threads> {
  if (progress.nextThread === 1) return { threads: threadsOf(head, data) };
  return { threads: await readAllThreads(reader, uid) };
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

/** What happened to an execution meanwhile, with the threads that it concerns and that are not read yet. */
export async function lookAgain(reader: Reader, { record, state }: Execution): Promise<Look> {
  const { uid } = record;
  const inbox = await loadInbox(reader, uid);
  const ids = threadsNamed(inbox.inbox) ?? [];
  return { ...inbox, threads: await readThreads(reader, uid, { state, ids }) };
}

/** What {@link lookAgain} found. */
export interface Look extends Inbox {
  readonly threads: FoundThreads;
}

/** Adds what was found to an execution, once the transaction that found it has committed. */
export function takeIn(execution: Execution, { inbox, hasMore, threads }: Look): void {
  Object.assign(execution, { inbox, hasMore });
  addThreads(execution.state, threads);
}

/** The threads that events name; undefined when one is about all of them. */
function threadsNamed(inbox: readonly InboxEntry[]): number[] | undefined {
  const ids: number[] = [];
  for (const { event } of inbox) {
    if (!("thread" in event)) return undefined;
    ids.push(event.thread);
  }
  return ids;
}
