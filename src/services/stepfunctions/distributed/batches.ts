import type { Random } from "../../../kernel/random.ts";
import type { MapRunCall } from "../interpreter/protocol.ts";
import { mapItem } from "../interpreter/transition.ts";
import type { MapState } from "../language/definition.ts";
import { evaluateTemplate } from "../language/evaluate.ts";
import { isJsonObject } from "../language/json.ts";
import type { Json } from "../language/json.ts";
import type { ItemCursor } from "./cursor.ts";

/** The input of one child, and how many items it stands for. */
export interface ChildInput {
  readonly input: Json;
  readonly itemCount: number;
}

interface Batching {
  readonly record: {
    readonly call: Pick<
      MapRunCall,
      "settings" | "batchInput" | "readerArguments" | "input" | "variables" | "context"
    >;
  };
  readonly state: MapState;
  readonly random: Random;
  readonly nowMs: number;
}

/** Takes the next items for one child, in a batch where the state has an ItemBatcher; undefined at the end. */
export async function nextChild(
  cursor: ItemCursor,
  batching: Batching,
): Promise<ChildInput | undefined> {
  const { maxItemsPerBatch, maxInputBytesPerBatch } = batching.record.call.settings;
  if (batching.state.itemBatcher === undefined) {
    const item = await nextItem(cursor, batching);
    return item && { input: item.selected, itemCount: 1 };
  }
  const { batchInput } = batching.record.call;
  const frame = batchInput === undefined ? {} : { BatchInput: batchInput };
  const items: Json[] = [];
  let bytes = Buffer.byteLength(JSON.stringify({ ...frame, Items: [] }));
  while (items.length < (maxItemsPerBatch ?? Infinity)) {
    const item = await nextItem(cursor, batching);
    if (item === undefined) break;
    bytes += Buffer.byteLength(JSON.stringify(item.selected)) + 1;
    if (items.length > 0 && bytes > (maxInputBytesPerBatch ?? Infinity)) {
      cursor.giveBack(item.value);
      break;
    }
    items.push(item.selected);
  }
  return items.length === 0
    ? undefined
    : { input: { ...frame, Items: items }, itemCount: items.length };
}

async function nextItem(
  cursor: ItemCursor,
  { record, state, random, nowMs }: Batching,
): Promise<{ value: Json; selected: Json } | undefined> {
  const index = cursor.position;
  const value = await cursor.next();
  if (value === undefined) return undefined;
  if (state.itemSelector === undefined) return { value, selected: value };
  const { input, variables, context } = record.call;
  const scope = {
    input,
    variables,
    context: { ...context, Map: mapItem(index, value, sourceOf(state, record.call)) },
    random,
    nowMs,
  };
  return {
    value,
    selected: await evaluateTemplate(
      state.queryLanguage,
      state.itemSelector,
      scope,
      "ItemSelector",
    ),
  };
}

/**
 * Where a Distributed Map has its items from, as `Map.Item.Source` of the context object says it; not told
 * for items out of the objects of a listing.
 */
export function sourceOf(
  { itemReader }: MapState,
  { readerArguments }: Pick<MapRunCall, "readerArguments">,
): string | undefined {
  if (itemReader === undefined) return "STATE_DATA";
  const { Bucket: bucket, Key: key } = isJsonObject(readerArguments) ? readerArguments : {};
  if (typeof bucket !== "string" || itemReader.transformation !== "NONE") return undefined;
  return typeof key === "string" ? `S3://${bucket}/${key}` : `S3://${bucket}`;
}
