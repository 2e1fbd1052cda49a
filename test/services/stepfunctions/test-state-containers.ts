import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { OpenWorkshop, Shown, TestOptions, Workshop } from "./workshop.ts";

/** TestState: Map and Parallel states, which are mocked, and states in them. */
export function testStateContainers(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  const check = (definition: object, more: TestOptions = {}): Promise<Shown> =>
    workshop.testState(definition, more);

  const processor = (mode: object = {}): object => ({
    ...mode,
    StartAt: "P",
    States: { P: { Type: "Pass", End: true } },
  });
  const DISTRIBUTED = { ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" } };
  const refused = { name: "ValidationException" };

  test("a Map state shows its items, and fails by its iterations' failures [TestState Map]", async () => {
    const map = {
      Type: "Map",
      ItemsPath: "$.items",
      ItemSelector: { "v.$": "$$.Map.Item.Value" },
      MaxConcurrency: 3,
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: "P",
        States: { P: { Type: "Pass", End: true } },
      },
      ToleratedFailureCount: 1,
      End: true,
    };
    const given = {
      input: '{"items":[1,2]}',
      mock: { result: "[3]" },
      inspectionLevel: "DEBUG",
    } as const;
    const good = await check(map, given);
    assert.deepEqual([good.status, good.output], ["SUCCEEDED", "[3]"]);
    const shown = good.inspectionData;
    assert.deepEqual(
      [shown?.afterItemsPath, shown?.afterItemSelector, shown?.maxConcurrency],
      ["[1,2]", '[{"v":1},{"v":2}]', 3],
    );
    assert.equal(shown?.toleratedFailureCount, 1);
    const failed = await check(map, {
      ...given,
      stateConfiguration: { mapIterationFailureCount: 2 },
    });
    assert.equal(failed.error, "States.ExceedToleratedFailureThreshold");
  });

  test("what a Map does not have is not shown [Testing a Map state]", async () => {
    const result = '[{"itemId":1},{"itemId":2}]';
    const map = { Type: "Map", ItemProcessor: processor(DISTRIBUTED), End: true };
    const asked = { mock: { result: "[3,4]" }, inspectionLevel: "DEBUG" } as const;
    assert.deepEqual(await check(map, { ...asked, input: result }), {
      status: "SUCCEEDED",
      output: "[3,4]",
      inspectionData: {
        input: result,
        afterInputPath: result,
        afterResultSelector: "[3,4]",
        afterResultPath: "[3,4]",
      },
    });
    const jsonata = {
      ...map,
      QueryLanguage: "JSONata",
      Items: "{% $states.input %}",
      ItemSelector: { v: "{% $states.context.Map.Item.Value.itemId %}" },
    };
    const { inspectionData } = await check(jsonata, { ...asked, input: result });
    assert.deepEqual(inspectionData, { input: result, afterItemSelector: '[{"v":1},{"v":2}]' });
  });

  test("an inline Map without items is mocked too [Testing a Map state]", async () => {
    const map = { Type: "Map", ItemsPath: "$.none", ItemProcessor: processor(), Next: "N" };
    const shown = await check(
      { ...map, ResultPath: "$.got" },
      { input: '{"none":[]}', mock: { result: "[]" }, inspectionLevel: "DEBUG" },
    );
    assert.deepEqual([shown.output, shown.nextState], ['{"none":[],"got":[]}', "N"]);
    assert.equal(shown.inspectionData?.afterItemsPath, "[]");
  });

  test("results of Map and Parallel states have their form [Testing Parallel states]", async () => {
    const map = { Type: "Map", ItemProcessor: processor(), End: true };
    const mapped = { input: "[1,2]", mock: { result: "{}" } };
    await assert.rejects(check(map, mapped), refused);
    const ResultWriter = {
      Resource: "arn:aws:states:::s3:putObject",
      Parameters: { Bucket: "b", Prefix: "p" },
    };
    const written = { ...map, ItemProcessor: processor(DISTRIBUTED), ResultWriter };
    assert.equal((await check(written, mapped)).output, "{}");
    const other = { StartAt: "Q", States: { Q: { Type: "Succeed" } } };
    const parallel = { Type: "Parallel", Branches: [processor(), other], End: true };
    await assert.rejects(check(parallel, { mock: { result: "[1]" } }), refused);
    assert.deepEqual(
      await check(parallel, { mock: { result: "[1,2]" }, inspectionLevel: "DEBUG" }),
      {
        status: "SUCCEEDED",
        output: "[1,2]",
        inspectionData: {
          input: "{}",
          afterResultSelector: "[1,2]",
          afterResultPath: "[1,2]",
        },
      },
    );
  });

  test("an error of a Map or Parallel comes of a state inside [errorCausedByState]", async () => {
    const map = {
      Type: "Map",
      ItemProcessor: processor(),
      Catch: [{ ErrorEquals: ["States.TaskFailed"], Next: "Caught" }],
      End: true,
    };
    const error = (name: string, errorCausedByState?: string): TestOptions => ({
      input: "[1]",
      mock: { errorOutput: { error: name } },
      ...(errorCausedByState !== undefined && { stateConfiguration: { errorCausedByState } }),
    });
    await assert.rejects(check(map, error("States.TaskFailed")), refused);
    await assert.rejects(check(map, error("States.TaskFailed", "Nope")), refused);
    const caught = await check(map, error("States.TaskFailed", "P"));
    assert.deepEqual([caught.status, caught.nextState], ["CAUGHT_ERROR", "Caught"]);
    const own = await check(map, error("States.ExceedToleratedFailureThreshold"));
    assert.equal(own.nextState, "Caught");
  });

  test("no more iterations fail than there are items [mapIterationFailureCount]", async () => {
    const map = {
      Type: "Map",
      ItemProcessor: processor(DISTRIBUTED),
      ToleratedFailurePercentage: 100,
      End: true,
    };
    const failed = (mapIterationFailureCount: number): TestOptions => ({
      input: "[1,2]",
      mock: { result: "[]" },
      stateConfiguration: { mapIterationFailureCount },
    });
    assert.equal((await check(map, failed(2))).status, "SUCCEEDED");
    await assert.rejects(check(map, failed(3)), refused);
  });

  test("a state in a Distributed Map fails it when that tolerates no more [Error propagation]", async () => {
    const machine = {
      StartAt: "M",
      States: {
        M: {
          Type: "Map",
          ItemProcessor: {
            ...DISTRIBUTED,
            StartAt: "In",
            States: {
              In: {
                Type: "Task",
                Resource: "arn:aws:states:::lambda:invoke",
                Parameters: { FunctionName: "f" },
                End: true,
              },
            },
          },
          ToleratedFailureCount: 1,
          Catch: [{ ErrorEquals: ["States.ExceedToleratedFailureThreshold"], Next: "Caught" }],
          End: true,
        },
        Caught: { Type: "Succeed" },
      },
    };
    const failing = (mapIterationFailureCount: number): Promise<Shown> =>
      check(machine, {
        stateName: "In",
        mock: { errorOutput: { error: "E" } },
        stateConfiguration: { mapIterationFailureCount },
      });
    const tolerated = await failing(0);
    assert.deepEqual([tolerated.status, tolerated.error], ["FAILED", "E"]);
    const over = await failing(1);
    assert.deepEqual([over.status, over.nextState], ["CAUGHT_ERROR", "Caught"]);
  });

  test("a Distributed Map shows what its reader's data, pointer and batcher give [mapItemReaderData]", async () => {
    const map = {
      Type: "Map",
      ItemReader: {
        Resource: "arn:aws:states:::s3:getObject",
        ReaderConfig: { InputType: "JSON", ItemsPointer: "/list" },
        Parameters: { Bucket: "b", Key: "k" },
      },
      ItemBatcher: { MaxItemsPerBatch: 2 },
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: "P",
        States: { P: { Type: "Pass", End: true } },
      },
      End: true,
    };
    const given = { mock: { result: "[]" }, inspectionLevel: "DEBUG" } as const;
    const shown = await check(map, {
      ...given,
      stateConfiguration: { mapItemReaderData: '{"list":[1,2,3]}' },
    });
    assert.equal(shown.status, "SUCCEEDED", shown.cause);
    assert.equal(shown.inspectionData?.afterItemsPointer, "[1,2,3]");
    assert.equal(shown.inspectionData?.afterItemBatcher, '[{"Items":[1,2]},{"Items":[3]}]');
    const broken = await check(map, { ...given, stateConfiguration: { mapItemReaderData: "{" } });
    assert.deepEqual([broken.status, broken.error], ["FAILED", "States.ItemReaderFailed"]);
  });

  test("a reader's items may be the input [Testing Distributed Map states]", async () => {
    const map = {
      Type: "Map",
      ItemReader: {
        Resource: "arn:aws:states:::s3:getObject",
        Parameters: { Bucket: "my-bucket", Key: "orders.json" },
        ReaderConfig: { InputType: "JSON" },
      },
      ItemsPath: "$.orders",
      ItemSelector: {
        "id.$": "$$.Map.Item.Value.orderId",
        "source.$": "$$.Map.Item.Source",
      },
      ItemProcessor: processor(DISTRIBUTED),
      ToleratedFailureCount: 5,
      End: true,
    };
    const shown = await check(map, {
      input: '{"orders":[{"orderId":"123"},{"orderId":"456"}]}',
      mock: { result: "[]" },
      inspectionLevel: "DEBUG",
    });
    const { afterItemsPath, afterItemSelector, toleratedFailureCount } = shown.inspectionData ?? {};
    assert.deepEqual(
      [afterItemsPath, afterItemSelector, toleratedFailureCount],
      [
        '[{"orderId":"123"},{"orderId":"456"}]',
        '[{"id":"123","source":"S3://my-bucket/orders.json"},{"id":"456","source":"S3://my-bucket/orders.json"}]',
        5,
      ],
    );
    const { ItemsPath: _, ...whole } = map;
    const pointed = await check(
      {
        ...whole,
        ItemReader: {
          ...map.ItemReader,
          ReaderConfig: { InputType: "JSON", ItemsPointer: "/orders" },
        },
      },
      {
        input: '{"orders":[{"orderId":"7"}]}',
        mock: { result: "[]" },
        inspectionLevel: "DEBUG",
      },
    );
    assert.equal(pointed.inspectionData?.afterItemsPointer, '[{"orderId":"7"}]', pointed.cause);
  });
}
