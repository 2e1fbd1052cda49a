import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Reader, Tx } from "../../../kernel/store.ts";
import type { ExecutionState, Thread, ThreadData } from "../interpreter/state.ts";
import { THREAD, THREAD_DATA } from "../keys.ts";
import { MAX_THREADS } from "../limits.ts";

/** The threads of an execution: all of them, or those that were looked for. */
export type Threads = Pick<ExecutionState, "threads" | "lookedFor">;

type ThreadRecord = Omit<Thread, "data" | "parent"> & { readonly parent?: number };
type Values = readonly (Uint8Array | undefined)[];

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

/** Every thread of an execution. */
export async function readAllThreads(reader: Reader, uid: string): Promise<Map<number, Thread>> {
  const heads = await reader.range(THREAD.below(uid), { limit: MAX_THREADS });
  const bodies = await reader.range(THREAD_DATA.below(uid), { limit: MAX_THREADS });
  return threadsOf(
    heads.map(({ value }) => value),
    bodies.map(({ value }) => value),
  );
}

/** Threads that were looked for after the others. */
export interface FoundThreads {
  readonly ids: readonly number[];
  readonly threads: ReadonlyMap<number, Thread>;
}

/** Looks for the threads `ids`, and for those that they run in, as far as `state` does not have them. */
export async function readThreads(
  reader: Reader,
  uid: string,
  { state, ids }: { readonly state: Threads; readonly ids: readonly number[] },
): Promise<FoundThreads> {
  const { lookedFor } = state;
  const all = new Set<number>();
  const threads = new Map<number, Thread>();
  const isMissing = (id: number): boolean =>
    lookedFor !== undefined && !lookedFor.has(id) && !state.threads.has(id) && !all.has(id);
  let next = new Set(ids.filter(isMissing));
  while (next.size > 0) {
    const level = [...next];
    const heads = level.map((id) => THREAD.key(uid, id));
    const bodies = level.map((id) => THREAD_DATA.key(uid, id));
    const values = await reader.getMany([...heads, ...bodies]);
    for (const id of level) all.add(id);
    next = new Set();
    for (const thread of threadsOf(
      values.slice(0, level.length),
      values.slice(level.length),
    ).values()) {
      threads.set(thread.id, thread);
      if (thread.parent !== undefined && isMissing(thread.parent)) next.add(thread.parent);
    }
  }
  return { ids: [...all], threads };
}

/** Adds the threads that were found to those that were there. */
export function addThreads({ threads, lookedFor }: Threads, found: FoundThreads): void {
  for (const id of found.ids) lookedFor?.add(id);
  for (const [id, thread] of found.threads) threads.set(id, thread);
}

/** Threads of their stored heads and data. */
export function threadsOf(heads: Values, bodies: Values): Map<number, Thread> {
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
