import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

const TASK = "arn:aws:states:::";
const PASS = { StartAt: "Item", States: { Item: { Type: "Pass", End: true } } };

/** What the intrinsic functions give for the input `{ "list": [1, 2, 2, 3], "text": "a,b" }`. */
const INTRINSICS: Readonly<Record<string, unknown>> = {
  "States.Format('{} of {}', $.text, States.ArrayLength($.list))": "a,b of 4",
  "States.StringToJson('[1]')": [1],
  "States.JsonToString($.list)": "[1,2,2,3]",
  "States.Array($.text, 1)": ["a,b", 1],
  "States.ArrayPartition($.list, 3)": [[1, 2, 2], [3]],
  "States.ArrayContains($.list, 3)": true,
  "States.ArrayRange(1, 9, 4)": [1, 5, 9],
  "States.ArrayGetItem($.list, 3)": 3,
  "States.ArrayLength($.list)": 4,
  "States.ArrayUnique($.list)": [1, 2, 3],
  "States.Base64Encode($.text)": "YSxi",
  "States.Base64Decode('YSxi')": "a,b",
  "States.Hash('input data', 'SHA-1')": "aaff4a450a104cd177d28d18d74485e8cae074b7",
  "States.JsonMerge(States.StringToJson('{\"a\":1}'), $, false)": {
    a: 1,
    list: [1, 2, 2, 3],
    text: "a,b",
  },
  "States.MathRandom(1, 2)": 1,
  "States.MathAdd(States.ArrayLength($.list), -1)": 3,
  "States.StringSplit($.text, ',')": ["a", "b"],
};

/** What the functions that Step Functions adds to JSONata give. */
const JSONATA: Readonly<Record<string, unknown>> = {
  "$partition($states.input.list, 3)": [[1, 2, 2], [3]],
  "$range(0, 10, 5)": [0, 5, 10],
  "$hash('input data', 'SHA-1')": "aaff4a450a104cd177d28d18d74485e8cae074b7",
  "$random(7) = $random(7) and $random() < 1": true,
  "$length($uuid())": 36,
  "$parse('{\"a\":[1]}').a[0]": 1,
};

/** Comparisons that hold and, with the other operand, do not; each is also made with its path. */
const COMPARISONS: readonly [operator: string, value: unknown, holds: unknown, not: unknown][] = [
  ["StringEquals", "b", "b", "c"],
  ["StringLessThan", "b", "c", "b"],
  ["StringGreaterThan", "b", "a", "b"],
  ["StringLessThanEquals", "b", "b", "a"],
  ["StringGreaterThanEquals", "b", "b", "c"],
  ["NumericEquals", 2, 2, 3],
  ["NumericLessThan", 2, 3, 2],
  ["NumericGreaterThan", 2, 1, 2],
  ["NumericLessThanEquals", 2, 2, 1],
  ["NumericGreaterThanEquals", 2, 2, 3],
  ["BooleanEquals", true, true, false],
  ["TimestampEquals", "2026-01-02T00:00:00Z", "2026-01-02T01:00:00+01:00", "2026-01-01T00:00:00Z"],
  ["TimestampLessThan", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-02T00:00:00Z"],
  ["TimestampGreaterThan", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"],
  [
    "TimestampLessThanEquals",
    "2026-01-02T00:00:00Z",
    "2026-01-02T00:00:00Z",
    "2026-01-01T00:00:00Z",
  ],
  [
    "TimestampGreaterThanEquals",
    "2026-01-02T00:00:00Z",
    "2026-01-02T00:00:00Z",
    "2026-01-03T00:00:00Z",
  ],
];

/** Comparisons that have no path, each with a value for which they hold and one for which not. */
const TESTS: readonly [rule: object, holds: unknown, not: unknown][] = [
  [{ StringMatches: "log-*.txt" }, "log-1.txt", "log-1.json"],
  [{ IsNull: true }, null, 0],
  [{ IsNumeric: true }, 1, "1"],
  [{ IsString: true }, "1", 1],
  [{ IsBoolean: true }, false, 0],
  [{ IsTimestamp: true }, "2026-01-02T00:00:00Z", "tomorrow"],
];

/** How data goes into a state, through it, and out of it: every field and function, through the SDK. */
export function dataFlow(open: OpenWorkshop): void {
  let workshop: Workshop;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "waystation-data-flow-"));
    await mkdir(join(folder, "bucket"));
    workshop = await open({ options: { "states.objectFolder": folder } });
  });
  after(async () => {
    await workshop.close();
    await rm(folder, { recursive: true });
  });

  test("every intrinsic function gives its value, nested or not [intrinsics]", async () => {
    const calls = Object.keys(INTRINSICS);
    const Parameters = Object.fromEntries(calls.map((call, index) => [`${index}.$`, call]));
    const ran = await workshop.run(
      {
        StartAt: "P",
        States: {
          P: { Type: "Pass", Parameters: { ...Parameters, "uuid.$": "States.UUID()" }, End: true },
        },
      },
      { list: [1, 2, 2, 3], text: "a,b" },
    );
    assert.equal(ran.status, "SUCCEEDED", ran.cause);
    const { uuid, ...values } = Object(ran.output);
    assert.match(uuid, /^[0-9a-f-]{36}$/);
    const shown = Object.fromEntries(calls.map((call, index) => [call, values[index]]));
    assert.deepEqual(shown, INTRINSICS);
  });

  test("every function that Step Functions adds to JSONata gives its value [JSONata]", async () => {
    const calls = Object.keys(JSONATA);
    const Output = Object.fromEntries(calls.map((call) => [call, `{% ${call} %}`]));
    const ran = await workshop.run(
      {
        QueryLanguage: "JSONata",
        StartAt: "P",
        States: { P: { Type: "Pass", Output, End: true } },
      },
      { list: [1, 2, 2, 3] },
    );
    assert.deepEqual(ran.output, JSONATA, ran.cause);
  });

  test("every comparison of a Choice holds when it should, and not else [Choice state]", async () => {
    const rules: object[] = [];
    for (const [operator, value, holds, not] of COMPARISONS) {
      const index = rules.length;
      const Variable = `$[${index}].value`;
      const add = (rule: object, isTrue: boolean, operand?: unknown): void => {
        rules.push({ rule, isTrue, value, operand });
      };
      add({ Variable, [operator]: holds }, true);
      add({ Variable: `$[${index + 1}].value`, [operator]: not }, false);
      const path = (at: number): object => ({
        Variable: `$[${at}].value`,
        [`${operator}Path`]: `$[${at}].operand`,
      });
      add(path(index + 2), true, holds);
      add(path(index + 3), false, not);
    }
    for (const [rule, holds, not] of TESTS) {
      for (const [value, isTrue] of [
        [holds, true],
        [not, false],
      ] as const)
        rules.push({ rule: { Variable: `$[${rules.length}].value`, ...rule }, isTrue, value });
    }
    const yes = { Variable: "$[0].isTrue", BooleanEquals: true };
    const no = { Variable: "$[0].isTrue", BooleanEquals: false };
    rules.push({ rule: { Variable: "$[0].isTrue", IsPresent: true }, isTrue: true });
    rules.push({ rule: { Variable: "$[0].none", IsPresent: true }, isTrue: false });
    rules.push({ rule: { And: [yes, { Not: no }] }, isTrue: true });
    rules.push({ rule: { And: [yes, no] }, isTrue: false });
    rules.push({ rule: { Or: [no, yes] }, isTrue: true });
    rules.push({ rule: { Or: [no, no] }, isTrue: false });
    const Branches = rules.map((each, index) => ({
      StartAt: `C${index}`,
      States: {
        [`C${index}`]: {
          Type: "Choice",
          Choices: [{ ...Object(each).rule, Next: `Y${index}` }],
          Default: `N${index}`,
        },
        [`Y${index}`]: { Type: "Pass", Result: true, End: true },
        [`N${index}`]: { Type: "Pass", Result: false, End: true },
      },
    }));
    const ran = await workshop.run(
      { StartAt: "All", States: { All: { Type: "Parallel", Branches, End: true } } },
      rules,
    );
    assert.equal(ran.status, "SUCCEEDED", ran.cause);
    for (const [index, each] of rules.entries())
      assert.equal(Object(ran.output)[index], Object(each).isTrue, JSON.stringify(each));
  });

  test("a Task's input and result go through all five fields in their order [data flow]", async () => {
    const { QueueUrl } = await workshop.sqs.createQueue({ QueueName: "flow" });
    const ran = await workshop.run(
      {
        StartAt: "T",
        States: {
          T: {
            Type: "Task",
            Resource: `${TASK}aws-sdk:sqs:listQueues`,
            InputPath: "$.inner",
            Parameters: { "QueueNamePrefix.$": "$.prefix" },
            ResultSelector: { "first.$": "$.QueueUrls[0]", fixed: 1 },
            ResultPath: "$.result",
            OutputPath: "$.result",
            End: true,
          },
        },
      },
      { outer: 1, inner: { prefix: "fl" } },
    );
    assert.deepEqual(ran.output, { first: QueueUrl, fixed: 1 }, ran.cause);
    const selected = { "all.$": "$" };
    const containers = await workshop.run(
      {
        StartAt: "P",
        States: {
          P: {
            Type: "Parallel",
            InputPath: "$.a",
            Parameters: { "n.$": "$.n" },
            Branches: [PASS],
            ResultSelector: selected,
            ResultPath: "$.parallel",
            Next: "M",
          },
          M: {
            Type: "Map",
            InputPath: "$.parallel",
            ItemsPath: "$.all",
            ItemSelector: { "v.$": "$$.Map.Item.Value.n", "i.$": "$$.Map.Item.Index" },
            ItemProcessor: { StartAt: "Each", States: { Each: { Type: "Pass", End: true } } },
            ResultSelector: selected,
            ResultPath: "$.map",
            OutputPath: "$.map.all",
            End: true,
          },
        },
      },
      { a: { n: 5 } },
    );
    assert.deepEqual(containers.output, [{ v: 5, i: 0 }], containers.cause);
  });

  test("null as a path is no input, no change, or no output [InputPath, ResultPath, OutputPath]", async () => {
    const pass = (fields: object): Promise<{ output: unknown }> =>
      workshop.run(
        { StartAt: "P", States: { P: { Type: "Pass", End: true, ...fields } } },
        { a: 1 },
      );
    assert.deepEqual((await pass({ InputPath: null })).output, {});
    assert.deepEqual((await pass({ Result: 5, ResultPath: null })).output, { a: 1 });
    assert.deepEqual((await pass({ Result: 5, OutputPath: null })).output, {});
  });

  test("variables are assigned, read and overwritten in both languages [Assign]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "A",
        States: {
          A: { Type: "Pass", Assign: { "x.$": "$.n", y: { z: [1] } }, Next: "B" },
          B: {
            Type: "Pass",
            QueryLanguage: "JSONata",
            Assign: { x: "{% $x + 1 %}", old: "{% $x %}" },
            Output: "{% $y.z[0] %}",
            Next: "C",
          },
          C: {
            Type: "Pass",
            Parameters: { "all.$": "States.Array($x, $old, $y.z[0], $)" },
            End: true,
          },
        },
      },
      { n: 7 },
    );
    assert.deepEqual(ran.output, { all: [8, 7, 1, 1] }, ran.cause);
  });

  test("an Assign in JSONPath has the raw result beside a ResultSelector [Assign]", async () => {
    const container = {
      ResultSelector: { "selected.$": "$[0]" },
      Assign: { "raw.$": "$" },
      Next: "B",
    };
    const B = { Type: "Pass", Parameters: { "raw.$": "$raw", "input.$": "$" }, End: true };
    const parallel = { Type: "Parallel", Branches: [PASS], ...container };
    const map = { Type: "Map", ItemProcessor: PASS, ...container };
    const ofParallel = await workshop.run({ StartAt: "A", States: { A: parallel, B } }, [7]);
    assert.deepEqual(ofParallel.output, { raw: [[7]], input: { selected: [7] } });
    const ofMap = await workshop.run({ StartAt: "A", States: { A: map, B } }, [7]);
    assert.deepEqual(ofMap.output, { raw: [7], input: { selected: 7 } });
    const Parameters = { "a.$": "$[0]" };
    const pass = { Type: "Pass", Parameters, Assign: { "raw.$": "$" }, Next: "B" };
    const ofPass = await workshop.run({ StartAt: "A", States: { A: pass, B } }, [7]);
    assert.deepEqual(ofPass.output, { raw: { a: 7 }, input: { a: 7 } });
  });

  test("limits come from paths as from numbers [TimeoutSecondsPath, HeartbeatSecondsPath]", async () => {
    const { QueueUrl } = await workshop.sqs.createQueue({ QueueName: "limits" });
    for (const [field, error] of [
      ["TimeoutSecondsPath", "States.Timeout"],
      ["HeartbeatSecondsPath", "States.HeartbeatTimeout"],
    ] as const) {
      const T = {
        Type: "Task",
        Resource: `${TASK}sqs:sendMessage.waitForTaskToken`,
        Parameters: { QueueUrl, "MessageBody.$": "$$.Task.Token" },
        [field]: "$.seconds",
        End: true,
      };
      const ran = await workshop.run({ StartAt: "T", States: { T } }, { seconds: 9 });
      await workshop.advance(8);
      assert.equal((await workshop.look(ran.arn)).status, "RUNNING", field);
      await workshop.advance(1);
      assert.equal((await workshop.look(ran.arn)).error, error);
    }
  });

  test("a Map's numbers come from paths as well [MaxConcurrencyPath, …Path]", async () => {
    const W = { Type: "Wait", Seconds: 10, End: true };
    const M = {
      Type: "Map",
      ItemsPath: "$.items",
      MaxConcurrencyPath: "$.most",
      ItemProcessor: { StartAt: "W", States: { W } },
      End: true,
    };
    const inline = await workshop.run(
      { StartAt: "M", States: { M } },
      { items: [1, 2, 3], most: 2 },
    );
    const entered = (await workshop.types(inline.arn)).filter(
      (type) => type === "WaitStateEntered",
    );
    assert.equal(entered.length, 2);
    await writeFile(join(folder, "bucket/items.json"), JSON.stringify([1, 2, 3, 4, 5, 6]));
    const distributed = {
      Type: "Map",
      MaxConcurrencyPath: "$.most",
      ToleratedFailureCountPath: "$.tolerated",
      ToleratedFailurePercentagePath: "$.percentage",
      ItemReader: {
        Resource: `${TASK}s3:getObject`,
        ReaderConfig: { InputType: "JSON", MaxItemsPath: "$.items" },
        Parameters: { Bucket: "bucket", "Key.$": "$.key" },
      },
      ItemBatcher: { MaxItemsPerBatchPath: "$.batch", MaxInputBytesPerBatchPath: "$.bytes" },
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: "C",
        States: {
          C: {
            Type: "Choice",
            Choices: [{ Variable: "$.Items[0]", NumericEquals: 1, Next: "F" }],
            Default: "P",
          },
          F: { Type: "Fail", Error: "First" },
          P: { Type: "Pass", OutputPath: "$.Items", End: true },
        },
      },
      End: true,
    };
    const numbers = { most: 2, tolerated: 2, percentage: 50, items: 5, batch: 2, bytes: 1000 };
    const definition = { StartAt: "D", States: { D: distributed } };
    const ran = await workshop.run(definition, { ...numbers, key: "items.json" });
    assert.deepEqual(ran.output, [[3, 4], [5]], ran.cause);
    const { mapRuns = [] } = await workshop.sfn.listMapRuns({ executionArn: ran.arn });
    const mapRunArn = mapRuns[0]?.mapRunArn ?? "";
    const described = await workshop.sfn.describeMapRun({ mapRunArn });
    const { maxConcurrency, toleratedFailureCount, toleratedFailurePercentage } = described;
    assert.deepEqual(
      [maxConcurrency, toleratedFailureCount, toleratedFailurePercentage],
      [2, 2, 50],
    );
    const failed = await workshop.run(definition, {
      ...numbers,
      tolerated: 0,
      percentage: 0,
      key: "items.json",
    });
    assert.equal(failed.error, "States.ExceedToleratedFailureThreshold");
  });

  test("what does not fit names its error, which can be caught [error names]", async () => {
    const errorOf = async (
      state: object,
      input: unknown = { a: 1 },
    ): Promise<string | undefined> => {
      const { error } = await workshop.run(
        { StartAt: "S", States: { S: { ...state, End: true } } },
        input,
      );
      return error;
    };
    const calls: readonly [state: object, error: string][] = [
      [{ Type: "Pass", Result: 1, ResultPath: "$.a.b" }, "States.ResultPathMatchFailure"],
      [{ Type: "Pass", Parameters: { "x.$": "$.none" } }, "States.Runtime"],
      [
        { Type: "Pass", Parameters: { "x.$": "States.StringToJson('{')" } },
        "States.IntrinsicFailure",
      ],
      [{ Type: "Pass", InputPath: "$.none" }, "States.Runtime"],
      [{ Type: "Pass", OutputPath: "$.none" }, "States.Runtime"],
      [
        { Type: "Pass", QueryLanguage: "JSONata", Output: "{% $number('x') %}" },
        "States.QueryEvaluationError",
      ],
    ];
    for (const [state, error] of calls) assert.equal(await errorOf(state), error);
    const caught = await workshop.run(
      {
        StartAt: "P",
        States: {
          P: {
            Type: "Parallel",
            Branches: [
              {
                StartAt: "I",
                States: {
                  I: { Type: "Pass", Parameters: { "x.$": "States.MathAdd('a', 1)" }, End: true },
                },
              },
            ],
            Catch: [{ ErrorEquals: ["States.IntrinsicFailure"], ResultPath: "$.why", Next: "C" }],
            End: true,
          },
          C: { Type: "Pass", OutputPath: "$.why.Error", End: true },
        },
      },
      { a: 1 },
    );
    assert.equal(caught.output, "States.IntrinsicFailure", caught.cause);
  });

  test("a Task's credentials are in its history, from a path as well [Credentials]", async () => {
    const role = "arn:aws:iam::111111111111:role/other";
    const state = (RoleArn: object): object => ({
      Type: "Task",
      Resource: `${TASK}aws-sdk:sqs:listQueues`,
      Parameters: {},
      Credentials: RoleArn,
      End: true,
    });
    for (const credentials of [{ RoleArn: role }, { "RoleArn.$": "$.role" }]) {
      const ran = await workshop.run({ StartAt: "T", States: { T: state(credentials) } }, { role });
      assert.equal(ran.status, "SUCCEEDED", ran.cause);
      const history = await workshop.history(ran.arn);
      const scheduled = history.find(({ type }) => type === "TaskScheduled");
      assert.deepEqual(scheduled?.taskScheduledEventDetails?.taskCredentials, { roleArn: role });
    }
  });

  test("results that cannot be written fail the Map [States.ResultWriterFailed]", async () => {
    const ItemProcessor = {
      ...PASS,
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
    };
    const ResultWriter = {
      Resource: `${TASK}s3:putObject`,
      Parameters: { Bucket: "broken", Prefix: "out" },
    };
    await writeFile(join(folder, "broken"), "a file, where a bucket's folder should be");
    const ran = await workshop.run(
      { StartAt: "M", States: { M: { Type: "Map", ItemProcessor, ResultWriter, End: true } } },
      [1],
    );
    assert.equal(ran.error, "States.ResultWriterFailed");
  });
}
