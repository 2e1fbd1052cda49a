import type {
  FieldSource,
  ItemBatcher,
  ItemProcessor,
  ItemReader,
  MapState,
  ResultWriter,
  StateGraph,
} from "./definition.ts";
import type { Fields } from "./fields.ts";
import type { Json } from "./json.ts";
import { MAX_BATCH_BYTES, MAX_LABEL_LENGTH, MAX_READER_ITEMS } from "./limits.ts";
import {
  expressionField,
  jsonataTemplateField,
  numberField,
  payloadTemplateField,
  resourceField,
  templateField,
} from "./parse-expressions.ts";
import { checkReferencePath } from "./reference-path.ts";

/** What a Map has beyond what other states have. */
export type MapFields = Pick<
  MapState,
  | "items"
  | "itemSelector"
  | "processor"
  | "maxConcurrency"
  | "itemReader"
  | "itemBatcher"
  | "resultWriter"
  | "toleratedFailureCount"
  | "toleratedFailurePercentage"
  | "label"
>;

/** Reads a Map's own fields; `readGraph` reads the states of its processor. */
export function readMapFields(
  fields: Fields,
  readGraph: (fields: Fields) => StateGraph,
): MapFields {
  const processor = readProcessor(fields, readGraph);
  const isDistributed = processor.mode === "DISTRIBUTED";
  return {
    processor,
    items: readItems(fields),
    itemSelector: readItemSelector(fields),
    maxConcurrency: numberField(fields, "MaxConcurrency", { minimum: 0 }) ?? {
      kind: "literal",
      value: 0,
    },
    itemReader: isDistributed ? readItemReader(fields) : undefined,
    itemBatcher: isDistributed ? readItemBatcher(fields) : undefined,
    resultWriter: isDistributed ? readResultWriter(fields) : undefined,
    toleratedFailureCount: isDistributed
      ? numberField(fields, "ToleratedFailureCount", { minimum: 0 })
      : undefined,
    toleratedFailurePercentage: isDistributed
      ? numberField(fields, "ToleratedFailurePercentage", {
          minimum: 0,
          maximum: 100,
          type: "number",
        })
      : undefined,
    label: isDistributed ? readLabel(fields) : undefined,
  };
}

/** ItemProcessor, or Iterator as it was called before there were distributed Maps. */
function readProcessor(fields: Fields, readGraph: (fields: Fields) => StateGraph): ItemProcessor {
  fields.exclude("ItemProcessor", "Iterator");
  const name = fields.has("Iterator") ? "Iterator" : "ItemProcessor";
  fields.require(name);
  const processor = fields.fields(name);
  if (processor === undefined)
    return { startAt: "", states: new Map(), mode: "INLINE", executionType: "STANDARD" };
  const config = name === "ItemProcessor" ? readProcessorConfig(processor) : INLINE;
  return { ...readGraph(processor), ...config };
}

const INLINE: Pick<ItemProcessor, "mode" | "executionType"> = {
  mode: "INLINE",
  executionType: "STANDARD",
};

function readProcessorConfig(processor: Fields): Pick<ItemProcessor, "mode" | "executionType"> {
  const config = processor.fields("ProcessorConfig");
  if (config === undefined) return INLINE;
  const mode = config.option("Mode", ["INLINE", "DISTRIBUTED"]) ?? "INLINE";
  const executionType =
    mode === "DISTRIBUTED"
      ? (config.option("ExecutionType", ["STANDARD", "EXPRESS"]) ?? "STANDARD")
      : "STANDARD";
  if (mode === "DISTRIBUTED") config.require("ExecutionType");
  config.finish();
  return { mode, executionType };
}

function readItems(fields: Fields): FieldSource<Json> {
  if (fields.only("JSONPath", "ItemsPath")) {
    const path = fields.text("ItemsPath") ?? "$";
    if (checkReferencePath(path) !== undefined)
      fields.report("Value is not a Reference Path", fields.at("ItemsPath"));
    return { kind: "path", path, field: "ItemsPath" };
  }
  if (fields.only("JSONata", "Items")) {
    const expression = expressionField(fields, "Items");
    if (expression !== undefined) return { kind: "jsonata", expression };
    const value = templateField(fields, "Items") ?? null;
    if (typeof value !== "object" || value === null) {
      fields.report(
        "Value must be an array, an object or a JSONata expression",
        fields.at("Items"),
      );
    }
    return { kind: "literal", value };
  }
  if (fields.reading.language === "JSONata")
    return { kind: "jsonata", expression: "{% $states.input %}" };
  return { kind: "path", path: "$", field: "ItemsPath" };
}

/** ItemSelector, or Parameters as it was called before. */
function readItemSelector(fields: Fields): Json | undefined {
  fields.exclude("ItemSelector", "Parameters");
  const parameters = payloadTemplateField(fields, "Parameters");
  return parameters ?? templateField(fields, "ItemSelector");
}

/** Parameters or Arguments of what reads or writes. */
function readParameters(fields: Fields): Json | undefined {
  return payloadTemplateField(fields, "Parameters") ?? jsonataTemplateField(fields, "Arguments");
}

const CSV_DELIMITERS = ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"] as const;

function readItemReader(fields: Fields): ItemReader | undefined {
  const reader = fields.fields("ItemReader");
  if (reader === undefined) return undefined;
  const resource = resourceField(reader);
  const parameters = readParameters(reader);
  const config = reader.fields("ReaderConfig");
  reader.finish();
  const inputType = config?.option("InputType", ["CSV", "JSON", "JSONL", "MANIFEST", "PARQUET"]);
  const csvHeaderLocation = config?.option("CSVHeaderLocation", ["FIRST_ROW", "GIVEN"]);
  if (inputType === "CSV") config?.require("CSVHeaderLocation");
  if (csvHeaderLocation === "GIVEN") config?.require("CSVHeaders");
  const itemReader: ItemReader = {
    resource,
    parameters,
    inputType,
    csvHeaderLocation,
    csvHeaders: config?.has("CSVHeaders") ? config.texts("CSVHeaders") : undefined,
    csvDelimiter: config?.option("CSVDelimiter", CSV_DELIMITERS) ?? "COMMA",
    manifestType: config?.option("ManifestType", ["ATHENA_DATA", "S3_INVENTORY"]),
    transformation: config?.option("Transformation", ["NONE", "LOAD_AND_FLATTEN"]) ?? "NONE",
    itemsPointer: config?.text("ItemsPointer"),
    maxItems: config && numberField(config, "MaxItems", { minimum: 0, maximum: MAX_READER_ITEMS }),
  };
  config?.finish();
  return itemReader;
}

function readItemBatcher(fields: Fields): ItemBatcher | undefined {
  const batcher = fields.fields("ItemBatcher");
  if (batcher === undefined) return undefined;
  const itemBatcher: ItemBatcher = {
    batchInput: templateField(batcher, "BatchInput"),
    maxItemsPerBatch: numberField(batcher, "MaxItemsPerBatch", { minimum: 0 }),
    maxInputBytesPerBatch: numberField(batcher, "MaxInputBytesPerBatch", {
      minimum: 0,
      maximum: MAX_BATCH_BYTES,
    }),
  };
  if (
    itemBatcher.maxItemsPerBatch === undefined &&
    itemBatcher.maxInputBytesPerBatch === undefined
  ) {
    batcher.report(
      "One of the following fields is required: [MaxItemsPerBatch, MaxInputBytesPerBatch]",
    );
  }
  batcher.finish();
  return itemBatcher;
}

function readResultWriter(fields: Fields): ResultWriter | undefined {
  const writer = fields.fields("ResultWriter");
  if (writer === undefined) return undefined;
  const config = writer.fields("WriterConfig");
  const resource = writer.has("Resource") ? resourceField(writer) : undefined;
  const parameters = readParameters(writer);
  if (resource === undefined && config === undefined) writer.require("Resource");
  writer.finish();
  const resultWriter: ResultWriter = {
    resource,
    parameters,
    outputType: config?.option("OutputType", ["JSON", "JSONL"]) ?? "JSON",
    transformation: config?.option("Transformation", ["COMPACT", "FLATTEN", "NONE"]) ?? "NONE",
  };
  config?.finish();
  return resultWriter;
}

/** Spaces, brackets, wildcards, special and control characters: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html */
const NOT_IN_LABELS = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u;

function readLabel(fields: Fields): string | undefined {
  const label = fields.text("Label");
  if (label === undefined) return undefined;
  if (label === "" || label.length > MAX_LABEL_LENGTH || NOT_IN_LABELS.test(label)) {
    fields.report(`Invalid Label: ${label}`, fields.at("Label"), "INVALID_LABEL_NAME");
  }
  return label;
}
