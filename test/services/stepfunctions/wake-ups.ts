import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encodeRecord } from "../../../src/kernel/record.ts";
import { Definitions } from "../../../src/services/stepfunctions/definitions.ts";
import {
  loadConcerned,
  loadExecution,
} from "../../../src/services/stepfunctions/execution/execution.ts";
import type { ExecutionEvent } from "../../../src/services/stepfunctions/interpreter/protocol.ts";
import { INBOX } from "../../../src/services/stepfunctions/keys.ts";
import { uidOf } from "../../../src/services/stepfunctions/uids.ts";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** A task that always fails with States.TaskFailed. */
const FAILING = { Type: "Task", Resource: "arn:aws:states:::lambda:invoke", Parameters: {} };

/** A Map over seconds: each item waits for its own, and does `rest` then. */
function waitingMap(rest: object, fields: object = {}, name = ""): object {
  const wait = { Type: "Wait", SecondsPath: "$.seconds", Next: `Rest${name}` };
  const ItemProcessor = {
    StartAt: `Wait${name}`,
    States: { [`Wait${name}`]: wait, [`Rest${name}`]: rest },
  };
  return { Type: "Map", ItemProcessor, End: true, ...fields };
}

function items(count: number): { seconds: number }[] {
  return Array.from({ length: count }, (_, index) => ({ seconds: index + 1 }));
}

function count(types: readonly string[], type: string): number {
  return types.filter((each) => each === type).length;
}

/** What wakes an execution of many threads concerns few of them: the others are not read. */
export function wakeUps(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  test("a wake-up reads the threads that it concerns and those they run in, not the others", async () => {
    const branch = (name: string): object => ({
      StartAt: `Each${name}`,
      States: { [`Each${name}`]: waitingMap({ Type: "Pass", End: true }, {}, name) },
    });
    const Branches = [branch("A"), branch("B")];
    const ran = await workshop.run(
      { StartAt: "P", States: { P: { Type: "Parallel", Branches, End: true } } },
      items(20),
    );
    await workshop.advance(5);
    const { store } = workshop.server;
    const uid = uidOf(ran.arn);
    const engine = { definitions: new Definitions() };
    const whole = await store.read((reader) => loadExecution(engine, reader, uid));
    assert.equal(whole?.state.threads.size, 1 + 2 + 2 * 20);
    const one = [...whole.state.threads.values()].find(({ phase }) => phase.kind === "waiting");
    assert.ok(one?.parent);
    const event: ExecutionEvent = { kind: "submitted", thread: one.id, wait: 0, output: null };
    const key = INBOX.key(uid, workshop.nowMs(), 0, "test");
    await store.transact(async (tx) => tx.put(key, encodeRecord(event)));
    const few = await store.read((reader) => loadConcerned(engine, reader, uid));
    assert.deepEqual(
      [...(few?.state.threads.keys() ?? [])].toSorted(),
      [0, one.id, one.parent].toSorted(),
    );
    for (const [id, thread] of few?.state.threads ?? [])
      assert.deepEqual(thread, whole.state.threads.get(id));
    await workshop.advance(100);
    const { output } = await workshop.look(ran.arn);
    assert.deepEqual(output, [items(20), items(20)]);
  });

  test("of many iterations each ends by itself: well, tried again, or caught [Map state]", async () => {
    const rest = {
      ...FAILING,
      Retry: [{ ErrorEquals: ["States.ALL"], IntervalSeconds: 7, MaxAttempts: 1 }],
      Catch: [{ ErrorEquals: ["States.ALL"], Next: "Caught" }],
      End: true,
    };
    const W = { Type: "Wait", SecondsPath: "$.seconds", Next: "C" };
    const Choices = [{ Variable: "$.seconds", NumericLessThan: 15, Next: "Fine" }];
    const ItemProcessor = {
      StartAt: "W",
      States: {
        W,
        C: { Type: "Choice", Choices, Default: "R" },
        R: rest,
        Fine: { Type: "Pass", OutputPath: "$.seconds", End: true },
        Caught: { Type: "Pass", Result: "caught", End: true },
      },
    };
    const ran = await workshop.run(
      { StartAt: "M", States: { M: { Type: "Map", ItemProcessor, End: true } } },
      items(30),
    );
    await workshop.advance(20);
    assert.equal((await workshop.look(ran.arn)).status, "RUNNING");
    await workshop.advance(200);
    const { status, output } = await workshop.look(ran.arn);
    assert.equal(status, "SUCCEEDED");
    const expected = items(30).map(({ seconds }) => (seconds < 15 ? seconds : "caught"));
    assert.deepEqual(output, expected);
    const types = await workshop.types(ran.arn);
    assert.equal(count(types, "MapIterationSucceeded"), 30);
    assert.equal(count(types, "TaskFailed"), 2 * 16);
  });

  test("the one of many iterations that fails aborts all the others, and the Map is caught [Catch]", async () => {
    const rest = {
      Type: "Choice",
      Choices: [{ Variable: "$.seconds", NumericEquals: 15, Next: "F" }],
    };
    const map = waitingMap(
      { ...rest, Default: "G" },
      {
        Catch: [{ ErrorEquals: ["Fifteen"], Next: "Caught" }],
      },
    );
    const { ItemProcessor } = Object(map);
    Object.assign(ItemProcessor.States, {
      F: { Type: "Fail", Error: "Fifteen" },
      G: { Type: "Pass", End: true },
    });
    const ran = await workshop.run(
      {
        StartAt: "M",
        States: {
          M: map,
          Caught: { Type: "Wait", Seconds: 100, Next: "Done" },
          Done: { Type: "Pass", OutputPath: "$.Error", End: true },
        },
      },
      items(25),
    );
    await workshop.advance(60);
    const types = await workshop.types(ran.arn);
    assert.equal(count(types, "MapIterationSucceeded"), 14);
    assert.equal(count(types, "MapIterationFailed"), 1);
    assert.equal(count(types, "MapIterationAborted"), 10);
    assert.equal(types.at(-1), "WaitStateEntered");
    await workshop.advance(100);
    assert.equal((await workshop.look(ran.arn)).output, "Fifteen");
  });

  test("an execution of many iterations is stopped in the middle and redriven to its end [RedriveExecution]", async () => {
    const ran = await workshop.run(
      { StartAt: "M", States: { M: waitingMap({ Type: "Pass", End: true }) } },
      items(25),
    );
    await workshop.advance(10);
    await workshop.sfn.stopExecution({ executionArn: ran.arn });
    await workshop.advance(100);
    assert.equal((await workshop.look(ran.arn)).status, "ABORTED");
    await workshop.sfn.redriveExecution({ executionArn: ran.arn });
    await workshop.advance(100);
    const { status, output } = await workshop.look(ran.arn);
    assert.deepEqual([status, output], ["SUCCEEDED", items(25)]);
  });
}
