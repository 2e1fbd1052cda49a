import type { Json } from "../language/json.ts";

/**
 * Where an execution stands, as plain data: a tree of threads. The root thread walks the workflow's
 * states; a Parallel or Map state opens child threads that walk its branches or iterations.
 *
 *             ┌────────────── next state ──────────────┐
 *             ▼                                        │
 *   entering ──▶ waiting | task | parallel | map | mapRun ──▶ (left the state) ──▶ done
 *                  ▲              │ failed                        (a child's end)
 *                  └── retrying ◀─┤
 *                                 └──▶ stopped ──redrive──▶ again
 */
export interface ExecutionState {
  /** The last event's number in the history. */
  lastEvent: number;
  /** The number that the next thread gets. */
  nextThread: number;
  /** The number that the next wait gets: what comes late names a wait that is over. */
  nextWait: number;
  readonly threads: Map<number, Thread>;
  /** Which threads were looked for, when not all that there are were: all others wait. */
  readonly lookedFor?: Set<number>;
}

/** Thrown by what needs threads that were not looked for: it is to be done anew on all of them. */
export class ThreadsMissing extends Error {
  override readonly name = "ThreadsMissing";
}

/** One walk through a graph of states. The root is number 0. */
export interface Thread {
  readonly id: number;
  /** The thread whose Parallel or Map state opened this one. */
  readonly parent: number | undefined;
  /** Number of the branch or the item. */
  readonly index: number;
  /** How to find the graph: state names, each followed by a branch's number (0 for a Map). */
  readonly graph: readonly (string | number)[];
  /** Name of the state that it is in. */
  state: string;
  enteredAtMs: number;
  /** Number of the event that says the state was entered. */
  enteredEvent: number;
  /** Number of the last event of this thread: what the next one calls its previous. */
  lastEvent: number;
  /** How often each of the state's Retriers was used. */
  retries: readonly number[];
  phase: Phase;
  data: ThreadData;
}

/** The bulky part of a thread: replaced as a whole, never changed, so that it is written only then. */
export interface ThreadData {
  /** The state's input as it came; a child's output when the child is done. */
  readonly input: Json;
  /** Variables of this thread; those of its ancestors are visible too. */
  readonly variables: Readonly<Record<string, Json>>;
  /** What the iterations of the Map state go over. */
  readonly items?: readonly Json[];
}

/** What a thread is at. */
export type Phase =
  /** The state is to be entered. */
  | { readonly kind: "entering" }
  /** The entered state is to be run once more: after a Retrier's delay or a redrive. */
  | { readonly kind: "again" }
  /** A Wait state waits for its time. */
  | { readonly kind: "waiting"; readonly wait: number }
  /** A failed state waits for its Retrier's delay. */
  | { readonly kind: "retrying"; readonly wait: number }
  | TaskPhase
  | ParallelPhase
  | MapPhase
  | MapRunPhase
  /** A child that came to its end; its parent waits for the others. */
  | { readonly kind: "done" }
  /** Failed or aborted with the execution; a redrive goes on from here. */
  | { readonly kind: "stopped"; readonly resume: "entering" | "again" };

/** A Task state waits for its result. */
export interface TaskPhase {
  readonly kind: "task";
  readonly wait: number;
  /** The timers that are set. */
  readonly timers: readonly TimerPurpose[];
  /** How long it may take. */
  readonly limits: TaskLimits;
  /** Whether the request was accepted and the job's end or the token's use is awaited. */
  readonly isSubmitted: boolean;
}

/** The longest times of a task, in seconds, by the timer that ends it. */
export interface TaskLimits {
  readonly timeout?: number;
  readonly heartbeat?: number;
}

/** What a state that opened children is at. */
interface ContainerPhase {
  /** True when the state failed with what its children gave: a redrive runs it anew, with all of them. */
  readonly isSpent?: true;
}

/** A Parallel state's branches run. */
export interface ParallelPhase extends ContainerPhase {
  readonly kind: "parallel";
  readonly running: number;
}

/** A map run does the work of a Distributed Map. */
export interface MapRunPhase extends ContainerPhase {
  readonly kind: "mapRun";
  readonly wait: number;
  readonly mapRunArn: string;
  /** How often the map run was redriven; absent at first. */
  readonly redriveCount?: number;
}

/** A Map state iterates. */
export interface MapPhase extends ContainerPhase {
  readonly kind: "map";
  /** The next item to start. */
  readonly next: number;
  readonly running: number;
  readonly maxConcurrency: number;
}

/** What a timer of an execution ends. */
export type TimerPurpose = "wait" | "retry" | "timeout" | "heartbeat";

/** A state at the start of an execution. */
export function initialState(startAt: string, input: Json): ExecutionState {
  const root: Thread = {
    id: 0,
    parent: undefined,
    index: 0,
    graph: [],
    state: startAt,
    enteredAtMs: 0,
    enteredEvent: 0,
    lastEvent: 0,
    retries: [],
    phase: { kind: "entering" },
    data: { input, variables: {} },
  };
  return { lastEvent: 1, nextThread: 1, nextWait: 1, threads: new Map([[0, root]]) };
}

/** The thread with a number, unless it is gone. Throws {@link ThreadsMissing}. */
export function findThread({ threads, lookedFor }: ExecutionState, id: number): Thread | undefined {
  const thread = threads.get(id);
  if (thread === undefined && lookedFor?.has(id) === false) throw new ThreadsMissing();
  return thread;
}

/** Every thread that there is. Throws {@link ThreadsMissing}. */
export function allThreads({ threads, lookedFor }: ExecutionState): Iterable<Thread> {
  if (lookedFor !== undefined) throw new ThreadsMissing();
  return threads.values();
}

/** The first thread that can go on by itself; without one, the execution waits or is over. */
export function readyThread({ threads }: Pick<ExecutionState, "threads">): Thread | undefined {
  for (const thread of threads.values()) if (isReady(thread)) return thread;
  return undefined;
}

/** True for a thread that can go on by itself. */
export function isReady(thread: Thread): boolean {
  return thread.phase.kind === "entering" || thread.phase.kind === "again";
}
