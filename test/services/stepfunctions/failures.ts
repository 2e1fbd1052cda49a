import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** How failures go up, are retried, caught and redriven. */
export function failures(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  /** A Task that always fails with States.TaskFailed. */
  const FAILING = { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters: {} };

  /** A task's answer that tells its input. */
  function answer(what: string, input = '""'): string {
    return JSON.stringify(`${what} ${JSON.parse(input)}`);
  }

  function count(types: readonly string[], type: string): number {
    return types.filter((each) => each === type).length;
  }

  test("a Parallel and a Map are tried again as a whole, then caught [Retry, Catch]", async () => {
    const handled = {
      Retry: [
        { ErrorEquals: ["States.TaskFailed"], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1 },
      ],
      Catch: [{ ErrorEquals: ["States.ALL"], ResultPath: "$.error", Next: "Done" }],
    };
    const wait = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 50, End: true } } };
    const fail = { StartAt: "F", States: { F: { ...FAILING, End: true } } };
    const Done = { Type: "Pass", Parameters: { "e.$": "$.error.Error" }, End: true };
    const parallel = await workshop.run({
      StartAt: "P",
      States: { P: { Type: "Parallel", Branches: [wait, fail], ...handled, End: true }, Done },
    });
    const map = await workshop.run(
      {
        StartAt: "M",
        States: {
          M: {
            Type: "Map",
            ItemsPath: "$.n",
            ItemProcessor: fail,
            MaxConcurrency: 1,
            ...handled,
            End: true,
          },
          Done,
        },
      },
      { n: [1, 2] },
    );
    await workshop.advance(2);
    for (const [arn, type] of [
      [parallel.arn, "Parallel"],
      [map.arn, "Map"],
    ] as const) {
      assert.deepEqual((await workshop.look(arn)).output, { e: "States.TaskFailed" });
      const types = await workshop.types(arn);
      assert.equal(count(types, `${type}StateEntered`), 1);
      assert.equal(count(types, `${type}StateStarted`), 3);
      assert.equal(count(types, `${type}StateFailed`), 3);
      assert.equal(count(types, "TaskFailed"), 3);
    }
    assert.equal(count(await workshop.types(parallel.arn), "WaitStateAborted"), 3);
  });

  test("a failure goes up through the states around it to the first that handles it", async () => {
    const inner = {
      StartAt: "F",
      States: {
        F: { ...FAILING, Catch: [{ ErrorEquals: ["Other"], Next: "No" }], End: true },
        No: { Type: "Pass", End: true },
      },
    };
    const map = {
      StartAt: "M",
      States: {
        M: { Type: "Map", Items: [1], ItemProcessor: inner, End: true, QueryLanguage: "JSONata" },
      },
    };
    const ran = await workshop.run({
      StartAt: "P",
      States: {
        P: {
          Type: "Parallel",
          Branches: [map],
          Catch: [{ ErrorEquals: ["States.TaskFailed"], Next: "Caught" }],
          End: true,
        },
        Caught: { Type: "Pass", End: true },
      },
    });
    assert.equal(Object(ran.output).Error, "States.TaskFailed", ran.cause);
    const types = await workshop.types(ran.arn);
    const ends = types.filter((type) => /(?:Failed|Aborted)$/.test(type));
    assert.deepEqual(ends, [
      "TaskFailed",
      "MapIterationFailed",
      "MapStateFailed",
      "ParallelStateFailed",
    ]);
  });

  test("a Catch in JSONata makes output and variables of the error [$states.errorOutput]", async () => {
    const ran = await workshop.run(
      {
        QueryLanguage: "JSONata",
        StartAt: "T",
        States: {
          T: {
            Type: "Task",
            Resource: "arn:aws:states:::lambda:invoke",
            Arguments: {},
            Catch: [
              {
                ErrorEquals: ["States.ALL"],
                Assign: { name: "{% $states.errorOutput.Error %}" },
                Output: { was: "{% $states.input.a %}" },
                Next: "S",
              },
            ],
            End: true,
          },
          S: { Type: "Succeed", Output: { name: "{% $name %}", in: "{% $states.input %}" } },
        },
      },
      { a: 1 },
    );
    assert.deepEqual(ran.output, { name: "States.TaskFailed", in: { was: 1 } }, ran.cause);
  });

  test("an error output has an Error and a Cause, empty where there is none [Catch]", async () => {
    const fail = { StartAt: "F", States: { F: { Type: "Fail" } } };
    const parallel = (other: object): object => ({
      StartAt: "P",
      States: {
        P: {
          Type: "Parallel",
          Branches: [fail],
          Catch: [{ ErrorEquals: ["States.ALL"], Next: "Done" }],
          End: true,
          ...other,
        },
        Done: { Type: "Pass", End: true },
      },
    });
    const nothing = { Error: "", Cause: "" };
    for (const QueryLanguage of ["JSONPath", "JSONata"]) {
      assert.deepEqual((await workshop.run(parallel({ QueryLanguage }))).output, nothing);
    }
    const named = { StartAt: "F", States: { F: { Type: "Fail", Error: "E" } } };
    const caught = await workshop.run(parallel({ Branches: [named] }));
    assert.deepEqual(caught.output, { Error: "E", Cause: "" });
    assert.equal((await workshop.run(fail)).cause, undefined);
  });

  test("a runtime error is not caught by States.ALL, only by its name, and never tried again [States.Runtime]", async () => {
    const task = (errors: readonly string[]): object => ({
      StartAt: "T",
      States: {
        T: {
          Type: "Task",
          Resource: "arn:aws:states:::sqs:sendMessage",
          Parameters: { "QueueUrl.$": "$.absent", MessageBody: "x" },
          Retry: [{ ErrorEquals: errors }],
          Catch: [{ ErrorEquals: errors, Next: "S" }],
          End: true,
        },
        S: { Type: "Succeed" },
      },
    });
    const ran = await workshop.run(task(["States.ALL"]));
    assert.deepEqual([ran.status, ran.error], ["FAILED", "States.Runtime"]);
    assert.match(ran.cause ?? "", /The JSONPath '\$\.absent'/);
    // Tried again it would still be running: no time passes.
    const named = await workshop.run(task(["States.Runtime"]));
    assert.equal(named.status, "SUCCEEDED", named.cause);
  });

  test("jitter and maximum delay keep a retry within its bounds [JitterStrategy, MaxDelaySeconds]", async () => {
    const Retry = [
      {
        ErrorEquals: ["States.ALL"],
        IntervalSeconds: 10,
        BackoffRate: 10,
        MaxDelaySeconds: 20,
        JitterStrategy: "FULL",
        MaxAttempts: 4,
      },
    ];
    const startMs = workshop.nowMs();
    const ran = await workshop.run({
      StartAt: "T",
      States: { T: { ...FAILING, Retry, End: true } },
    });
    await workshop.advance(100);
    const ended = await workshop.look(ran.arn);
    assert.equal(ended.status, "FAILED");
    const took = (ended.described.stopDate?.getTime() ?? 0) - startMs;
    assert.ok(took > 0 && took <= 70_000, String(took));
  });

  test("a branch's failure leaves nothing behind that could still happen", async () => {
    const { QueueUrl = "" } = await workshop.sqs.createQueue({ QueueName: "late" });
    const send = {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage",
      Parameters: { QueueUrl, MessageBody: "late" },
      End: true,
    };
    const late = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 5, Next: "S" }, S: send } };
    const fail = { StartAt: "F", States: { F: { Type: "Fail", Error: "E" } } };
    const ran = await workshop.run({
      StartAt: "P",
      States: {
        P: {
          Type: "Parallel",
          Branches: [late, fail],
          Catch: [{ ErrorEquals: ["E"], Next: "Rest" }],
          End: true,
        },
        Rest: { Type: "Wait", Seconds: 60, End: true },
      },
    });
    await workshop.advance(60);
    assert.equal((await workshop.look(ran.arn)).status, "SUCCEEDED");
    assert.equal((await workshop.sqs.receiveMessage({ QueueUrl })).Messages, undefined);
  });

  test("a redrive goes into nested Maps and Parallels, to what did not succeed", async () => {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name: "nested" });
    const work = {
      StartAt: "T",
      States: { T: { Type: "Task", Resource: activityArn, End: true } },
    };
    const map = { StartAt: "M", States: { M: { Type: "Map", ItemProcessor: work, End: true } } };
    const ran = await workshop.run(
      { StartAt: "P", States: { P: { Type: "Parallel", Branches: [map], End: true } } },
      ["a", "b", "c"],
    );
    const take = async (): Promise<{ token: string; input: string }> => {
      const { taskToken = "", input = "" } = await workshop.sfn.getActivityTask({ activityArn });
      return { token: taskToken, input };
    };
    const tasks = [await take(), await take(), await take()];
    const [first, second] = tasks;
    await workshop.sfn.sendTaskSuccess({
      taskToken: first?.token ?? "",
      output: answer("first", first?.input),
    });
    await workshop.settle();
    await workshop.sfn.sendTaskFailure({ taskToken: second?.token ?? "", error: "E" });
    await workshop.settle();
    assert.equal((await workshop.look(ran.arn)).error, "E");
    await workshop.sfn.redriveExecution({ executionArn: ran.arn });
    await workshop.settle();
    for (let count = 0; count < 2; count += 1) {
      const { token, input } = await take();
      await workshop.sfn.sendTaskSuccess({ taskToken: token, output: answer("again", input) });
    }
    await workshop.settle();
    const ended = await workshop.look(ran.arn);
    assert.equal(ended.status, "SUCCEEDED", ended.cause);
    const [outputs] = ended.output as string[][];
    assert.deepEqual(outputs?.toSorted(), ["again b", "again c", "first a"]);
  });

  test("a redrive runs all branches again when they gave too much together [States.DataLimitExceeded]", async () => {
    const Output = "{% $pad('', 150000, 'x') %}";
    const wide = (name: string): object => ({
      StartAt: name,
      States: { [name]: { Type: "Pass", QueryLanguage: "JSONata", Output, End: true } },
    });
    const parallel = { Type: "Parallel", Branches: [wide("A"), wide("B")], End: true };
    const map = { Type: "Map", ItemProcessor: wide("A"), End: true };
    for (const state of [parallel, map]) {
      const ran = await workshop.run({ StartAt: "S", States: { S: state } }, [1, 2]);
      assert.equal(ran.error, "States.DataLimitExceeded");
      const before = (await workshop.types(ran.arn)).slice(2);
      await workshop.sfn.redriveExecution({ executionArn: ran.arn });
      await workshop.settle();
      assert.equal((await workshop.look(ran.arn)).error, "States.DataLimitExceeded");
      const after = (await workshop.types(ran.arn)).slice(before.length + 2);
      assert.deepEqual(after, ["ExecutionRedriven", ...before]);
    }
  });
}
