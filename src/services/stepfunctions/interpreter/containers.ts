import type { MapState, ParallelState } from "../language/definition.ts";
import {
  evaluateTemplate,
  resolveInteger,
  resolveItems,
  resolveNumber,
} from "../language/evaluate.ts";
import type { Json } from "../language/json.ts";
import { MAX_INLINE_MAP_CONCURRENCY } from "../limits.ts";
import { effectiveInput, leave, workInput } from "./data-flow.ts";
import { failState, toFailure } from "./failure.ts";
import { failureOf } from "./protocol.ts";
import type { ExecutionEvent, MapRunSettings } from "./protocol.ts";
import type { MapPhase, MapRunPhase, ParallelPhase, Thread } from "./state.ts";
import { mapItem } from "./transition.ts";
import type { Transition } from "./transition.ts";

/** Opens the branches of a Parallel state. */
export async function startParallel(
  transition: Transition,
  thread: Thread,
  state: ParallelState,
): Promise<void> {
  const input = await workInput(transition, thread, { state });
  transition.emit(thread, "ParallelStateStarted");
  transition.setPhase(thread, { kind: "parallel", running: state.branches.length });
  for (const [index, branch] of state.branches.entries()) {
    const graph = [...thread.graph, state.name, index];
    transition.fork(thread, index, { graph, startAt: branch.startAt, input });
  }
}

/** Starts the iterations of a Map state, as many as may run at once, or its map run. */
export async function startMap(
  transition: Transition,
  thread: Thread,
  state: MapState,
): Promise<void> {
  if (state.processor.mode === "DISTRIBUTED") return startMapRun(transition, thread, state);
  const items = await itemsOf(transition, thread, state);
  const expected = { field: "MaxConcurrency", minimum: 0 };
  const asked = await resolveInteger(
    state.maxConcurrency,
    mapScope(transition, thread, state),
    expected,
  );
  transition.observe("maxConcurrency", asked);
  const maxConcurrency = Math.min(asked || MAX_INLINE_MAP_CONCURRENCY, MAX_INLINE_MAP_CONCURRENCY);
  transition.emit(thread, "MapStateStarted", { length: items.length });
  transition.setData(thread, { ...thread.data, items });
  transition.setPhase(thread, { kind: "map", next: 0, running: 0, maxConcurrency });
  await startIterations(transition, thread, state);
  await finishIfDone(transition, thread);
}

/** A child thread came to its end: the next iteration starts, or the state around it ends. */
export async function onChildDone(transition: Transition, child: Thread): Promise<void> {
  const parent = transition.thread(child.parent ?? 0);
  const state = transition.stateOf(parent);
  const { phase } = parent;
  parent.lastEvent = child.lastEvent;
  transition.setData(child, { input: child.data.input, variables: {} });
  if (phase.kind === "parallel") {
    transition.setPhase(parent, { ...phase, running: phase.running - 1 });
  } else if (phase.kind === "map" && state.type === "Map") {
    transition.emit(child, "MapIterationSucceeded", { name: state.name, index: child.index });
    parent.lastEvent = child.lastEvent;
    transition.setPhase(parent, { ...phase, running: phase.running - 1 });
    try {
      await startIterations(transition, parent, state);
    } catch (error) {
      return failState(transition, parent, toFailure(transition, parent, error));
    }
  }
  await finishIfDone(transition, parent);
}

/** Ends a Parallel or inline Map state when all of its children are done. */
export async function finishIfDone(transition: Transition, thread: Thread): Promise<void> {
  const { phase } = thread;
  const state = transition.stateOf(thread);
  if (state.type !== "Parallel" && state.type !== "Map") return;
  if ((phase.kind !== "parallel" && phase.kind !== "map") || phase.running > 0) return;
  if (phase.kind === "map" && phase.next < (thread.data.items?.length ?? 0)) return;
  const children = transition.childrenOf(thread);
  try {
    const result = children.map((child) => child.data.input);
    transition.emitAside(thread, `${state.type}StateSucceeded`);
    await leave(transition, thread, { state, result, next: state.next });
  } catch (error) {
    const failure = toFailure(transition, thread, error);
    // Any other error comes of what the branches gave: they are not run again for it.
    if (failure.error === "States.DataLimitExceeded") spend(transition, thread, phase);
    return failState(transition, thread, failure);
  }
  for (const child of children) transition.remove(child);
}

/** Has a redrive run the state anew, should its failure be handled by nobody. */
function spend(
  transition: Transition,
  thread: Thread,
  phase: ParallelPhase | MapPhase | MapRunPhase,
): void {
  transition.setPhase(thread, { ...phase, isSpent: true });
}

/** A redriven Parallel or inline Map state goes on with the children that are not done. */
export async function resumeChildren(transition: Transition, thread: Thread): Promise<void> {
  const { phase } = thread;
  const state = transition.stateOf(thread);
  if (phase.kind !== "parallel" && phase.kind !== "map") return;
  if (phase.isSpent === true) {
    for (const child of transition.childrenOf(thread)) transition.remove(child);
    transition.setPhase(thread, { kind: "again" });
    return;
  }
  const running = transition
    .childrenOf(thread)
    .filter((child) => child.phase.kind !== "done").length;
  transition.setPhase(thread, { ...phase, running });
  try {
    if (state.type === "Map") await startIterations(transition, thread, state);
  } catch (error) {
    return failState(transition, thread, toFailure(transition, thread, error));
  }
  await finishIfDone(transition, thread);
}

/**
 * A redriven Distributed Map goes on with its map run, or begins a new one where that is spent
 * (Developer Guide, "Redriving Map Runs").
 */
export function resumeMapRun(transition: Transition, thread: Thread, phase: MapRunPhase): void {
  if (phase.isSpent === true) {
    transition.setPhase(thread, { kind: "again" });
    return;
  }
  const { mapRunArn } = phase;
  const wait = transition.newWait();
  const redriveCount = (phase.redriveCount ?? 0) + 1;
  transition.setPhase(thread, { kind: "mapRun", wait, mapRunArn, redriveCount });
  transition.emit(thread, "MapRunRedriven", { mapRunArn, redriveCount });
  transition.effects.push({ kind: "redriveMapRun", thread: thread.id, wait, mapRunArn });
}

/** Errors of a map run after which a redrive begins a new one. */
const SPENT_MAP_RUNS: ReadonlySet<string> = new Set(["States.DataLimitExceeded", "States.Runtime"]);

/** What a map run came to is what its Map state comes to. */
export async function onMapRunEvent(
  transition: Transition,
  thread: Thread,
  event: Extract<ExecutionEvent, { kind: "succeeded" | "failed" }>,
): Promise<void> {
  const { phase } = thread;
  const state = transition.stateOf(thread);
  if (phase.kind !== "mapRun" || phase.wait !== event.wait || state.type !== "Map") return;
  if (event.kind === "failed") {
    const failure = failureOf(event);
    if (SPENT_MAP_RUNS.has(failure.error ?? "")) spend(transition, thread, phase);
    transition.emit(thread, "MapRunFailed", { ...failure });
    return failState(transition, thread, failure);
  }
  try {
    transition.emitAside(thread, "MapRunSucceeded");
    transition.emitAside(thread, "MapStateSucceeded");
    await leave(transition, thread, { state, result: event.output, next: state.next });
  } catch (error) {
    spend(transition, thread, phase);
    await failState(transition, thread, toFailure(transition, thread, error));
  }
}

async function startIterations(
  transition: Transition,
  thread: Thread,
  state: MapState,
): Promise<void> {
  const items = thread.data.items ?? [];
  while (thread.phase.kind === "map") {
    const { next, running, maxConcurrency } = thread.phase;
    if (running >= maxConcurrency || next >= items.length) return;
    const input = await itemInput(transition, thread, {
      state,
      index: next,
      value: items[next] ?? null,
    });
    const graph = [...thread.graph, state.name, 0];
    const child = transition.fork(thread, next, { graph, startAt: state.processor.startAt, input });
    transition.emit(child, "MapIterationStarted", { name: state.name, index: next });
    transition.setPhase(thread, { ...thread.phase, next: next + 1, running: running + 1 });
  }
}

/** What the iteration of one item gets. */
export async function itemInput(
  transition: Transition,
  thread: Thread,
  {
    state,
    index,
    value,
  }: { readonly state: MapState; readonly index: number; readonly value: Json },
): Promise<Json> {
  const selector = state.itemSelector;
  if (selector === undefined) return value;
  const scope = mapScope(transition, thread, state);
  const context = { ...transition.contextOf(thread), Map: mapItem(index, value, "STATE_DATA") };
  return evaluateTemplate(state.queryLanguage, selector, { ...scope, context }, "ItemSelector");
}

function mapScope(
  transition: Transition,
  thread: Thread,
  state: MapState,
): ReturnType<Transition["scope"]> {
  if (state.queryLanguage === "JSONata") return transition.scope(thread);
  return transition.scope(thread, { input: effectiveInput(transition, thread, state) });
}

async function itemsOf(
  transition: Transition,
  thread: Thread,
  state: MapState,
): Promise<readonly Json[]> {
  const items = await resolveItems(state.items, mapScope(transition, thread, state));
  return transition.observe("afterItemsPath", items);
}

async function startMapRun(transition: Transition, thread: Thread, state: MapState): Promise<void> {
  const scope = mapScope(transition, thread, state);
  const template = (value: Json | undefined, field: string): Promise<Json> | undefined =>
    value === undefined ? undefined : evaluateTemplate(state.queryLanguage, value, scope, field);
  const items =
    state.itemReader === undefined ? await itemsOf(transition, thread, state) : undefined;
  const settings = await settingsOf(state, scope);
  transition.observe("maxConcurrency", settings.maxConcurrency);
  transition.observe("toleratedFailureCount", settings.toleratedFailureCount);
  transition.observe("toleratedFailurePercentage", settings.toleratedFailurePercentage);
  const readerArguments = await template(state.itemReader?.parameters, "ItemReader/Arguments");
  const writerArguments = await template(state.resultWriter?.parameters, "ResultWriter/Arguments");
  const batchInput = await template(state.itemBatcher?.batchInput, "ItemBatcher/BatchInput");
  const mapRunArn = transition.around.mapRunArnOf(state);
  const wait = transition.newWait();
  transition.emit(thread, "MapStateStarted", { length: items?.length ?? 0 });
  transition.emit(thread, "MapRunStarted", { mapRunArn });
  transition.setPhase(thread, { kind: "mapRun", wait, mapRunArn });
  const { input, variables } = scope;
  const context = transition.contextOf(thread);
  const place = { graph: thread.graph, state: state.name };
  transition.effects.push({
    kind: "mapRun",
    thread: thread.id,
    wait,
    mapRun: {
      mapRunArn,
      ...place,
      items,
      readerArguments,
      writerArguments,
      batchInput,
      settings,
      input,
      variables,
      context,
    },
  });
}

async function settingsOf(
  state: MapState,
  scope: ReturnType<Transition["scope"]>,
): Promise<MapRunSettings> {
  const {
    toleratedFailureCount: count,
    toleratedFailurePercentage: percentage,
    itemReader,
    itemBatcher,
  } = state;
  const integer = (
    source: typeof count,
    field: string,
    minimum: number,
  ): Promise<number> | undefined => source && resolveInteger(source, scope, { field, minimum });
  return {
    maxConcurrency: await resolveInteger(state.maxConcurrency, scope, {
      field: "MaxConcurrency",
      minimum: 0,
    }),
    toleratedFailureCount: await integer(count, "ToleratedFailureCount", 0),
    toleratedFailurePercentage:
      percentage &&
      (await resolveNumber(percentage, scope, {
        field: "ToleratedFailurePercentage",
        minimum: 0,
        maximum: 100,
      })),
    maxItems: await integer(itemReader?.maxItems, "MaxItems", 0),
    maxItemsPerBatch: await integer(itemBatcher?.maxItemsPerBatch, "MaxItemsPerBatch", 1),
    maxInputBytesPerBatch: await integer(
      itemBatcher?.maxInputBytesPerBatch,
      "MaxInputBytesPerBatch",
      1,
    ),
  };
}
