import type { TestStateConfiguration } from "@aws-sdk/client-sfn";
import { nextChild } from "../distributed/batches.ts";
import { ItemCursor } from "../distributed/cursor.ts";
import { parseItems } from "../distributed/items.ts";
import { validationError } from "../errors.ts";
import { itemInput } from "../interpreter/containers.ts";
import type { Failure, MapRunCall } from "../interpreter/protocol.ts";
import type { Thread } from "../interpreter/state.ts";
import type { Transition } from "../interpreter/transition.ts";
import type { FieldSource, MapState } from "../language/definition.ts";
import { resolveItems } from "../language/evaluate.ts";
import type { Json } from "../language/json.ts";
import type { ContainerState } from "./wrap.ts";

/** What a Map state does when it begins. */
export interface BegunMap {
  readonly state: MapState;
  readonly thread: Thread;
  /** The items of an inline Map. */
  readonly items: readonly Json[];
  /** The map run of a Distributed Map. */
  readonly call: MapRunCall | undefined;
}

/**
 * Shows what a Map's fields make of its items, and gives what it fails with when more iterations failed
 * than it tolerates. Throws StatesError, and ValidationException when more failed than there are items.
 */
export async function testMap(
  transition: Transition,
  begun: BegunMap,
  configuration: TestStateConfiguration,
): Promise<Failure | undefined> {
  const { state, call } = begun;
  const items = await itemsOf(transition, begun, configuration.mapItemReaderData);
  transition.observe("afterItemsPath", items);
  if (state.itemReader?.itemsPointer !== undefined) transition.observe("afterItemsPointer", items);
  if (state.itemSelector !== undefined)
    transition.observe("afterItemSelector", await selectedItems(transition, begun, items));
  if (call !== undefined && state.itemBatcher !== undefined)
    transition.observe("afterItemBatcher", await childInputs(transition, { state, call }, items));
  const failures = configuration.mapIterationFailureCount ?? 0;
  if (failures > items.length) {
    throw validationError(
      `The mapIterationFailureCount ${failures} exceeds the number of items, ${items.length}`,
    );
  }
  const { toleratedFailureCount: count, toleratedFailurePercentage: percentage } =
    call?.settings ?? {};
  const total = items.length;
  return isTooMany(failures, { count, percentage, total }) ? OVER_THRESHOLD : undefined;
}

/**
 * What the state around fails with when a state inside does, after so many iterations that failed;
 * undefined when it tolerates that.
 */
export function failureAround(
  { state, failures }: { readonly state: ContainerState; readonly failures: number },
  failure: Failure,
): Failure | undefined {
  if (state.type === "Parallel" || state.processor.mode === "INLINE") return failure;
  const count = known(state.toleratedFailureCount);
  const percentage = known(state.toleratedFailurePercentage);
  // How many items there are is not known: one of them is a share of next to nothing.
  const total = Number.MAX_SAFE_INTEGER;
  return isTooMany(failures + 1, { count, percentage, total }) ? OVER_THRESHOLD : undefined;
}

const OVER_THRESHOLD: Failure = {
  error: "States.ExceedToleratedFailureThreshold",
  cause: "The specified tolerated failure threshold was exceeded",
};

/** The number that a field gives: without the state's input, one that is computed may be any. */
function known(source: FieldSource<number> | undefined): number | undefined {
  return source?.kind === "literal" ? source.value : source && Infinity;
}

interface Tolerated {
  readonly count: number | undefined;
  readonly percentage: number | undefined;
  /** How many items there are. */
  readonly total: number;
}

function isTooMany(failures: number, { count, percentage, total }: Tolerated): boolean {
  if (count === undefined && percentage === undefined) return failures > 0;
  if (count !== undefined && failures > count) return true;
  return percentage !== undefined && (failures * 100) / Math.max(1, total) > percentage;
}

async function itemsOf(
  transition: Transition,
  { state, items, call }: BegunMap,
  read: string | undefined,
): Promise<readonly Json[]> {
  const { itemReader: reader } = state;
  if (call === undefined) return items;
  if (reader === undefined) return call.items ?? [];
  if (read !== undefined) return collect(parseItems(once(read), reader));
  // The input is what the reader would read.
  if (reader.itemsPointer !== undefined)
    return collect(parseItems(once(JSON.stringify(call.input)), reader));
  const { random, nowMs } = transition.around;
  return resolveItems(state.items, { ...call, random, nowMs });
}

async function selectedItems(
  transition: Transition,
  { state, thread, call }: BegunMap,
  items: readonly Json[],
): Promise<readonly Json[]> {
  if (call !== undefined) {
    const alone = { ...state, itemBatcher: undefined };
    return childInputs(transition, { state: alone, call }, items);
  }
  const selected: Json[] = [];
  for (const [index, value] of items.entries()) {
    selected.push(await itemInput(transition, thread, { state, index, value }));
  }
  return selected;
}

/** What each child of a map run would get. */
async function childInputs(
  { around: { random, nowMs } }: Transition,
  { state, call }: { readonly state: MapState; readonly call: MapRunCall },
  items: readonly Json[],
): Promise<readonly Json[]> {
  const cursor = new ItemCursor(each(items));
  const inputs: Json[] = [];
  for (;;) {
    const child = await nextChild(cursor, { record: { call }, state, random, nowMs });
    if (child === undefined) return inputs;
    inputs.push(child.input);
  }
}

async function collect(items: AsyncIterable<Json>): Promise<readonly Json[]> {
  const all: Json[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function* each(items: readonly Json[]): AsyncIterable<Json> {
  for (const item of items) yield await Promise.resolve(item);
}

async function* once(text: string): AsyncIterable<string> {
  yield await Promise.resolve(text);
}
