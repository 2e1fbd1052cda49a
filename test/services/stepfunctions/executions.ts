import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { OpenWorkshop, Workshop } from "./workshop.ts";

/** Executions, their lists and their histories. */
export function executions(open: OpenWorkshop): void {
  let workshop: Workshop;
  before(async () => {
    workshop = await open();
  });
  after(() => workshop.close());

  const WAITING = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 1000, End: true } } };

  test("starting again with the same name and input while it runs answers the same execution [StartExecution]", async () => {
    const stateMachineArn = await workshop.machine(WAITING);
    const given = { stateMachineArn, name: "once", input: '{"a": 1}' };
    const first = await workshop.sfn.startExecution(given);
    const again = await workshop.sfn.startExecution(given);
    assert.deepEqual([again.executionArn, again.startDate], [first.executionArn, first.startDate]);
    const refusal = {
      name: "ExecutionAlreadyExists",
      message: `Execution Already Exists: '${first.executionArn}'`,
    };
    await assert.rejects(workshop.sfn.startExecution({ ...given, input: "{}" }), refusal);
    await workshop.sfn.stopExecution({ executionArn: first.executionArn });
    await assert.rejects(workshop.sfn.startExecution(given), refusal);
    assert.equal((await workshop.look(first.executionArn ?? "")).described.input, '{"a": 1}');
    await workshop.advance(90 * 86_400);
    await workshop.sfn.startExecution(given);
  });

  test("inputs that are no JSON or too big, and names that are taken, are refused", async () => {
    const stateMachineArn = await workshop.machine(WAITING);
    const { sfn } = workshop;
    await assert.rejects(sfn.startExecution({ stateMachineArn, input: "{" }), {
      name: "InvalidExecutionInput",
    });
    await assert.rejects(
      sfn.startExecution({ stateMachineArn, input: `"${"x".repeat(262_144)}"` }),
      {
        name: "ValidationException",
      },
    );
    await assert.rejects(sfn.startExecution({ stateMachineArn, name: "a/b" }), {
      name: "InvalidName",
    });
    await assert.rejects(sfn.startExecution({ stateMachineArn: `${stateMachineArn}/label` }), {
      name: "ValidationException",
    });
    const absent = `${stateMachineArn.replace(":stateMachine:", ":execution:")}:none`;
    await assert.rejects(sfn.describeExecution({ executionArn: absent }), {
      name: "ExecutionDoesNotExist",
      message: `Execution Does Not Exist: '${absent}'`,
    });
    await assert.rejects(sfn.describeExecution({ executionArn: stateMachineArn }), {
      name: "InvalidArn",
    });
  });

  test("stopping aborts at once, with error and cause; stopping again changes nothing [StopExecution]", async () => {
    const arn = await workshop.start(await workshop.machine(WAITING));
    const first = await workshop.sfn.stopExecution({ executionArn: arn, error: "E", cause: "C" });
    const stopped = await workshop.look(arn);
    assert.deepEqual([stopped.status, stopped.error, stopped.cause], ["ABORTED", "E", "C"]);
    await workshop.advance(1);
    assert.deepEqual(
      (await workshop.sfn.stopExecution({ executionArn: arn })).stopDate,
      first.stopDate,
    );
    assert.equal((await workshop.types(arn)).at(-1), "ExecutionAborted");
    await workshop.advance(2000);
    assert.equal((await workshop.look(arn)).status, "ABORTED");
  });

  test("an execution begins and ends when its first and last events say [DescribeExecution]", async () => {
    const { sfn } = workshop;
    const wait = { StartAt: "W", States: { W: { Type: "Wait", Seconds: 100, End: true } } };
    const machine = await workshop.machine(wait);
    // The clock stands still for the other tests: there, the times are the same in any case.
    await workshop.whileTimePasses(async () => {
      for (let count = 0; count < 30; count += 1) {
        const { executionArn } = await sfn.startExecution({ stateMachineArn: machine });
        await sfn.stopExecution({ executionArn });
        const { startDate, stopDate } = await sfn.describeExecution({ executionArn });
        const { events = [] } = await sfn.getExecutionHistory({ executionArn });
        assert.deepEqual([events[0]?.timestamp, events.at(-1)?.timestamp], [startDate, stopDate]);
      }
    });
  });

  test("executions are listed newest first, by status, page by page [ListExecutions]", async () => {
    const stateMachineArn = await workshop.machine(WAITING);
    const arns: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      arns.unshift(await workshop.start(stateMachineArn));
      await workshop.advance(1);
    }
    await workshop.sfn.stopExecution({ executionArn: arns[2] ?? "" });
    const all = await workshop.sfn.listExecutions({ stateMachineArn });
    assert.deepEqual(
      all.executions?.map(({ executionArn }) => executionArn),
      arns,
    );
    const aborted = await workshop.sfn.listExecutions({ stateMachineArn, statusFilter: "ABORTED" });
    assert.deepEqual(
      aborted.executions?.map(({ executionArn }) => executionArn),
      [arns[2]],
    );
    const running = await workshop.sfn.listExecutions({
      stateMachineArn,
      statusFilter: "RUNNING",
      maxResults: 3,
    });
    assert.equal(running.executions?.length, 3);
    const rest = await workshop.sfn.listExecutions({
      stateMachineArn,
      statusFilter: "RUNNING",
      maxResults: 3,
      nextToken: running.nextToken,
    });
    assert.equal(rest.executions?.length, 1);
    assert.equal(rest.nextToken, undefined);
    await assert.rejects(
      workshop.sfn.listExecutions({ stateMachineArn, statusFilter: "PENDING_REDRIVE" }),
      { name: "ValidationException" },
    );
  });

  test("a history is read forward, backward, in pages and without its payloads [GetExecutionHistory]", async () => {
    const ran = await workshop.run(
      { StartAt: "P", States: { P: { Type: "Pass", End: true } } },
      { secret: 1 },
    );
    const executionArn = ran.arn;
    const back = await workshop.sfn.getExecutionHistory({ executionArn, reverseOrder: true });
    assert.deepEqual(
      back.events?.map(({ id }) => id),
      [4, 3, 2, 1],
    );
    const first = await workshop.sfn.getExecutionHistory({ executionArn, maxResults: 3 });
    const second = await workshop.sfn.getExecutionHistory({
      executionArn,
      maxResults: 3,
      nextToken: first.nextToken,
    });
    assert.deepEqual([first.events?.length, second.events?.map(({ id }) => id)], [3, [4]]);
    const bare = await workshop.sfn.getExecutionHistory({
      executionArn,
      includeExecutionData: false,
    });
    assert.doesNotMatch(JSON.stringify(bare.events), /secret/);
    assert.equal(bare.events?.[1]?.stateEnteredEventDetails?.name, "P");
  });

  test("a redrive goes on from what failed, with its history [RedriveExecution]", async () => {
    const { activityArn = "" } = await workshop.sfn.createActivity({ name: "redriven" });
    const work = { Type: "Task", Resource: activityArn, End: true };
    const ran = await workshop.run({
      StartAt: "A",
      States: {
        A: { Type: "Pass", Result: "a", Next: "P" },
        P: {
          Type: "Parallel",
          Branches: [
            { StartAt: "Good", States: { Good: { Type: "Pass", Result: "good", End: true } } },
            { StartAt: "Bad", States: { Bad: work } },
            { StartAt: "Other", States: { Other: { Type: "Wait", Seconds: 3, End: true } } },
          ],
          End: true,
        },
      },
    });
    const executionArn = ran.arn;
    await assert.rejects(workshop.sfn.redriveExecution({ executionArn }), {
      name: "ExecutionNotRedrivable",
    });
    const bad = await workshop.sfn.getActivityTask({ activityArn });
    await workshop.sfn.sendTaskFailure({ taskToken: bad.taskToken ?? "", error: "E" });
    await workshop.settle();
    const failed = await workshop.look(executionArn);
    assert.deepEqual([failed.status, failed.described.redriveStatus], ["FAILED", "REDRIVABLE"]);
    await workshop.advance(60);
    const before = await workshop.types(executionArn);

    await workshop.sfn.redriveExecution({ executionArn, clientToken: "t" });
    await workshop.sfn.redriveExecution({ executionArn, clientToken: "t" });
    await workshop.settle();
    const good = await workshop.sfn.getActivityTask({ activityArn });
    await workshop.sfn.sendTaskSuccess({ taskToken: good.taskToken ?? "", output: '"done"' });
    await workshop.advance(3);
    const ended = await workshop.look(executionArn);
    assert.deepEqual(ended.output, ["good", "done", "a"]);
    assert.equal(ended.described.redriveCount, 1);
    const types = await workshop.types(executionArn);
    assert.deepEqual(types.slice(0, before.length), before);
    assert.equal(types[before.length], "ExecutionRedriven");
    assert.equal(types.filter((type) => type === "ExecutionStarted").length, 1);
    assert.equal(types.filter((type) => type === "PassStateEntered").length, 2);
  });

  test("a client token stands for its redrive for 15 minutes, the last ten of them [RedriveExecution]", async () => {
    const ran = await workshop.run({ StartAt: "F", States: { F: { Type: "Fail" } } });
    const redrive = async (
      clientToken: string,
    ): Promise<[number | undefined, Date | undefined]> => {
      const { redriveDate } = await workshop.sfn.redriveExecution({
        executionArn: ran.arn,
        clientToken,
      });
      await workshop.settle();
      return [(await workshop.look(ran.arn)).described.redriveCount, redriveDate];
    };
    const [count, date] = await redrive("t0");
    assert.equal(count, 1);
    await workshop.advance(1);
    assert.equal((await redrive("t1"))[0], 2);
    assert.deepEqual(await redrive("t0"), [2, date]);
    await workshop.advance(15 * 60 - 1);
    assert.equal((await redrive("t0"))[0], 3);
    for (let index = 0; index < 10; index += 1) await redrive(`u${index}`);
    assert.equal((await redrive("u0"))[0], 13);
    assert.equal((await redrive("t0"))[0], 14);
  });

  test("a failed execution of a machine that is being deleted is not redrivable [redriveStatus]", async () => {
    const ran = await workshop.run({ StartAt: "F", States: { F: { Type: "Fail" } } });
    assert.equal(ran.described.redriveStatus, "REDRIVABLE");
    await workshop.sfn.deleteStateMachine({ stateMachineArn: ran.described.stateMachineArn });
    const { described } = await workshop.look(ran.arn);
    assert.deepEqual(
      [described.redriveStatus, described.redriveStatusReason],
      ["NOT_REDRIVABLE", "State machine is in DELETING status"],
    );
    await assert.rejects(workshop.sfn.redriveExecution({ executionArn: ran.arn }), {
      name: "ExecutionNotRedrivable",
      message: "Execution is not redrivable: 'State machine is in DELETING status'",
    });
  });

  test("a failed execution cannot be redriven after 14 days", async () => {
    const ran = await workshop.run({ StartAt: "F", States: { F: { Type: "Fail" } } });
    await workshop.advance(14 * 86_400);
    const late = await workshop.look(ran.arn);
    assert.equal(late.described.redriveStatus, "NOT_REDRIVABLE");
    assert.equal(late.described.redriveStatusReason, "Execution redrivable period exceeded");
  });

  test("events are logged as the machine's logging configuration asks [logging]", async () => {
    const lines: { message: string; fields: unknown }[] = [];
    const info = (message: string, fields?: unknown): void => void lines.push({ message, fields });
    const logged = await open({ log: { debug() {}, info, warn() {}, error() {} } });
    try {
      const destinations = [
        {
          cloudWatchLogsLogGroup: {
            logGroupArn: "arn:aws:logs:us-east-1:000000000000:log-group:g:*",
          },
        },
      ];
      const definition = JSON.stringify({
        StartAt: "F",
        States: { F: { Type: "Fail", Error: "E" } },
      });
      const made = await logged.sfn.createStateMachine({
        name: "logged",
        definition,
        roleArn: "arn:aws:iam::000000000000:role/r",
        loggingConfiguration: { level: "ERROR", destinations },
      });
      const arn = await logged.start(made.stateMachineArn ?? "");
      await logged.settle();
      const events = lines
        .filter(({ message }) => message === "states execution event")
        .map(({ fields }) => Object(fields));
      assert.deepEqual(
        events.map(({ type, id, details }) => [type, id, details]),
        [
          ["FailStateEntered", "2", { name: "F" }],
          ["ExecutionFailed", "3", { error: "E" }],
        ],
      );
      assert.equal(events[0].execution_arn, arn);
    } finally {
      await logged.close();
    }
  });

  test("a redriven execution has its whole TimeoutSeconds again [RedriveExecution]", async () => {
    const ran = await workshop.run({
      TimeoutSeconds: 10,
      StartAt: "W",
      States: {
        W: { Type: "Wait", Seconds: 8, Next: "W2" },
        W2: { Type: "Wait", Seconds: 8, End: true },
      },
    });
    await workshop.advance(10);
    assert.equal((await workshop.look(ran.arn)).status, "TIMED_OUT");
    await workshop.sfn.redriveExecution({ executionArn: ran.arn });
    await workshop.advance(8);
    assert.equal((await workshop.look(ran.arn)).status, "SUCCEEDED");
    await workshop.sfn.describeExecution({ executionArn: ran.arn });
    const again = await workshop.run({
      TimeoutSeconds: 5,
      StartAt: "W",
      States: { W: { Type: "Wait", Seconds: 60, End: true } },
    });
    await workshop.advance(5);
    await workshop.sfn.redriveExecution({ executionArn: again.arn });
    await workshop.advance(5);
    assert.equal((await workshop.look(again.arn)).status, "TIMED_OUT");
  });
}
