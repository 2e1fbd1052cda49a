import type { Settings } from "../../../kernel/operation.ts";
import type { ItemReader, MapState } from "../language/definition.ts";
import { StatesError } from "../language/errors.ts";
import { isJsonArray, isJsonObject, parseJson } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import type { MapRunRecord } from "../records.ts";
import { csvRows, DELIMITERS } from "./csv.ts";
import { OBJECT_FOLDER_OPTION, objectStoreOf } from "./objects.ts";
import type { ObjectStore } from "./objects.ts";

/** The items of a map run in order, from its state's input or its reader. Throws States.ItemReaderFailed. */
export async function* openItems(
  settings: Settings,
  record: MapRunRecord,
  state: MapState,
): AsyncIterable<Json> {
  const { items, readerArguments, settings: limits } = record.call;
  let left = limits.maxItems || Infinity;
  const source =
    state.itemReader === undefined
      ? (items ?? [])
      : readItems(settings, state.itemReader, readerArguments);
  for await (const item of source) {
    if (left <= 0) return;
    left -= 1;
    yield item;
  }
}

/** The items that a text in one of the reader's forms holds. */
export async function* parseItems(
  pieces: AsyncIterable<string>,
  reader: ItemReader,
): AsyncIterable<Json> {
  switch (reader.inputType) {
    case "CSV":
      yield* csvItems(pieces, reader);
      return;
    case "JSONL":
      for await (const line of linesOf(pieces)) if (line.trim() !== "") yield parse(line);
      return;
    case "JSON":
    case undefined:
      yield* arrayAt(parse(await textOf(pieces)), reader.itemsPointer);
      return;
    default:
      throw failed(`Reading items of the type ${reader.inputType} is not supported here.`);
  }
}

async function* readItems(
  settings: Settings,
  reader: ItemReader,
  given: Json | undefined,
): AsyncIterable<Json> {
  const objects = objectStoreOf(settings);
  if (objects === undefined) {
    throw failed(
      `This server has no service 's3' to read items from, and the option ${OBJECT_FOLDER_OPTION} names no folder in its place.`,
    );
  }
  const {
    Bucket: bucket,
    Key: key,
    Prefix: prefix,
  } = isJsonObject(given) ? given : ({} as JsonObject);
  if (typeof bucket !== "string") throw failed("The ItemReader names no Bucket.");
  try {
    if (reader.resource.endsWith(":s3:listObjectsV2")) {
      yield* listing(objects, { bucket, prefix: typeof prefix === "string" ? prefix : "", reader });
      return;
    }
    if (typeof key !== "string") throw failed("The ItemReader names no Key.");
    yield* parseItems(decode(objects.read(bucket, key)), reader);
  } catch (error) {
    throw error instanceof StatesError
      ? error
      : failed(error instanceof Error ? error.message : String(error));
  }
}

async function* listing(
  objects: ObjectStore,
  {
    bucket,
    prefix,
    reader,
  }: { readonly bucket: string; readonly prefix: string; readonly reader: ItemReader },
): AsyncIterable<Json> {
  for await (const { key, sizeBytes, modifiedMs, etag } of objects.list(bucket, prefix)) {
    if (reader.transformation === "LOAD_AND_FLATTEN") {
      yield* parseItems(decode(objects.read(bucket, key)), reader);
    } else {
      const LastModified = Math.floor(modifiedMs / 1000);
      const Size = sizeBytes;
      yield { Etag: etag, Key: key, LastModified, Size, StorageClass: "STANDARD" };
    }
  }
}

async function* csvItems(pieces: AsyncIterable<string>, reader: ItemReader): AsyncIterable<Json> {
  let headers = reader.csvHeaderLocation === "GIVEN" ? reader.csvHeaders : undefined;
  for await (const row of csvRows(pieces, DELIMITERS[reader.csvDelimiter] ?? ",")) {
    if (headers === undefined) headers = row;
    else yield Object.fromEntries(headers.map((header, index) => [header, row[index] ?? ""]));
  }
}

function arrayAt(value: Json, pointer: string | undefined): readonly Json[] {
  let found: Json | undefined = value;
  for (const step of (pointer ?? "").split("/").slice(1)) {
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    if (isJsonArray(found)) found = found[Number(name)];
    else found = isJsonObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }
  if (isJsonArray(found)) return found;
  if (isJsonObject(found)) return Object.entries(found).map(([Key, Value]) => ({ Key, Value }));
  throw failed("Attempting to map over non-iterable node.");
}

async function* decode(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function* linesOf(pieces: AsyncIterable<string>): AsyncIterable<string> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  yield rest;
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

function parse(text: string): Json {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw failed(parsed.problem);
  return parsed.value;
}

function failed(cause: string): StatesError {
  return new StatesError("States.ItemReaderFailed", cause);
}
