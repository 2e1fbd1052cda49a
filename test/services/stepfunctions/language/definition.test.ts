import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type {
  MapState,
  State,
} from "../../../../src/services/stepfunctions/language/definition.ts";
import { parseDefinition } from "../../../../src/services/stepfunctions/language/parse.ts";
import {
  before,
  DISTRIBUTED,
  distributedMap,
  JSONATA,
  machineOf,
  pass,
  problemsOf,
  PROCESSOR,
  RESOURCE,
  task,
} from "./machines.ts";
import type { Fields } from "./machines.ts";
import { SEED } from "./scope.ts";

function parsed(machine: Fields, name = "A"): State {
  const { definition, diagnostics } = parseDefinition(JSON.stringify(machine));
  assert.deepEqual(diagnostics, []);
  const state = definition?.states.get(name);
  assert.ok(state);
  return state;
}

test("a Task has its fields and their defaults [Task]", () => {
  const state = parsed(
    before({
      Type: "Task",
      Resource: RESOURCE,
      InputPath: "$.in",
      OutputPath: null,
      Parameters: { "a.$": "$.b" },
      ResultSelector: { "c.$": "$.d" },
      ResultPath: "$.e",
      TimeoutSeconds: 60,
      HeartbeatSecondsPath: "$.h",
      Credentials: { RoleArn: "r" },
      Assign: { "v.$": "$.w" },
      Retry: [{ ErrorEquals: ["E"], Comment: "again" }],
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "B", ResultPath: null, Assign: { x: 1 } }],
      Next: "B",
    }),
  );
  assert.deepEqual(state, {
    name: "A",
    comment: undefined,
    queryLanguage: "JSONPath",
    type: "Task",
    resource: RESOURCE,
    inputPath: "$.in",
    outputPath: null,
    output: undefined,
    parameters: { "a.$": "$.b" },
    resultSelector: { "c.$": "$.d" },
    resultPath: "$.e",
    arguments: undefined,
    timeoutSeconds: { kind: "literal", value: 60 },
    heartbeatSeconds: { kind: "path", path: "$.h", field: "HeartbeatSecondsPath" },
    credentials: { RoleArn: "r" },
    assign: { "v.$": "$.w" },
    retry: [
      {
        errorEquals: ["E"],
        intervalSeconds: 1,
        maxAttempts: 3,
        backoffRate: 2,
        maxDelaySeconds: undefined,
        jitterStrategy: "NONE",
      },
    ],
    catch: [
      {
        errorEquals: ["States.ALL"],
        next: "B",
        comment: undefined,
        resultPath: null,
        output: undefined,
        assign: { x: 1 },
      },
    ],
    next: "B",
  } satisfies State);
});

test("a JSONata state may have its own query language, and errorOutput in its Catch [QueryLanguage]", () => {
  const state = parsed(
    before({
      Type: "Task",
      ...JSONATA,
      Resource: RESOURCE,
      Arguments: { a: "{% $states.input.a %}" },
      TimeoutSeconds: "{% $t %}",
      Catch: [
        {
          ErrorEquals: ["E"],
          Next: "B",
          Output: "{% $states.errorOutput.Cause %}",
          Assign: { c: "{% $states.errorOutput %}" },
        },
      ],
      Output: "{% $states.result %}",
      Assign: { r: "{% $states.result.r %}" },
      Next: "B",
    }),
  );
  assert.equal(state.queryLanguage, "JSONata");
  assert.ok(state.type === "Task");
  assert.deepEqual(state.timeoutSeconds, { kind: "jsonata", expression: "{% $t %}" });
  assert.equal(state.output, "{% $states.result %}");
});

test("a distributed Map has all its parts [Map]", () => {
  const state = parsed(
    machineOf(
      distributedMap({
        ItemReader: {
          Resource: "arn:aws:states:::s3:getObject",
          Parameters: { Bucket: "b", "Key.$": "$.key" },
          ReaderConfig: {
            InputType: "CSV",
            CSVHeaderLocation: "GIVEN",
            CSVHeaders: ["a", "b"],
            CSVDelimiter: "TAB",
            MaxItemsPath: "$.max",
          },
        },
        ItemSelector: { "v.$": "$$.Map.Item.Value" },
        ItemBatcher: { MaxItemsPerBatch: 10, BatchInput: { "f.$": "$.f" } },
        ResultWriter: {
          Resource: "arn:aws:states:::s3:putObject",
          Parameters: { Bucket: "b" },
          WriterConfig: { OutputType: "JSONL", Transformation: "FLATTEN" },
        },
        MaxConcurrency: 1000,
        ToleratedFailurePercentage: 12.5,
        ToleratedFailureCountPath: "$.count",
        Label: "rows",
        ItemsPath: "$$.Execution.Input.rows",
      }),
    ),
  );
  assert.ok(state.type === "Map");
  const { processor, itemReader, itemBatcher, resultWriter, label, items } = state;
  assert.deepEqual(
    [processor.mode, processor.executionType, processor.startAt, label],
    ["DISTRIBUTED", "EXPRESS", "P", "rows"],
  );
  assert.deepEqual(items, { kind: "path", path: "$$.Execution.Input.rows", field: "ItemsPath" });
  assert.deepEqual(state.toleratedFailurePercentage, { kind: "literal", value: 12.5 });
  assert.deepEqual(itemReader, {
    resource: "arn:aws:states:::s3:getObject",
    parameters: { Bucket: "b", "Key.$": "$.key" },
    inputType: "CSV",
    csvHeaderLocation: "GIVEN",
    csvHeaders: ["a", "b"],
    csvDelimiter: "TAB",
    manifestType: undefined,
    transformation: "NONE",
    itemsPointer: undefined,
    maxItems: { kind: "path", path: "$.max", field: "MaxItemsPath" },
  } satisfies MapState["itemReader"]);
  assert.deepEqual(itemBatcher?.maxItemsPerBatch, { kind: "literal", value: 10 });
  assert.deepEqual([resultWriter?.outputType, resultWriter?.transformation], ["JSONL", "FLATTEN"]);
});

test("a child execution of a distributed Map has variables of its own [Assign]", () => {
  const processor = { ...DISTRIBUTED, States: { P: pass({ Assign: { x: 2 } }) } };
  parsed(machineOf(distributedMap({ Assign: { x: 1 }, ItemProcessor: processor })));
});

test("an Iterator with Parameters is an inline processor with a selector [Map]", () => {
  const state = parsed(
    machineOf({ Type: "Map", Iterator: PROCESSOR, Parameters: { "v.$": "$.v" }, End: true }),
  );
  assert.ok(state.type === "Map");
  assert.equal(state.processor.mode, "INLINE");
  assert.deepEqual(state.itemSelector, { "v.$": "$.v" });
  assert.deepEqual(state.items, { kind: "path", path: "$", field: "ItemsPath" });
  assert.deepEqual(state.maxConcurrency, { kind: "literal", value: 0 });
});

test("states may be named as what every object has [States]", () => {
  const text =
    '{"StartAt":"__proto__","States":{"__proto__":{"Type":"Pass","Next":"constructor"},"constructor":{"Type":"Succeed"}}}';
  const { definition, diagnostics } = parseDefinition(text);
  assert.deepEqual(diagnostics, []);
  assert.deepEqual([...(definition?.states.keys() ?? [])], ["__proto__", "constructor"]);
});

/** A machine with something of everything, to be broken. */
const FULL = {
  Comment: "all",
  StartAt: "P",
  States: {
    P: {
      Type: "Parallel",
      Branches: [{ StartAt: "X", States: { X: { Type: "Wait", SecondsPath: "$.s", End: true } } }],
      Retry: [{ ErrorEquals: ["E"] }],
      Next: "M",
    },
    M: distributedMap({
      ItemBatcher: { MaxItemsPerBatch: 1 },
      ItemProcessor: {
        ...DISTRIBUTED,
        StartAt: "Y",
        States: { Y: { Type: "Fail", CausePath: "States.UUID()" } },
      },
      End: false,
      Next: "C",
    }),
    C: {
      Type: "Choice",
      Choices: [
        {
          And: [
            { Variable: "$.a", NumericEqualsPath: "$.b" },
            { Not: { Variable: "$.c", IsPresent: true } },
          ],
          Next: "T",
        },
      ],
      Default: "J",
    },
    T: task({
      Parameters: { "a.$": "States.Format('{}', $.a)" },
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "J" }],
    }),
    J: {
      Type: "Pass",
      ...JSONATA,
      Output: { a: ["{% $states.input.a %}"] },
      Assign: { v: 1 },
      End: true,
    },
  },
};

test("a machine with something of everything is sound", () => {
  assert.deepEqual(problemsOf(FULL), []);
});

/** `value` with what is at the `index`-th place in it replaced. */
function replaced(value: unknown, index: { left: number }, by: unknown): unknown {
  index.left -= 1;
  if (index.left === -1) return by;
  if (Array.isArray(value)) return value.map((item) => replaced(item, index, by));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, replaced(member, index, by)]),
  );
}

test(`whatever stands anywhere in a machine, parsing answers (seed ${SEED}) [fuzz]`, () => {
  const words = fc.constantFrom(
    "A",
    "P",
    "$",
    "$.a",
    "$$",
    "{% 1 %}",
    "{% x",
    "States.ALL",
    "States.Array(1)",
    "JSONata",
    "JSONPath",
    "Map",
    "DISTRIBUTED",
    0,
    -1,
    true,
    null,
  );
  const names = fc.constantFrom(
    "Type",
    "States",
    "StartAt",
    "Next",
    "Choices",
    "And",
    "Not",
    "Retry",
    "Catch",
    "ItemProcessor",
    "Assign",
    "Parameters",
    "x.$",
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      words,
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(names, tie("value"), { maxKeys: 4 }),
    ),
  }));
  const property = fc.property(fc.nat(130), value, (index, by) => {
    problemsOf(replaced(FULL, { left: index }, by));
    problemsOf(JSON.stringify(by));
  });
  fc.assert(property, { seed: SEED, numRuns: 3_000 });
});

test(`any text is answered (seed ${SEED}) [fuzz]`, () => {
  fc.assert(
    fc.property(fc.string(), (text) => void problemsOf(text)),
    { seed: SEED, numRuns: 300 },
  );
});
