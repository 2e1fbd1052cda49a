import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { START_MS } from "./workshop.ts";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** What each type of state does. */
export function states(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  test("Pass hands on its input, its result, and what its paths select [Pass state]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "A",
        States: {
          A: { Type: "Pass", Result: { b: 1 }, ResultPath: "$.added", Next: "B" },
          B: { Type: "Pass", Parameters: { "c.$": "$.added.b", d: 2 }, End: true },
        },
      },
      { a: 1 },
    );
    assert.equal(ran.status, "SUCCEEDED");
    assert.deepEqual(ran.output, { c: 1, d: 2 });
    assert.deepEqual(await workshop.types(ran.arn), [
      "ExecutionStarted",
      "PassStateEntered",
      "PassStateExited",
      "PassStateEntered",
      "PassStateExited",
      "ExecutionSucceeded",
    ]);
    const history = await workshop.history(ran.arn);
    assert.deepEqual(
      history.map(({ id }) => id),
      [1, 2, 3, 4, 5, 6],
    );
    assert.deepEqual(
      history.map(({ previousEventId }) => previousEventId),
      [0, 0, 2, 3, 4, 5],
    );
    assert.equal(history[2]?.stateExitedEventDetails?.output, '{"a":1,"added":{"b":1}}');
  });

  test("Choice takes the first rule that holds, or the default [Choice state]", async () => {
    const definition = {
      StartAt: "C",
      States: {
        C: {
          Type: "Choice",
          Choices: [
            { Variable: "$.n", NumericGreaterThan: 10, Next: "Big" },
            { And: [{ Variable: "$.n", NumericGreaterThan: 5 }], Next: "Middle" },
          ],
          Default: "Small",
        },
        Big: { Type: "Pass", Result: "big", End: true },
        Middle: { Type: "Pass", Result: "middle", End: true },
        Small: { Type: "Succeed" },
      },
    };
    assert.equal((await workshop.run(definition, { n: 11 })).output, "big");
    assert.equal((await workshop.run(definition, { n: 6 })).output, "middle");
    assert.deepEqual((await workshop.run(definition, { n: 1 })).output, { n: 1 });
  });

  test("Choice without a rule that holds fails [States.NoChoiceMatched]", async () => {
    const ran = await workshop.run({
      StartAt: "C",
      States: {
        C: { Type: "Choice", Choices: [{ Variable: "$.n", IsPresent: true, Next: "S" }] },
        S: { Type: "Succeed" },
      },
    });
    const error = "States.NoChoiceMatched";
    const cause =
      "An error occurred while executing the state 'C' (entered at the event id #2). Failed to transition out of the state. The state does not point to a next state.";
    assert.deepEqual([ran.status, ran.error, ran.cause], ["FAILED", error, cause]);
    const events = await workshop.history(ran.arn);
    assert.deepEqual(
      events.map(({ type, previousEventId }) => [type, previousEventId]),
      [
        ["ExecutionStarted", 0],
        ["ChoiceStateEntered", 0],
        ["ExecutionFailed", 2],
      ],
    );
    assert.deepEqual(events.at(-1)?.executionFailedEventDetails, { error, cause });
  });

  test("Wait waits for exactly its time, by seconds, path and timestamp [Wait state]", async () => {
    const machine = await workshop.machine({
      StartAt: "W1",
      States: {
        W1: { Type: "Wait", Seconds: 10, Next: "W2" },
        W2: { Type: "Wait", SecondsPath: "$.s", Next: "W3" },
        W3: { Type: "Wait", TimestampPath: "$.t", Next: "W4" },
        W4: { Type: "Wait", Timestamp: "2020-01-01T00:00:00Z", End: true },
      },
    });
    const startMs = workshop.nowMs();
    const until = new Date(startMs + 60_000).toISOString();
    const arn = await workshop.start(machine, { s: 5, t: until });
    await workshop.advance(9.999);
    assert.equal((await workshop.types(arn)).length, 2);
    await workshop.advance(0.001);
    assert.equal((await workshop.types(arn)).length, 4);
    await workshop.advance(86_400);
    const ran = await workshop.look(arn);
    assert.equal(ran.status, "SUCCEEDED");
    assert.equal(ran.described.stopDate?.getTime(), startMs + 60_000);
  });

  test("Fail ends the execution with its error and cause, also by paths [Fail state]", async () => {
    const plain = await workshop.run({
      StartAt: "F",
      States: { F: { Type: "Fail", Error: "Custom", Cause: "because" } },
    });
    assert.deepEqual([plain.status, plain.error, plain.cause], ["FAILED", "Custom", "because"]);
    const byPath = await workshop.run(
      {
        StartAt: "F",
        States: { F: { Type: "Fail", ErrorPath: "$.e", CausePath: "States.Format('{}!', $.c)" } },
      },
      { e: "E", c: "C" },
    );
    assert.deepEqual([byPath.error, byPath.cause], ["E", "C!"]);
  });

  test("Parallel gives each branch the input and collects outputs in order [Parallel state]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "P",
        States: {
          P: {
            Type: "Parallel",
            Branches: [
              {
                StartAt: "W",
                States: {
                  W: { Type: "Wait", Seconds: 5, Next: "A" },
                  A: { Type: "Pass", Result: "slow", End: true },
                },
              },
              { StartAt: "B", States: { B: { Type: "Pass", End: true } } },
            ],
            ResultPath: "$.out",
            End: true,
          },
        },
      },
      { x: 1 },
    );
    assert.equal(ran.status, "RUNNING");
    await workshop.advance(5);
    const ended = await workshop.look(ran.arn);
    assert.deepEqual(ended.output, { x: 1, out: ["slow", { x: 1 }] });
    assert.deepEqual(await workshop.types(ran.arn), [
      "ExecutionStarted",
      "ParallelStateEntered",
      "ParallelStateStarted",
      "WaitStateEntered",
      "PassStateEntered",
      "PassStateExited",
      "WaitStateExited",
      "PassStateEntered",
      "PassStateExited",
      "ParallelStateSucceeded",
      "ParallelStateExited",
      "ExecutionSucceeded",
    ]);
  });

  test("a branch that fails aborts its siblings and fails the Parallel, which may catch [Catch]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "P",
        States: {
          P: {
            Type: "Parallel",
            Branches: [
              { StartAt: "W", States: { W: { Type: "Wait", Seconds: 500, End: true } } },
              { StartAt: "F", States: { F: { Type: "Fail", Error: "Oops", Cause: "c" } } },
            ],
            Catch: [{ ErrorEquals: ["Oops"], ResultPath: "$.error", Next: "Caught" }],
            End: true,
          },
          Caught: { Type: "Pass", End: true },
        },
      },
      { x: 1 },
    );
    assert.deepEqual(ran.output, { x: 1, error: { Error: "Oops", Cause: "c" } });
    assert.deepEqual(await workshop.types(ran.arn), [
      "ExecutionStarted",
      "ParallelStateEntered",
      "ParallelStateStarted",
      "WaitStateEntered",
      "FailStateEntered",
      "WaitStateAborted",
      "ParallelStateFailed",
      "ParallelStateExited",
      "PassStateEntered",
      "PassStateExited",
      "ExecutionSucceeded",
    ]);
    await workshop.advance(500);
    assert.equal((await workshop.look(ran.arn)).status, "SUCCEEDED");
  });

  test("Map runs its processor for each item, in the items' order, within its concurrency [Map state]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "M",
        States: {
          M: {
            Type: "Map",
            ItemsPath: "$.items",
            MaxConcurrency: 2,
            ItemSelector: { "v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "k.$": "$.k" },
            ItemProcessor: {
              StartAt: "W",
              States: {
                W: { Type: "Wait", SecondsPath: "$.v", Next: "E" },
                E: { Type: "Pass", End: true },
              },
            },
            End: true,
          },
        },
      },
      { items: [3, 1, 2], k: "key" },
    );
    const started = (await workshop.types(ran.arn)).filter(
      (type) => type === "MapIterationStarted",
    );
    assert.equal(started.length, 2);
    await workshop.advance(3);
    const ended = await workshop.look(ran.arn);
    assert.deepEqual(ended.output, [
      { v: 3, i: 0, k: "key" },
      { v: 1, i: 1, k: "key" },
      { v: 2, i: 2, k: "key" },
    ]);
    assert.equal(
      ended.described.stopDate?.getTime(),
      (ended.described.startDate?.getTime() ?? 0) + 3000,
    );
    const history = await workshop.history(ran.arn);
    assert.equal(history[2]?.mapStateStartedEventDetails?.length, 3);
    assert.deepEqual(history[3]?.mapIterationStartedEventDetails, { name: "M", index: 0 });
  });

  test("Map over no items gives an empty array, and over none fails [Map state]", async () => {
    const definition = {
      StartAt: "M",
      States: {
        M: {
          Type: "Map",
          ItemsPath: "$.items",
          ItemProcessor: { StartAt: "E", States: { E: { Type: "Pass", End: true } } },
          End: true,
        },
      },
    };
    assert.deepEqual((await workshop.run(definition, { items: [] })).output, []);
    const failed = await workshop.run(definition, { items: 5 });
    assert.equal(failed.status, "FAILED");
  });

  test("an iteration that fails fails the Map with its error", async () => {
    const ran = await workshop.run(
      {
        StartAt: "M",
        States: {
          M: {
            Type: "Map",
            ItemProcessor: {
              StartAt: "C",
              States: {
                C: {
                  Type: "Choice",
                  Choices: [{ Variable: "$", NumericEquals: 2, Next: "F" }],
                  Default: "W",
                },
                F: { Type: "Fail", Error: "Two" },
                W: { Type: "Wait", Seconds: 100, End: true },
              },
            },
            End: true,
          },
        },
      },
      [1, 2],
    );
    assert.deepEqual([ran.status, ran.error], ["FAILED", "Two"]);
    const types = await workshop.types(ran.arn);
    assert.deepEqual(types.slice(-5), [
      "MapIterationFailed",
      "WaitStateAborted",
      "MapIterationAborted",
      "MapStateFailed",
      "ExecutionFailed",
    ]);
  });

  test("JSONata states use Arguments, Output, Assign and $states [JSONata]", async () => {
    const ran = await workshop.run(
      {
        QueryLanguage: "JSONata",
        StartAt: "A",
        States: {
          A: {
            Type: "Pass",
            Assign: { total: "{% $sum($states.input.n) %}" },
            Output: { first: "{% $states.input.n[0] %}" },
            Next: "M",
          },
          M: {
            Type: "Map",
            Items: "{% [1..3] %}",
            ItemSelector: { v: "{% $states.context.Map.Item.Value * $total %}" },
            ItemProcessor: {
              StartAt: "P",
              States: { P: { Type: "Pass", Output: "{% $states.input.v + 1 %}", End: true } },
            },
            Output: { all: "{% $states.result %}", was: "{% $states.input.first %}" },
            Next: "C",
          },
          C: {
            Type: "Choice",
            Choices: [
              {
                Condition: "{% $count($states.input.all) = 3 %}",
                Next: "S",
                Assign: { chosen: true },
                Output: "{% $states.input.all %}",
              },
            ],
            Default: "F",
          },
          F: { Type: "Fail" },
          S: { Type: "Succeed", Output: { all: "{% $states.input %}", chosen: "{% $chosen %}" } },
        },
      },
      { n: [1, 2, 3] },
    );
    assert.equal(ran.cause, undefined);
    assert.deepEqual(ran.output, { all: [7, 13, 19], chosen: true });
    const history = await workshop.history(ran.arn);
    assert.deepEqual(history[2]?.stateExitedEventDetails?.assignedVariables, { total: "6" });
  });

  test("an expression that fails is told in the history and can be caught [States.QueryEvaluationError]", async () => {
    const ran = await workshop.run({
      QueryLanguage: "JSONata",
      StartAt: "A",
      States: { A: { Type: "Pass", Output: "{% $nothing.here + 1 %}", End: true } },
    });
    assert.deepEqual([ran.status, ran.error], ["FAILED", "States.QueryEvaluationError"]);
    const types = await workshop.types(ran.arn);
    assert.deepEqual(types, [
      "ExecutionStarted",
      "PassStateEntered",
      "EvaluationFailed",
      "ExecutionFailed",
    ]);
  });

  test("variables of an outer state are seen inside, those of inside are not seen outside [variables]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "A",
        States: {
          A: { Type: "Pass", Assign: { "a.$": "$.n" }, Next: "P" },
          P: {
            Type: "Parallel",
            Branches: [
              {
                StartAt: "B",
                States: {
                  B: { Type: "Pass", Assign: { "b.$": "$a" }, Next: "C" },
                  C: { Type: "Pass", Parameters: { "a.$": "$a", "b.$": "$b" }, End: true },
                },
              },
            ],
            Next: "D",
          },
          D: { Type: "Pass", Parameters: { "a.$": "$a", "in.$": "$" }, End: true },
        },
      },
      { n: 7 },
    );
    assert.deepEqual(ran.output, { a: 7, in: [{ a: 7, b: 7 }] });
  });

  test("the context object knows execution, machine and state [context object]", async () => {
    const ran = await workshop.run({
      StartAt: "A",
      States: {
        A: {
          Type: "Pass",
          Parameters: {
            "e.$": "$$.Execution.Id",
            "s.$": "$$.State.Name",
            "t.$": "$$.Execution.StartTime",
            "m.$": "$$.StateMachine.Name",
          },
          End: true,
        },
      },
    });
    const output = Object(ran.output);
    assert.equal(output.e, ran.arn);
    assert.equal(output.s, "A");
    assert.equal(output.m, ran.arn.split(":").at(-2));
    assert.ok(Date.parse(output.t) >= START_MS);
  });

  test("times of the context object have a fraction of a second only where there is one [context object]", async () => {
    const at = workshop.nowMs();
    const toNextSecond = (1000 - (at % 1000)) / 1000;
    await workshop.advance(toNextSecond);
    const times = { "e.$": "$$.Execution.StartTime", "s.$": "$$.State.EnteredTime" };
    const machine = {
      StartAt: "A",
      States: {
        A: { Type: "Pass", Parameters: times, End: true },
      },
    };
    const second = new Date(workshop.nowMs()).toISOString().replace(".000", "");
    assert.deepEqual((await workshop.run(machine)).output, { e: second, s: second });
    await workshop.advance(0.25);
    const between = new Date(workshop.nowMs()).toISOString();
    assert.deepEqual((await workshop.run(machine)).output, { e: between, s: between });
    await workshop.advance(0.75);
  });

  test("an inline Map tells where its items are from, also in its states [Map.Item.Source]", async () => {
    const ItemSelector = { "selected.$": "$$.Map.Item.Source" };
    const Parameters = { "selected.$": "$.selected", "inside.$": "$$.Map.Item.Source" };
    const inner = { StartAt: "A", States: { A: { Type: "Pass", Parameters, End: true } } };
    const map = { Type: "Map", ItemSelector, ItemProcessor: inner, End: true };
    const ran = await workshop.run({ StartAt: "M", States: { M: map } }, [1]);
    assert.deepEqual(ran.output, [{ selected: "STATE_DATA", inside: "STATE_DATA" }]);
  });

  test("an execution's own TimeoutSeconds ends it [TimeoutSeconds]", async () => {
    const ran = await workshop.run({
      TimeoutSeconds: 30,
      StartAt: "W",
      States: { W: { Type: "Wait", Seconds: 100, End: true } },
    });
    await workshop.advance(30);
    const ended = await workshop.look(ran.arn);
    assert.equal(ended.status, "TIMED_OUT");
    assert.equal((await workshop.types(ran.arn)).at(-1), "ExecutionTimedOut");
  });

  test("an execution that waits longer than a year is ended after one", async () => {
    const ran = await workshop.run({
      StartAt: "W",
      States: { W: { Type: "Wait", Seconds: 99_999_999, End: true } },
    });
    await workshop.advance(365 * 86_400);
    assert.equal((await workshop.look(ran.arn)).status, "TIMED_OUT");
  });

  test("an output of more than 256 KiB fails its state [States.DataLimitExceeded]", async () => {
    const ran = await workshop.run(
      {
        StartAt: "A",
        States: { A: { Type: "Pass", Parameters: { "a.$": "$", "b.$": "$" }, End: true } },
      },
      { text: "x".repeat(140_000) },
    );
    assert.equal(ran.error, "States.DataLimitExceeded");
    assert.match(
      ran.cause ?? "",
      /returned a result with a size exceeding the maximum number of bytes/,
    );
  });

  test("hundreds of branches that wait for the same moment all go on [Parallel state]", async () => {
    const branch = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 1, End: true } } };
    const Branches = Array.from({ length: 450 }, (_, index) =>
      JSON.parse(JSON.stringify(branch).replaceAll('"W"', `"W${index}"`)),
    );
    const ran = await workshop.run({
      StartAt: "P",
      States: { P: { Type: "Parallel", Branches, End: true } },
    });
    await workshop.advance(1);
    assert.equal((await workshop.look(ran.arn)).status, "SUCCEEDED");
  });

  test("a rule of a Choice has its own Output, the Default has the state's [JSONata Choice]", async () => {
    const definition = {
      QueryLanguage: "JSONata",
      StartAt: "C",
      States: {
        C: {
          Type: "Choice",
          Choices: [{ Condition: "{% $states.input.n = 1 %}", Next: "S" }],
          Default: "S",
          Output: "the default's",
          Assign: { by: "default" },
        },
        S: { Type: "Succeed" },
      },
    };
    assert.deepEqual((await workshop.run(definition, { n: 1 })).output, { n: 1 });
    assert.equal((await workshop.run(definition, { n: 2 })).output, "the default's");
  });
}
