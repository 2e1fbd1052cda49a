import { assert } from "../../../kernel/errors.ts";
import type { MapState, State, StateGraph } from "../language/definition.ts";
import { isJsonObject } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import type { EvaluationScope } from "../language/scope.ts";
import { formatTimestamp } from "../language/timestamp.ts";
import { MAX_THREADS } from "../limits.ts";
import type {
  Effect,
  HistoryDetails,
  HistoryRecord,
  ObservedStep,
  Surroundings,
} from "./protocol.ts";
import { allThreads } from "./state.ts";
import type { ExecutionState, Phase, Thread, ThreadData, TimerPurpose } from "./state.ts";

/** Thrown when an execution has come to the end of what it may have; the message is the cause of its failure. */
export class LimitReached extends Error {
  override readonly name = "LimitReached";
}

/** One transition in the making: the state, which it changes in place, and all that comes of it. */
export class Transition {
  readonly state: ExecutionState;
  readonly around: Surroundings;
  readonly events: HistoryRecord[] = [];
  readonly effects: Effect[] = [];
  /** Threads that changed, and those of them whose data changed. */
  readonly touched: Set<number> = new Set();
  readonly touchedData: Set<number> = new Set();
  readonly removed: Set<number> = new Set();
  /** Threads whose failure has gone up to their parent. */
  readonly failed: Set<number> = new Set();
  /** Children whose end their parent knows of. */
  readonly counted: Set<number> = new Set();
  #lastValue: Json | undefined;
  #lastText = "";

  constructor(state: ExecutionState, around: Surroundings) {
    this.state = state;
    this.around = around;
  }

  get nowMs(): number {
    return this.around.nowMs;
  }

  thread(id: number): Thread {
    const thread = this.state.threads.get(id);
    assert(thread, `an execution has the thread ${id} that it names`);
    return thread;
  }

  /** Adds an event to the history, after the thread's last one. */
  emit(thread: Thread, type: string, details?: HistoryDetails): number {
    const { maxEvents = Infinity } = this.around;
    // The last place is for the event that ends the execution.
    if (this.state.lastEvent >= maxEvents - 1)
      throw new LimitReached(
        `The execution reached the maximum number of history events (${maxEvents}).`,
      );
    return this.emitFinal(thread, type, details);
  }

  /** As {@link emit}, for an event that is no link of its thread's chain: the next one follows what this one follows. */
  emitAside(thread: Thread, type: string, details?: HistoryDetails): void {
    const { lastEvent } = thread;
    this.emit(thread, type, details);
    thread.lastEvent = lastEvent;
  }

  /** As {@link emit}, for the event that ends the execution: it always has room. */
  emitFinal(thread: Thread, type: string, details?: HistoryDetails): number {
    const id = (this.state.lastEvent += 1);
    this.events.push({
      id,
      previous: thread.lastEvent,
      type,
      atMs: this.nowMs,
      ...(details && { details }),
    });
    thread.lastEvent = id;
    this.touched.add(thread.id);
    return id;
  }

  /** Shows a value to whoever watches the state's steps. */
  observe<Value>(step: ObservedStep, value: Value): Value {
    this.around.observe?.(step, value);
    return value;
  }

  setPhase(thread: Thread, phase: Phase): void {
    thread.phase = phase;
    this.touched.add(thread.id);
  }

  setData(thread: Thread, data: ThreadData): void {
    thread.data = data;
    this.touchedData.add(thread.id);
    this.touched.add(thread.id);
  }

  newWait(): number {
    const wait = this.state.nextWait;
    this.state.nextWait += 1;
    return wait;
  }

  setTimer(thread: Thread, { wait, purpose, atMs }: TimerRequest): void {
    this.effects.push({ kind: "timer", thread: thread.id, wait, purpose, atMs });
  }

  /** Opens a thread below `parent`. Throws {@link LimitReached}. */
  fork(
    parent: Thread,
    index: number,
    options: { graph: Thread["graph"]; startAt: string; input: Json },
  ): Thread {
    if (this.state.threads.size >= MAX_THREADS)
      throw new LimitReached(
        `The execution reached the maximum number of branches and iterations at once (${MAX_THREADS}).`,
      );
    const child: Thread = {
      id: this.state.nextThread,
      parent: parent.id,
      index,
      graph: options.graph,
      state: options.startAt,
      enteredAtMs: 0,
      enteredEvent: 0,
      lastEvent: parent.lastEvent,
      retries: [],
      phase: { kind: "entering" },
      data: { input: options.input, variables: {} },
    };
    this.state.nextThread += 1;
    this.state.threads.set(child.id, child);
    this.touched.add(child.id);
    this.touchedData.add(child.id);
    return child;
  }

  remove(thread: Thread): void {
    this.state.threads.delete(thread.id);
    this.touched.delete(thread.id);
    this.touchedData.delete(thread.id);
    this.removed.add(thread.id);
  }

  childrenOf(parent: Thread): Thread[] {
    const children: Thread[] = [];
    for (const thread of allThreads(this.state)) {
      if (thread.parent === parent.id) children.push(thread);
    }
    return children.sort((a, b) => a.index - b.index);
  }

  graphOf(thread: Thread): StateGraph {
    return graphAt(this.around.definition, thread.graph);
  }

  stateOf(thread: Thread): State {
    const state = this.graphOf(thread).states.get(thread.state);
    assert(state, `a definition has the state ${thread.state}`);
    return state;
  }

  /** Everything an expression of the thread's state may refer to. */
  scope(thread: Thread, more: Partial<EvaluationScope> = {}, task?: JsonObject): EvaluationScope {
    const { random, nowMs } = this.around;
    return {
      input: thread.data.input,
      context: this.contextOf(thread, task),
      variables: this.variablesOf(thread),
      random,
      nowMs,
      ...more,
    };
  }

  /** The context object as the thread's state sees it. What a test gives of the state and its task stands. */
  contextOf(thread: Thread, task?: JsonObject): JsonObject {
    const map = this.#mapItemOf(thread);
    const { State: givenState, Task: givenTask, ...context } = this.around.context;
    return {
      ...context,
      State: {
        EnteredTime: formatTimestamp(thread.enteredAtMs),
        Name: thread.state,
        RetryCount: thread.retries.reduce((sum, count) => sum + count, 0),
        ...(isJsonObject(givenState) && givenState),
      },
      ...(map && { Map: map }),
      ...((task ?? givenTask) !== undefined && {
        Task: { ...task, ...(isJsonObject(givenTask) && givenTask) },
      }),
    };
  }

  /** Variables in scope: the thread's own and those of the states it runs in. */
  variablesOf(thread: Thread): Readonly<Record<string, Json>> {
    if (thread.parent === undefined) return thread.data.variables;
    return { ...this.variablesOf(this.thread(thread.parent)), ...thread.data.variables };
  }

  /** `value` as JSON text; states pass values on, so the same one is asked for in a row. */
  text(value: Json): string {
    if (value !== this.#lastValue || typeof value !== "object") {
      this.#lastValue = value;
      this.#lastText = JSON.stringify(value);
    }
    return this.#lastText;
  }

  #mapItemOf(thread: Thread): JsonObject | undefined {
    if (thread.parent === undefined) return undefined;
    const parent = this.thread(thread.parent);
    const items = parent.data.items;
    if (items === undefined) return this.#mapItemOf(parent);
    return mapItem(thread.index, items[thread.index] ?? null, "STATE_DATA");
  }
}

/** `Map` of the context object; `source` says where the Map has the item from. */
export function mapItem(index: number, value: Json, source?: string): JsonObject {
  // An object that was turned into items brings its key along.
  const key =
    isJsonObject(value) && Object.keys(value).join() === "Key,Value" ? value["Key"] : undefined;
  return {
    Item: {
      Index: index,
      ...(typeof key === "string" && { Key: key }),
      Value: value,
      ...(source !== undefined && { Source: source }),
    },
  };
}

/** Finds a graph in a definition. */
export function graphAt(root: StateGraph, path: Thread["graph"]): StateGraph {
  let graph = root;
  for (let at = 0; at < path.length; at += 2) {
    const state = graph.states.get(String(path[at]));
    const branch = Number(path[at + 1]);
    const inner =
      state?.type === "Map"
        ? state.processor
        : state?.type === "Parallel"
          ? state.branches[branch]
          : undefined;
    assert(inner, `a definition has a graph at ${path.join("/")}`);
    graph = inner;
  }
  return graph;
}

/** The Map state at a place of a definition. */
export function mapStateAt(root: StateGraph, path: Thread["graph"], name: string): MapState {
  const state = graphAt(root, path).states.get(name);
  assert(state?.type === "Map", `a definition has the Map state ${name}`);
  return state;
}

interface TimerRequest {
  readonly wait: number;
  readonly purpose: TimerPurpose;
  readonly atMs: number;
}
