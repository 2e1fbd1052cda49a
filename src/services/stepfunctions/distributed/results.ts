import { assert } from "../../../kernel/errors.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { describeEnded } from "../execution/description.ts";
import type { Engine } from "../engine.ts";
import { findExecution, redriveStatus } from "../execution/executions.ts";
import { MAP_RUN_RESULT } from "../keys.ts";
import type { MapState, ResultWriter } from "../language/definition.ts";
import { StatesError } from "../language/errors.ts";
import { isJsonArray, isJsonObject } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { MAX_PAYLOAD_BYTES, RESULTS_PER_READ } from "../limits.ts";
import { entriesOf } from "../page.ts";
import type { MapRunRecord, MapRunResult } from "../records.ts";
import type { Tally } from "../execution/counts.ts";
import { OBJECT_FOLDER_OPTION, objectStoreOf } from "./objects.ts";
import type { ObjectStore } from "./objects.ts";
import { ResultFiles } from "./result-files.ts";

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
  for await (const { value } of entriesOf(
    engine.store,
    MAP_RUN_RESULT.below(uid),
    RESULTS_PER_READ,
  ))
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

/** Writes the results as files while it reads them, with a manifest that names the files. */
async function writeResults(
  engine: Engine,
  { record, writer }: { record: MapRunRecord; writer: ResultWriter },
): Promise<Collected> {
  const { objects, bucket, folder } = destination(engine, record);
  const { outputType } = writer;
  const filesOf = (status: string): ResultFiles =>
    new ResultFiles(objects, { bucket, stem: `${folder}/${status}`, outputType });
  const succeeded = filesOf("SUCCEEDED");
  const failing = filesOf("FAILED");
  const written = { children: 0, items: 0 };
  try {
    for await (const result of resultsOf(engine, record)) {
      written.children += 1;
      written.items += result.itemCount;
      if (result.status !== "SUCCEEDED") await failing.add(await description(engine, result));
      else
        for (const value of await transformed(engine, result, writer)) await succeeded.add(value);
    }
    const ResultFiles = {
      FAILED: await failing.end(),
      PENDING: [],
      SUCCEEDED: await succeeded.end(),
    };
    const Key = `${folder}/manifest.json`;
    const manifest = await objects.create(bucket, Key);
    const { arn: MapRunArn } = record;
    await manifest.append(JSON.stringify({ DestinationBucket: bucket, MapRunArn, ResultFiles }));
    await manifest.close();
    return { output: { MapRunArn, ResultWriterDetails: { Bucket: bucket, Key } }, written };
  } finally {
    await Promise.allSettled([succeeded.abandon(), failing.abandon()]);
  }
}

interface Destination {
  readonly objects: ObjectStore;
  readonly bucket: string;
  /** Prefix and the map run's own part of every key. */
  readonly folder: string;
}

/** Where a map run's results go. Throws States.ResultWriterFailed. */
function destination(engine: Engine, record: MapRunRecord): Destination {
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
  const isPrefixed = typeof prefix === "string" && prefix !== "";
  return {
    objects,
    bucket,
    folder: `${isPrefixed ? `${prefix.replace(/\/$/, "")}/` : ""}${unique}`,
  };
}

function failed(cause: string): StatesError {
  return new StatesError("States.ResultWriterFailed", cause);
}
