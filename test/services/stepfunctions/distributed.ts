import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { DescribeExecutionOutput } from "@aws-sdk/client-sfn";
import { MAP_RUN_RESULT } from "../../../src/services/stepfunctions/keys.ts";
import { MAX_RUNNING_EXECUTIONS } from "../../../src/services/stepfunctions/limits.ts";
import { uidOf } from "../../../src/services/stepfunctions/uids.ts";
import type { OpenWorkshop, Ran, Workshop } from "./workshop.ts";

/** Children that are told how to end. */
interface Commanded {
  readonly work: object;
  /** Has the child that waits longest succeed, or fail. */
  readonly answer: (isGood: boolean) => Promise<void>;
}

/** Distributed Maps and their map runs. */
export function distributed(open: OpenWorkshop): void {
  let workshop: Workshop;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "waystation-objects-"));
    await mkdir(join(folder, "bucket/in"), { recursive: true });
    workshop = await open({ options: { "states.objectFolder": folder } });
  });
  after(async () => {
    await workshop.close();
    await rm(folder, { recursive: true });
  });

  const PASS = { StartAt: "E", States: { E: { Type: "Pass", End: true } } };

  const STANDARD = { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" };

  /** A machine of one Distributed Map. */
  function map(fields: object, processor: object = PASS, executionType = "STANDARD"): object {
    const ItemProcessor = {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: executionType },
      ...processor,
    };
    return {
      StartAt: "M",
      States: { M: { Type: "Map", Label: "items", ItemProcessor, End: true, ...fields } },
    };
  }

  async function mapRunOf(ran: Ran): Promise<string> {
    const { mapRuns = [] } = await workshop.sfn.listMapRuns({ executionArn: ran.arn });
    return mapRuns[0]?.mapRunArn ?? "";
  }

  for (const type of ["STANDARD", "EXPRESS"]) {
    test(`each item is an execution of its own, counted and listed [Distributed Map, ${type}]`, async () => {
      const ran = await workshop.run(
        map({ ItemSelector: { "v.$": "$$.Map.Item.Value" } }, PASS, type),
        [1, 2, 3],
      );
      assert.equal(ran.status, "SUCCEEDED", ran.cause);
      assert.deepEqual(ran.output, [{ v: 1 }, { v: 2 }, { v: 3 }]);
      const mapRunArn = await mapRunOf(ran);
      assert.match(
        mapRunArn,
        /^arn:aws:states:us-east-1:000000000000:mapRun:machine-\d+\/items:[0-9a-f-]{36}$/,
      );
      const run = await workshop.sfn.describeMapRun({ mapRunArn });
      assert.equal(run.status, "SUCCEEDED");
      assert.deepEqual(
        [run.itemCounts?.succeeded, run.executionCounts?.total, run.executionCounts?.running],
        [3, 3, 0],
      );
      const { executions = [] } = await workshop.sfn.listExecutions({ mapRunArn });
      assert.equal(executions.length, 3);
      const child = await workshop.sfn.describeExecution({
        executionArn: executions[0]?.executionArn ?? "",
      });
      assert.deepEqual([child.status, child.mapRunArn], ["SUCCEEDED", mapRunArn]);
      assert.match(child.stateMachineArn ?? "", /\/items$/);
      assert.deepEqual((await workshop.types(ran.arn)).slice(1, -1), [
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
      ]);
    });
  }

  test("no more children run at once than MaxConcurrency, which can be changed [UpdateMapRun]", async () => {
    const waiting = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 10, End: true } } };
    const ran = await workshop.run(map({ MaxConcurrency: 2 }, waiting), [1, 2, 3, 4, 5, 6]);
    const mapRunArn = await mapRunOf(ran);
    const counts = async (): Promise<number[]> => {
      const { executionCounts } = await workshop.sfn.describeMapRun({ mapRunArn });
      return [
        executionCounts?.running ?? 0,
        executionCounts?.pending ?? 0,
        executionCounts?.succeeded ?? 0,
      ];
    };
    assert.deepEqual(await counts(), [2, 4, 0]);
    await workshop.advance(10);
    assert.deepEqual(await counts(), [2, 2, 2]);
    await workshop.sfn.updateMapRun({ mapRunArn, maxConcurrency: 10 });
    await workshop.settle();
    assert.deepEqual(await counts(), [4, 0, 2]);
    await workshop.advance(10);
    assert.deepEqual((await workshop.look(ran.arn)).output, [1, 2, 3, 4, 5, 6]);
    await assert.rejects(workshop.sfn.updateMapRun({ mapRunArn, maxConcurrency: 1 }), {
      name: "ValidationException",
    });
  });

  const FAIL_ODD = {
    StartAt: "C",
    States: {
      C: {
        Type: "Choice",
        Choices: [{ Variable: "$.odd", BooleanEquals: true, Next: "F" }],
        Default: "E",
      },
      F: { Type: "Fail", Error: "Odd" },
      E: { Type: "Pass", End: true },
    },
  };

  test("more failures than are tolerated fail the map run, fewer do not [tolerated failures]", async () => {
    const items = [{ odd: true }, { odd: false }, { odd: false }, { odd: false }];
    const strict = await workshop.run(map({}, FAIL_ODD), items);
    assert.deepEqual(
      [strict.status, strict.error],
      ["FAILED", "States.ExceedToleratedFailureThreshold"],
    );
    assert.ok((await workshop.types(strict.arn)).includes("MapRunFailed"));
    const byCount = await workshop.run(map({ ToleratedFailureCount: 1 }, FAIL_ODD), items);
    assert.equal(byCount.status, "SUCCEEDED");
    assert.equal(
      (await workshop.run(map({ ToleratedFailurePercentage: 25 }, FAIL_ODD), items)).status,
      "SUCCEEDED",
    );
    assert.equal(
      (await workshop.run(map({ ToleratedFailurePercentage: 24 }, FAIL_ODD), items)).status,
      "FAILED",
    );
  });

  test("Express children that wait hold up no Standard execution", async () => {
    const waiting = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 200, End: true } } };
    const items = Array.from({ length: MAX_RUNNING_EXECUTIONS }, (_, index) => index);
    const ran = await workshop.run(map({}, waiting, "EXPRESS"), items);
    assert.equal((await workshop.run(PASS)).status, "SUCCEEDED");
    await workshop.advance(200);
    assert.deepEqual((await workshop.look(ran.arn)).output, items);
  });

  test("items are put together by number and by size [ItemBatcher]", async () => {
    const ran = await workshop.run(
      map({ ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { k: 1 } } }),
      [1, 2, 3],
    );
    assert.deepEqual(ran.output, [
      { BatchInput: { k: 1 }, Items: [1, 2] },
      { BatchInput: { k: 1 }, Items: [3] },
    ]);
    const run = await workshop.sfn.describeMapRun({ mapRunArn: await mapRunOf(ran) });
    assert.deepEqual([run.itemCounts?.succeeded, run.executionCounts?.succeeded], [3, 2]);
    const bySize = await workshop.run(map({ ItemBatcher: { MaxInputBytesPerBatch: 40 } }), [
      "a".repeat(12),
      "b".repeat(12),
      "c",
    ]);
    assert.deepEqual(bySize.output, [
      { Items: ["a".repeat(12)] },
      { Items: ["b".repeat(12), "c"] },
    ]);
  });

  test("items are read from JSON, JSON lines, CSV and listings [ItemReader]", async () => {
    await writeFile(join(folder, "bucket/in/a.json"), '{"list":[1,2]}');
    await writeFile(join(folder, "bucket/in/b.jsonl"), '{"n":1}\n{"n":2}\n');
    await writeFile(join(folder, "bucket/in/c.csv"), 'id,name\n1,"Doe, ""J"""\n2,x\r\n');
    const read = async (config: object, key: string, more: object = {}): Promise<unknown> => {
      const reader = {
        Resource: "arn:aws:states:::s3:getObject",
        ReaderConfig: config,
        Parameters: { Bucket: "bucket", Key: key },
      };
      const ran = await workshop.run(map({ ItemReader: { ...reader, ...more } }));
      assert.equal(ran.status, "SUCCEEDED", ran.cause);
      return ran.output;
    };
    assert.deepEqual(await read({ InputType: "JSON", ItemsPointer: "/list" }, "in/a.json"), [1, 2]);
    assert.deepEqual(await read({ InputType: "JSONL" }, "in/b.jsonl"), [{ n: 1 }, { n: 2 }]);
    const csv = { InputType: "CSV", CSVHeaderLocation: "FIRST_ROW" };
    assert.deepEqual(await read(csv, "in/c.csv"), [
      { id: "1", name: 'Doe, "J"' },
      { id: "2", name: "x" },
    ]);
    assert.deepEqual(await read({ ...csv, MaxItems: 1 }, "in/c.csv"), [
      { id: "1", name: 'Doe, "J"' },
    ]);
    const listing = {
      Resource: "arn:aws:states:::s3:listObjectsV2",
      Parameters: { Bucket: "bucket", Prefix: "in/" },
    };
    const listed = await workshop.run(map({ ItemReader: listing }));
    assert.deepEqual(
      Object(listed.output).map((item: { Key: string }) => item.Key),
      ["in/a.json", "in/b.jsonl", "in/c.csv"],
    );
    const { Etag, LastModified, ...item } = Object(listed.output)[0];
    assert.match(Etag, /^"[0-9a-f]{32}"$/);
    assert.equal(typeof LastModified, "number");
    assert.deepEqual(item, { Key: "in/a.json", Size: 14, StorageClass: "STANDARD" });
  });

  test("a reader that cannot read fails the map run, and names no file outside [States.ItemReaderFailed]", async () => {
    const reader = (Key: string): object => ({
      Resource: "arn:aws:states:::s3:getObject",
      ReaderConfig: { InputType: "JSON" },
      Parameters: { Bucket: "bucket", Key },
    });
    assert.equal(
      (await workshop.run(map({ ItemReader: reader("none.json") }))).error,
      "States.ItemReaderFailed",
    );
    for (const outside of ["../../../etc/passwd", "../other-bucket/items.json"]) {
      assert.equal(
        (await workshop.run(map({ ItemReader: reader(outside) }))).error,
        "States.Permissions",
      );
    }
    const other = await open();
    try {
      const ran = await other.run(map({ ItemReader: reader("a") }));
      assert.equal(ran.error, "States.ItemReaderFailed");
      assert.match(ran.cause ?? "", /no service 's3'/);
    } finally {
      await other.close();
    }
  });

  test("a map run's label is the state's own, or made of its name, and names the processor [Label]", async () => {
    const { sfn } = workshop;
    const labelled = map({ Label: "my.label" });
    const ItemProcessor = {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
      ...PASS,
    };
    const unlabelled = { Type: "Map", ItemProcessor, End: true };
    const named = { StartAt: "Do / it: all", States: { "Do / it: all": unlabelled } };
    for (const [definition, label] of [
      [labelled, "my.label"],
      [named, "Doitall"],
    ] as const) {
      const ran = await workshop.run(definition, [1]);
      const { mapRuns } = await sfn.listMapRuns({ executionArn: ran.arn });
      const { mapRunArn = "", stateMachineArn } = mapRuns?.[0] ?? {};
      assert.match(mapRunArn, new RegExp(`:mapRun:[^/:]+/${label}:[0-9a-f-]{36}$`));
      const described = await sfn.describeStateMachine({ stateMachineArn });
      assert.equal(described.label, label);
    }
  });

  test("a filtered page of children is full while there are some [redriveFilter]", async () => {
    const ran = await workshop.run(map({}), [1, 2, 3]);
    const mapRunArn = await mapRunOf(ran);
    const all = { mapRunArn, redriveFilter: "NOT_REDRIVEN" as const, maxResults: 2 };
    const first = await workshop.sfn.listExecutions(all);
    const { nextToken } = first;
    const second = await workshop.sfn.listExecutions({ ...all, nextToken });
    assert.deepEqual([first.executions?.length, second.executions?.length], [2, 1]);
    assert.equal(second.nextToken, undefined);
    const none = await workshop.sfn.listExecutions({ ...all, redriveFilter: "REDRIVEN" });
    assert.deepEqual([none.executions, none.nextToken], [[], undefined]);
  });

  test("no two Distributed Maps of a machine share a label [Label]", async () => {
    const distributedMap = (inner: string): object => ({
      Type: "Map",
      ItemProcessor: {
        ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "STANDARD" },
        StartAt: inner,
        States: { [inner]: { Type: "Pass", End: true } },
      },
    });
    const ran = await workshop.run(
      {
        StartAt: "Map 1",
        States: {
          "Map 1": { ...distributedMap("A"), Next: "Map1" },
          Map1: { ...distributedMap("B"), Next: "図" },
          図: { ...distributedMap("C"), Next: "other" },
          other: { ...distributedMap("D"), Label: "map", End: true },
        },
      },
      [1],
    );
    const { mapRuns = [] } = await workshop.sfn.listMapRuns({ executionArn: ran.arn });
    const labels = mapRuns.map(({ mapRunArn = "" }) => mapRunArn.split("/")[1]?.split(":")[0]);
    assert.deepEqual(labels.toSorted(), ["Map1", "Map1-2", "map", "map-2"]);
    for (const { stateMachineArn } of mapRuns) {
      const described = await workshop.sfn.describeStateMachine({ stateMachineArn });
      assert.equal(described.label, stateMachineArn?.split("/")[1]);
    }
  });

  test("an Express child does nothing that only Standard executions know [ExecutionType]", async () => {
    const activity = "arn:aws:states:us-east-1:000000000000:activity:a";
    for (const state of [
      { Type: "Task", Resource: activity },
      { Type: "Task", Resource: "arn:aws:states:::states:startExecution.sync" },
      { Type: "Map", ItemProcessor: { ProcessorConfig: STANDARD, ...PASS } },
    ]) {
      const work = { StartAt: "T", States: { T: { ...state, End: true } } };
      const name = "InvalidDefinition";
      const message =
        /Express state machines do not support .* at \/States\/M\/ItemProcessor\/States\/T\//;
      await assert.rejects(workshop.machine(map({}, work, "EXPRESS")), { name, message });
    }
  });

  test("an Express child has an Express ARN and can be described [labelled express execution]", async () => {
    const { sfn } = workshop;
    const ran = await workshop.run(map({ Label: "x" }, PASS, "EXPRESS"), [1]);
    const { mapRuns } = await sfn.listMapRuns({ executionArn: ran.arn });
    const { executions } = await sfn.listExecutions({ mapRunArn: mapRuns?.[0]?.mapRunArn });
    const { executionArn = "", name = "" } = executions?.[0] ?? {};
    assert.match(executionArn, new RegExp(`:express:[^/:]+/x:${name}:[0-9a-f-]{36}$`));
    const described = await sfn.describeExecution({ executionArn });
    assert.deepEqual([described.status, described.output], ["SUCCEEDED", "1"]);
  });

  test("what reads items or writes results is refused unless it is S3 [ItemReader, ResultWriter]", async () => {
    const problems = async (resources: object): Promise<unknown> => {
      const definition = JSON.stringify(map(resources));
      const { diagnostics } = await workshop.sfn.validateStateMachineDefinition({ definition });
      return diagnostics?.map(({ message, location }) => [message?.split(" is ")[0], location]);
    };
    const at = (call: string): object => ({ Resource: `arn:aws:states:::s3:${call}` });
    const swapped = { ItemReader: at("putObject"), ResultWriter: at("getObject") };
    assert.deepEqual(await problems(swapped), [
      ["The resource provided arn:aws:states:::s3:putObject", "/States/M/ItemReader/Resource"],
      ["The resource provided arn:aws:states:::s3:getObject", "/States/M/ResultWriter/Resource"],
    ]);
    const right = { ItemReader: at("listObjectsV2"), ResultWriter: at("putObject") };
    assert.deepEqual(await problems(right), []);
  });

  test("the context object says where an item is from [Map.Item.Source]", async () => {
    await writeFile(join(folder, "bucket/in/source.json"), "[1]");
    const ItemSelector = { "s.$": "$$.Map.Item.Source" };
    const state = await workshop.run(map({ ItemSelector }), [1]);
    assert.deepEqual(state.output, [{ s: "STATE_DATA" }], state.cause);
    const read = (Resource: string, Parameters: object): object => ({
      ItemReader: { Resource: `arn:aws:states:::s3:${Resource}`, Parameters },
      ItemSelector,
    });
    const object = read("getObject", { Bucket: "bucket", Key: "in/source.json" });
    const file = await workshop.run(map(object), {});
    assert.deepEqual(file.output, [{ s: "S3://bucket/in/source.json" }], file.cause);
    const listing = read("listObjectsV2", { Bucket: "bucket", Prefix: "in/source" });
    const listed = await workshop.run(map(listing), {});
    assert.deepEqual(listed.output, [{ s: "S3://bucket" }], listed.cause);
  });

  test("a missing object is told without where it would be [States.ItemReaderFailed]", async () => {
    const ItemReader = {
      Resource: "arn:aws:states:::s3:getObject",
      Parameters: { Bucket: "bucket", Key: "absent" },
    };
    const ran = await workshop.run(map({ ItemReader }), {});
    assert.deepEqual(
      [ran.error, ran.cause],
      ["States.ItemReaderFailed", "The specified key does not exist."],
    );
  });

  test("results are written to files that a manifest names [ResultWriter]", async () => {
    const writer = {
      Resource: "arn:aws:states:::s3:putObject",
      Parameters: { Bucket: "bucket", Prefix: "out" },
    };
    const ran = await workshop.run(
      map({ ResultWriter: writer, ToleratedFailureCount: 5 }, FAIL_ODD),
      [{ odd: true }, { odd: false }],
    );
    assert.equal(ran.status, "SUCCEEDED", ran.cause);
    const { Key } = Object(ran.output).ResultWriterDetails;
    const manifest = JSON.parse(await readFile(join(folder, "bucket", Key), "utf8"));
    const succeeded = JSON.parse(
      await readFile(join(folder, "bucket", manifest.ResultFiles.SUCCEEDED[0].Key), "utf8"),
    );
    assert.deepEqual(
      [succeeded.length, succeeded[0].Status, succeeded[0].Output],
      [1, "SUCCEEDED", '{"odd":false}'],
    );
    const failed = JSON.parse(
      await readFile(join(folder, "bucket", manifest.ResultFiles.FAILED[0].Key), "utf8"),
    );
    assert.deepEqual([failed.length, failed[0].Error], [1, "Odd"]);
    const told = (child: Record<string, unknown>): unknown[] => [
      child["RedriveStatus"],
      child["RedriveStatusReason"],
      child["OutputDetails"],
    ];
    const included = { Included: true };
    assert.deepEqual(told(failed[0]), ["REDRIVABLE_BY_MAP_RUN", undefined, included]);
    const reason = "Execution is SUCCEEDED and cannot be redriven";
    assert.deepEqual(told(succeeded[0]), ["NOT_REDRIVABLE", reason, included]);
  });

  test("a map run that fails writes the results that there are [ResultWriter]", async () => {
    const writer = {
      Resource: "arn:aws:states:::s3:putObject",
      Parameters: { Bucket: "bucket", Prefix: "failed" },
    };
    const ran = await workshop.run(map({ ResultWriter: writer, MaxConcurrency: 1 }, FAIL_ODD), [
      { odd: false },
      { odd: true },
      { odd: false },
    ]);
    assert.equal(ran.error, "States.ExceedToleratedFailureThreshold", ran.cause);
    const mapRunArn = await mapRunOf(ran);
    const read = async (key: string): Promise<{ Status: string }[]> =>
      JSON.parse(
        await readFile(
          join(folder, "bucket/failed", mapRunArn.split(":").at(-1) ?? "", key),
          "utf8",
        ),
      );
    const written = [await read("SUCCEEDED_0.json"), await read("FAILED_0.json")];
    assert.deepEqual(
      written.map((file) => file.map(({ Status }) => Status)),
      [["SUCCEEDED"], ["FAILED"]],
    );
    const run = await workshop.sfn.describeMapRun({ mapRunArn });
    assert.deepEqual([run.executionCounts?.resultsWritten, run.itemCounts?.resultsWritten], [2, 2]);
  });

  test("stopping the execution aborts its map run and its children", async () => {
    const ran = await workshop.run(
      map({}, { StartAt: "W", States: { W: { Type: "Wait", Seconds: 1000, End: true } } }),
      [1, 2],
    );
    await workshop.sfn.stopExecution({ executionArn: ran.arn });
    await workshop.settle();
    const run = await workshop.sfn.describeMapRun({ mapRunArn: await mapRunOf(ran) });
    assert.deepEqual(
      [run.status, run.executionCounts?.aborted, run.executionCounts?.running],
      ["ABORTED", 2, 0],
    );
  });

  test("a redrive redrives the children that failed, and only those [redriving map runs]", async () => {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name: "map-work" });
    const work = {
      StartAt: "T",
      States: { T: { Type: "Task", Resource: activityArn, End: true } },
    };
    const ran = await workshop.run(map({ MaxConcurrency: 1 }, work), [1, 2]);
    const answer = async (isGood: boolean): Promise<void> => {
      const { taskToken = "", input } = await workshop.sfn.getActivityTask({ activityArn });
      if (isGood) await workshop.sfn.sendTaskSuccess({ taskToken, output: `"done ${input}"` });
      else await workshop.sfn.sendTaskFailure({ taskToken, error: "E" });
      await workshop.settle();
    };
    await answer(true);
    await answer(false);
    assert.equal((await workshop.look(ran.arn)).status, "FAILED");
    await workshop.sfn.redriveExecution({ executionArn: ran.arn });
    await workshop.settle();
    await answer(true);
    const ended = await workshop.look(ran.arn);
    assert.deepEqual(ended.output, ["done 1", "done 2"]);
    const run = await workshop.sfn.describeMapRun({ mapRunArn: await mapRunOf(ran) });
    assert.deepEqual(
      [run.redriveCount, run.executionCounts?.succeeded, run.executionCounts?.failed],
      [1, 2, 0],
    );
  });

  /** Machines whose children do as they are told by `answer`. */
  async function commanded(name: string): Promise<Commanded> {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name });
    const T = { Type: "Task", Resource: activityArn, End: true };
    return {
      work: { StartAt: "T", States: { T } },
      answer: async (isGood) => {
        const { taskToken = "" } = await workshop.sfn.getActivityTask({ activityArn });
        if (isGood) await workshop.sfn.sendTaskSuccess({ taskToken, output: '"good"' });
        else await workshop.sfn.sendTaskFailure({ taskToken, error: "E" });
        await workshop.settle();
      },
    };
  }

  async function redrive({ arn }: Ran): Promise<void> {
    await workshop.sfn.redriveExecution({ executionArn: arn });
    await workshop.settle();
  }

  test("a redrive keeps to MaxConcurrency: the other children wait for it [PENDING_REDRIVE]", async () => {
    const { work, answer } = await commanded("waiting-for-redrive");
    const fields = { MaxConcurrency: 2, ToleratedFailureCount: 2 };
    const ran = await workshop.run(map(fields, work), [1, 2, 3]);
    for (let count = 0; count < 3; count += 1) await answer(false);
    assert.equal((await workshop.look(ran.arn)).error, "States.ExceedToleratedFailureThreshold");
    const mapRunArn = await mapRunOf(ran);
    const counts = async (): Promise<unknown[]> => {
      const { executionCounts, itemCounts } = await workshop.sfn.describeMapRun({ mapRunArn });
      const { running, failed, aborted, succeeded, pending } = executionCounts ?? {};
      assert.equal(pending, 0);
      const waiting = executionCounts?.pendingRedrive;
      assert.equal(itemCounts?.pendingRedrive, waiting);
      return [running, waiting, failed, aborted, succeeded];
    };
    await redrive(ran);
    assert.deepEqual(await counts(), [2, 1, 0, 0, 0]);
    const filter = { mapRunArn, statusFilter: "PENDING_REDRIVE" } as const;
    const { executions = [] } = await workshop.sfn.listExecutions(filter);
    assert.deepEqual(
      executions.map(({ status, redriveCount }) => [status, redriveCount]),
      [["PENDING_REDRIVE", 0]],
    );
    await workshop.sfn.stopExecution({ executionArn: ran.arn });
    await workshop.settle();
    // What waited is again what it was.
    assert.deepEqual(await counts(), [0, 0, 1, 2, 0]);
    await redrive(ran);
    assert.deepEqual(await counts(), [2, 1, 0, 0, 0]);
    await answer(true);
    assert.deepEqual(await counts(), [2, 0, 0, 0, 1]);
    await answer(true);
    await answer(true);
    assert.equal((await workshop.look(ran.arn)).status, "SUCCEEDED");
    const redriven = (await workshop.history(ran.arn)).flatMap(
      ({ mapRunRedrivenEventDetails: details }) => details ?? [],
    );
    assert.deepEqual(redriven, [
      { mapRunArn, redriveCount: 1 },
      { mapRunArn, redriveCount: 2 },
    ]);
  });

  test("a Distributed Map runs in a child of another, and is redriven with it [nested Distributed Maps]", async () => {
    const { sfn } = workshop;
    const { work, answer } = await commanded("nested");
    // Its own name would be the label, were it not another's already.
    const inner = {
      Type: "Map",
      ItemProcessor: { ProcessorConfig: STANDARD, ...work },
      End: true,
    };
    const outer = { StartAt: "items", States: { items: inner } };
    const ran = await workshop.run(map({ MaxConcurrency: 1 }, outer), [[1], [2]]);
    assert.equal(ran.status, "RUNNING", ran.cause);
    await answer(true);
    await answer(false);
    assert.equal((await workshop.look(ran.arn)).status, "FAILED");
    await redrive(ran);
    await answer(true);
    assert.deepEqual((await workshop.look(ran.arn)).output, [["good"], ["good"]]);
    const { executions = [] } = await sfn.listExecutions({ mapRunArn: await mapRunOf(ran) });
    const { executionArn = "" } = executions[0] ?? {};
    const { mapRuns = [] } = await sfn.listMapRuns({ executionArn });
    assert.match(mapRuns[0]?.mapRunArn ?? "", /\/items-2:[0-9a-f-]{36}$/);
    const { stateMachineArn } = mapRuns[0] ?? {};
    assert.equal((await sfn.describeStateMachine({ stateMachineArn })).label, "items-2");
  });

  test("a child that ended more than 14 days ago stays as it is when its map run is redriven [failuresNotRedrivable]", async () => {
    const { work, answer } = await commanded("old");
    const ran = await workshop.run(map({ ToleratedFailureCount: 1 }, work), [1, 2]);
    await answer(false);
    await workshop.advance(10 * 86_400);
    await answer(false);
    assert.equal((await workshop.look(ran.arn)).status, "FAILED");
    await workshop.advance(10 * 86_400);
    await redrive(ran);
    await answer(true);
    assert.deepEqual((await workshop.look(ran.arn)).output, ["good"]);
    const { executionCounts } = await workshop.sfn.describeMapRun({
      mapRunArn: await mapRunOf(ran),
    });
    const { succeeded, failed, failuresNotRedrivable } = executionCounts ?? {};
    assert.deepEqual([succeeded, failed, failuresNotRedrivable], [1, 1, 1]);
  });

  test("an Express child that failed is started anew, which it does not tell [redriving map runs]", async () => {
    const ran = await workshop.run(map({}, FAIL_ODD, "EXPRESS"), [{ odd: true }]);
    const mapRunArn = await mapRunOf(ran);
    const child = async (): Promise<DescribeExecutionOutput> => {
      const { executions = [] } = await workshop.sfn.listExecutions({ mapRunArn });
      const executionArn = executions[0]?.executionArn ?? "";
      return workshop.sfn.describeExecution({ executionArn });
    };
    await workshop.advance(60);
    const before = await child();
    await redrive(ran);
    const after = await child();
    assert.ok((after.stopDate?.getTime() ?? 0) > (before.stopDate?.getTime() ?? 0));
    assert.deepEqual(
      [after.redriveCount, after.redriveDate, after.redriveStatus],
      [0, undefined, "REDRIVABLE_BY_MAP_RUN"],
    );
  });

  test("Express children end by themselves when their execution is stopped, and a redrive waits for them", async () => {
    const W = { Type: "Wait", Seconds: 10, End: true };
    const waiting = { StartAt: "W", States: { W } };
    const ran = await workshop.run(map({}, waiting, "EXPRESS"), [1, 2]);
    await workshop.sfn.stopExecution({ executionArn: ran.arn });
    await redrive(ran);
    const mapRunArn = await mapRunOf(ran);
    const counts = async (): Promise<unknown[]> => {
      const { status, executionCounts: of } = await workshop.sfn.describeMapRun({ mapRunArn });
      return [status, of?.running, of?.aborted, of?.succeeded];
    };
    assert.deepEqual(await counts(), ["RUNNING", 2, 0, 0]);
    await workshop.advance(10);
    assert.deepEqual(await counts(), ["SUCCEEDED", 0, 0, 2]);
    assert.deepEqual((await workshop.look(ran.arn)).output, [1, 2]);
  });

  const WIDE = {
    StartAt: "F",
    States: {
      F: {
        Type: "Pass",
        QueryLanguage: "JSONata",
        Output: "{% $pad('', 150000, 'x') %}",
        End: true,
      },
    },
  };
  for (const [what, error, fields, processor] of [
    ["gives too much", "States.DataLimitExceeded", {}, WIDE],
    ["gives what the state cannot use", "States.Runtime", { OutputPath: "$.absent" }, PASS],
  ] as const) {
    test(`a redrive begins a new map run when one ${what} [redriving map runs]`, async () => {
      const ran = await workshop.run(map(fields, processor), [1, 2]);
      assert.equal(ran.error, error);
      await redrive(ran);
      assert.equal((await workshop.look(ran.arn)).error, error);
      const { mapRuns = [] } = await workshop.sfn.listMapRuns({ executionArn: ran.arn });
      assert.equal(mapRuns.length, 2);
      for (const { mapRunArn } of mapRuns) {
        const run = await workshop.sfn.describeMapRun({ mapRunArn });
        assert.deepEqual([run.redriveCount, run.executionCounts?.succeeded], [0, 2]);
      }
    });
  }

  test("a map run in a branch is aborted with it [MapRunAborted]", async () => {
    const W = { Type: "Wait", Seconds: 10, End: true };
    const branch = map({}, { StartAt: "W", States: { W } });
    const failing = {
      StartAt: "S",
      States: { S: { Type: "Wait", Seconds: 1, Next: "F" }, F: { Type: "Fail", Error: "E" } },
    };
    const P = { Type: "Parallel", Branches: [branch, failing], End: true };
    const ran = await workshop.run({ StartAt: "P", States: { P } }, [1]);
    await workshop.advance(1);
    assert.deepEqual((await workshop.types(ran.arn)).slice(-4), [
      "MapRunAborted",
      "MapStateAborted",
      "ParallelStateFailed",
      "ExecutionFailed",
    ]);
  });

  test("a map run that a bug keeps from going on fails after some tries, with its execution", async () => {
    const W = { Type: "Wait", Seconds: 10, End: true };
    const ran = await workshop.run(map({}, { StartAt: "W", States: { W } }), [1, 2]);
    const arn = await mapRunOf(ran);
    await workshop.server.store.transact(async (tx) =>
      tx.put(MAP_RUN_RESULT.key(uidOf(arn), 2), new Uint8Array([1])),
    );
    await workshop.advance(10);
    assert.equal((await workshop.look(ran.arn)).status, "RUNNING");
    await workshop.advance(3600);
    assert.equal((await workshop.look(ran.arn)).error, "States.Runtime");
    const { status } = await workshop.sfn.describeMapRun({ mapRunArn: arn });
    assert.equal(status, "FAILED");
  });
}
