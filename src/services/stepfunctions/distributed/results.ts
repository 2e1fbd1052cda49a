import { assert } from "../../../kernel/errors.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { describeEnded } from "../driver/description.ts";
import type { Engine } from "../engine.ts";
import { findExecution, redriveStatus } from "../executions.ts";
import { MAP_RUN_RESULT } from "../keys.ts";
import type { MapState, ResultWriter } from "../language/definition.ts";
import { StatesError } from "../language/errors.ts";
import { isJsonArray, isJsonObject } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { MAX_PAYLOAD_BYTES } from "../limits.ts";
import { entriesOf } from "../page.ts";
import type { MapRunRecord, MapRunResult } from "../records.ts";
import type { Tally } from "./counts.ts";
import { OBJECT_FOLDER_OPTION, objectStoreOf } from "./objects.ts";
import type { ObjectStore } from "./objects.ts";

/** How many results are read at once. */
const CHUNK = 500;

/** The output of a map run, and how much of it was written to files. */
export interface Collected {
  readonly output: Json;
  readonly written: Tally;
}

/** The output of a map run whose children all ended. Throws States.ResultWriterFailed, States.DataLimitExceeded. */
export async function collectResults(
  engine: Engine,
  record: MapRunRecord,
  state: MapState,
): Promise<Collected> {
  const writer = state.resultWriter;
  if (writer?.resource !== undefined) return writeResults(engine, { record, writer });
  const results: Json[] = [];
  let bytes = 2;
  for await (const result of resultsOf(engine, record)) {
    if (result.status !== "SUCCEEDED") continue;
    for (const value of await transformed(engine, result, writer)) {
      bytes += Buffer.byteLength(JSON.stringify(value)) + 1;
      if (bytes > MAX_PAYLOAD_BYTES) {
        throw new StatesError(
          "States.DataLimitExceeded",
          `The state/task '${state.name}' returned a result with a size exceeding the maximum number of bytes service limit.`,
        );
      }
      results.push(value);
    }
  }
  return { output: results, written: { children: 0, items: 0 } };
}

async function* resultsOf(engine: Engine, { uid }: MapRunRecord): AsyncIterable<MapRunResult> {
  for await (const { value } of entriesOf(engine.store, MAP_RUN_RESULT.below(uid), CHUNK))
    yield decodeRecord<MapRunResult>(value);
}

/** A child's result as the writer's transformation asks: its output, its output's items, or all about it. */
async function transformed(
  engine: Engine,
  result: MapRunResult,
  writer: ResultWriter | undefined,
): Promise<readonly Json[]> {
  const transformation = writer?.transformation ?? "COMPACT";
  if (transformation === "NONE" || result.output === undefined)
    return [await description(engine, result)];
  const output: Json = JSON.parse(result.output);
  return transformation === "FLATTEN" && isJsonArray(output) ? output : [output];
}

async function description(engine: Engine, { executionUid }: MapRunResult): Promise<JsonObject> {
  return engine.store.read(async (reader) => {
    const stored = await findExecution(reader, executionUid);
    assert(stored, "a result is of a child that is stored");
    const redrive = await redriveStatus(reader, stored, engine.clock.now());
    const described = describeEnded(stored, {
      redrive,
      payload: (text) => text,
      date: (ms) => new Date(ms).toISOString(),
    });
    // Also where there is no output.
    return { ...described, OutputDetails: { Included: true } };
  });
}

/** Writes the results as files, with a manifest that names them. */
async function writeResults(
  engine: Engine,
  { record, writer }: { record: MapRunRecord; writer: ResultWriter },
): Promise<Collected> {
  const objects = objectStoreOf(engine.settings);
  if (objects === undefined) {
    throw failed(
      `This server has no service 's3' to write results to, and the option ${OBJECT_FOLDER_OPTION} names no folder in its place.`,
    );
  }
  const given = isJsonObject(record.call.writerArguments) ? record.call.writerArguments : {};
  const { Bucket: bucket, Prefix: prefix } = given;
  if (typeof bucket !== "string") throw failed("The ResultWriter names no Bucket.");
  const unique = record.arn.slice(record.arn.lastIndexOf(":") + 1);
  const folder = `${typeof prefix === "string" && prefix !== "" ? `${prefix.replace(/\/$/, "")}/` : ""}${unique}`;
  const byStatus: { SUCCEEDED: Json[]; FAILED: Json[] } = { SUCCEEDED: [], FAILED: [] };
  const written = { children: 0, items: 0 };
  for await (const result of resultsOf(engine, record)) {
    written.children += 1;
    written.items += result.itemCount;
    const isSucceeded = result.status === "SUCCEEDED";
    const values = isSucceeded
      ? await transformed(engine, result, writer)
      : [await description(engine, result)];
    byStatus[isSucceeded ? "SUCCEEDED" : "FAILED"].push(...values);
  }
  try {
    const output = await writeFiles(objects, { record, writer, bucket, folder, byStatus });
    return { output, written };
  } catch (error) {
    if (error instanceof StatesError) throw error;
    throw failed(error instanceof Error ? error.message : String(error));
  }
}

/** Writes a file for each outcome that there is, and the manifest. */
async function writeFiles(
  objects: ObjectStore,
  { record, writer, bucket, folder, byStatus }: Writing,
): Promise<Json> {
  const isLines = writer.outputType === "JSONL";
  const files: Record<string, Json> = { FAILED: [], PENDING: [], SUCCEEDED: [] };
  for (const [status, values] of Object.entries(byStatus)) {
    if (values.length === 0) continue;
    const key = `${folder}/${status}_0.${isLines ? "jsonl" : "json"}`;
    const text = isLines
      ? values.map((value) => JSON.stringify(value)).join("\n")
      : JSON.stringify(values);
    files[status] = [{ Key: key, Size: await objects.write(bucket, key, text) }];
  }
  const manifest = { DestinationBucket: bucket, MapRunArn: record.arn, ResultFiles: files };
  const key = `${folder}/manifest.json`;
  await objects.write(bucket, key, JSON.stringify(manifest));
  return { MapRunArn: record.arn, ResultWriterDetails: { Bucket: bucket, Key: key } };
}

interface Writing {
  readonly record: MapRunRecord;
  readonly writer: ResultWriter;
  readonly bucket: string;
  readonly folder: string;
  readonly byStatus: Readonly<Record<"SUCCEEDED" | "FAILED", readonly Json[]>>;
}

function failed(cause: string): StatesError {
  return new StatesError("States.ResultWriterFailed", cause);
}
