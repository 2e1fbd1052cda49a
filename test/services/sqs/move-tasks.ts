import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";
import { checkedState } from "./queue-state.ts";

interface Dead {
  readonly source: string;
  readonly deadLetters: string;
  readonly SourceArn: string;
}

export const moveTasks: Topic = (bench) => {
  /** A queue whose `count` messages have all gone to its dead-letter queue. */
  const deadMessages = async (count: number, kind: "queue" | "fifo" = "queue"): Promise<Dead> => {
    const made = await bench().queueWithDeadLetters(1, (given) => bench()[kind](given));
    for (let index = 0; index < count; index += 1) {
      await bench().send(
        made.source,
        `m${index}`,
        kind === "fifo" ? { MessageGroupId: `g${index % 3}` } : {},
      );
    }
    while ((await bench().bodies(made.source, { VisibilityTimeout: 1 })).length > 0);
    await bench().advance(1);
    assert.deepEqual(await bench().bodies(made.source), []);
    if (count > 10) await bench().bodies(made.source);
    return { ...made, SourceArn: await bench().arn(made.deadLetters) };
  };
  const tasksOf = async (SourceArn: string) =>
    (await bench().client.listMessageMoveTasks({ SourceArn, MaxResults: 10 })).Results ?? [];

  for (const kind of ["queue", "fifo"] as const) {
    test(`messages go back to where they came from, as new ones (${kind}) [StartMessageMoveTask]`, async () => {
      const { source, deadLetters, SourceArn } = await deadMessages(9, kind);
      assert.equal(await bench().counts(deadLetters), "9 ready, 0 delayed, 0 in flight");
      const dead = await bench().receive(deadLetters, { VisibilityTimeout: 0 });
      const before = new Set(dead.map(({ MessageId }) => MessageId));
      await bench().advance(100);
      const { TaskHandle } = await bench().client.startMessageMoveTask({ SourceArn });
      assert.ok(TaskHandle);
      await bench().clock.settle();
      const [task] = await tasksOf(SourceArn);
      assert.equal(task?.Status, "COMPLETED");
      assert.equal(task.ApproximateNumberOfMessagesMoved, 9);
      assert.equal(task.ApproximateNumberOfMessagesToMove, 9);
      assert.equal(task.TaskHandle, undefined, "only a running task has one");
      const got = await bench().receive(source);
      assert.deepEqual(
        got.map(({ Body }) => Body).toSorted(),
        Array.from({ length: 9 }, (_, index) => `m${index}`),
      );
      for (const { MessageId, Attributes } of got) {
        assert.ok(!before.has(MessageId));
        assert.equal(Attributes?.["ApproximateReceiveCount"], "1");
        assert.equal(Attributes?.["SentTimestamp"], String(bench().clock.now()));
        assert.equal(Attributes?.["DeadLetterQueueSourceArn"], undefined);
      }
      await checkedState(bench().server.store, source);
      await checkedState(bench().server.store, deadLetters);
    });
  }

  test("messages go to another queue of the same type", async () => {
    const { SourceArn } = await deadMessages(3);
    const other = await bench().queue();
    const DestinationArn = await bench().arn(other);
    await bench().client.startMessageMoveTask({ SourceArn, DestinationArn });
    await bench().clock.settle();
    assert.deepEqual((await bench().bodies(other)).toSorted(), ["m0", "m1", "m2"]);
    assert.equal((await tasksOf(SourceArn))[0]?.DestinationArn, DestinationArn);
  });

  test("a rate holds, progress is shown, and a task can be cancelled [CancelMessageMoveTask]", async () => {
    const { source, deadLetters, SourceArn } = await deadMessages(20);
    const { client } = bench();
    const { TaskHandle } = await client.startMessageMoveTask({
      SourceArn,
      MaxNumberOfMessagesPerSecond: 5,
    });
    await bench().clock.settle();
    await bench().advance(1.5);
    const [running] = await tasksOf(SourceArn);
    assert.equal(running?.Status, "RUNNING");
    assert.equal(running.TaskHandle, TaskHandle);
    assert.equal(running.MaxNumberOfMessagesPerSecond, 5);
    const moved = running.ApproximateNumberOfMessagesMoved ?? 0;
    assert.ok(moved >= 5 && moved <= 10, `${moved} in 1.5 seconds at 5 a second`);
    const again = client.startMessageMoveTask({ SourceArn });
    await refused(again, "InvalidParameterValue", /already a task running/);
    const cancelled = await client.cancelMessageMoveTask({ TaskHandle });
    assert.equal(cancelled.ApproximateNumberOfMessagesMoved, moved);
    assert.equal((await tasksOf(SourceArn))[0]?.Status, "CANCELLING");
    await bench().advance(1);
    assert.equal((await tasksOf(SourceArn))[0]?.Status, "CANCELLED");
    await bench().advance(60);
    assert.equal(await bench().counts(source), `${moved} ready, 0 delayed, 0 in flight`);
    assert.equal(await bench().counts(deadLetters), `${20 - moved} ready, 0 delayed, 0 in flight`);
    await refused(client.cancelMessageMoveTask({ TaskHandle }), "UnsupportedOperation");
  });

  test("messages in flight stay, and what was not dead-lettered fails the task where it is", async () => {
    const { deadLetters, SourceArn } = await deadMessages(2);
    await bench().receiveOne(deadLetters, { VisibilityTimeout: 600 });
    await bench().client.startMessageMoveTask({ SourceArn });
    await bench().clock.settle();
    assert.equal((await tasksOf(SourceArn))[0]?.Status, "COMPLETED");
    assert.equal(await bench().counts(deadLetters), "0 ready, 0 delayed, 1 in flight");
    await bench().advance(1);
    await bench().send(deadLetters, "sent here");
    await bench().client.startMessageMoveTask({ SourceArn });
    await bench().clock.settle();
    const [failed] = await tasksOf(SourceArn);
    assert.equal(failed?.Status, "FAILED");
    assert.equal(failed.FailureReason, "CouldNotDetermineMessageSource");
    assert.deepEqual(await bench().bodies(deadLetters), ["sent here"]);
  });

  test("a message whose source is deleted fails the task where it is", async () => {
    const { source, deadLetters, SourceArn } = await deadMessages(2);
    const arn = { deadLetterTargetArn: SourceArn, maxReceiveCount: 1 };
    await bench().queue({ RedrivePolicy: JSON.stringify(arn) });
    await bench().client.deleteQueue({ QueueUrl: source });
    await bench().client.startMessageMoveTask({ SourceArn });
    await bench().clock.settle();
    const [failed] = await tasksOf(SourceArn);
    assert.equal(failed?.Status, "FAILED");
    assert.equal(failed.FailureReason, "AWS.SimpleQueueService.NonExistentQueue");
    assert.equal(await bench().counts(deadLetters), "2 ready, 0 delayed, 0 in flight");
  });

  test("a FIFO group keeps its order when its first message can not be moved", async () => {
    const { deadLetters, SourceArn } = await deadMessages(0, "fifo");
    for (const body of ["1", "2", "3"]) await bench().sendTo(deadLetters, "g", body);
    await bench().client.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 1 });
    await bench().clock.settle();
    assert.equal((await tasksOf(SourceArn))[0]?.Status, "FAILED");
    assert.deepEqual(await bench().bodies(deadLetters), ["1", "2", "3"]);
    await checkedState(bench().server.store, deadLetters);
  });

  test("a task goes on behind messages that expired, and those are neither moved nor counted", async () => {
    const { source, deadLetters, SourceArn } = await deadMessages(0);
    await bench().set(deadLetters, { MessageRetentionPeriod: "3600" });
    // Dead letters keep the time of their first send, so the queue's timer is late for them.
    await bench().clock.settle();
    await bench().advance(1_800);
    await bench().send(source, "expired");
    await bench().advance(1);
    for (const body of ["old0", "old1"]) await bench().send(source, body);
    await bench().advance(3_599.9);
    for (const body of ["young0", "young1"]) await bench().send(source, body);
    while ((await bench().bodies(source, { VisibilityTimeout: 0 })).length > 0);
    await bench().client.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 5 });
    await bench().advance(10);
    const [task] = await tasksOf(SourceArn);
    assert.equal(task?.Status, "COMPLETED");
    assert.equal(task.ApproximateNumberOfMessagesToMove, 4, "what was expired at the start");
    assert.equal(task.ApproximateNumberOfMessagesMoved, 3, "what expired meanwhile");
    assert.deepEqual((await bench().bodies(source)).toSorted(), ["old0", "young0", "young1"]);
    assert.equal(await bench().counts(deadLetters), "0 ready, 0 delayed, 0 in flight");
  });

  test("a task ends though messages that were ready are delayed now (fifo)", async () => {
    const { source, deadLetters, SourceArn } = await deadMessages(9, "fifo");
    await bench().set(deadLetters, { DelaySeconds: "900" });
    await bench().client.startMessageMoveTask({ SourceArn });
    await bench().clock.settle();
    assert.equal((await tasksOf(SourceArn))[0]?.Status, "COMPLETED");
    await checkedState(bench().server.store, deadLetters);
    await bench().advance(900);
    await bench().client.startMessageMoveTask({ SourceArn });
    await bench().clock.settle();
    assert.equal(await bench().counts(source), "9 ready, 0 delayed, 0 in flight");
  });

  test("a task goes on after a restart", async (t) => {
    if (!bench().keepsData) return t.skip("this store keeps nothing");
    const { source, SourceArn } = await deadMessages(20);
    await bench().client.startMessageMoveTask({ SourceArn, MaxNumberOfMessagesPerSecond: 10 });
    await bench().clock.settle();
    const moved = await bench().restart();
    assert.equal((await tasksOf(SourceArn))[0]?.Status, "RUNNING");
    await bench().advance(5);
    assert.equal((await tasksOf(SourceArn))[0]?.Status, "COMPLETED");
    assert.equal(await bench().counts(moved(source)), "20 ready, 0 delayed, 0 in flight");
  });

  test("the last 10 tasks are listed, the latest first [ListMessageMoveTasks]", async () => {
    const { SourceArn } = await deadMessages(1);
    for (let index = 0; index < 12; index += 1) {
      await bench().client.startMessageMoveTask({ SourceArn });
      await bench().clock.settle();
      await bench().advance(1);
    }
    const all = await tasksOf(SourceArn);
    assert.equal(all.length, 10);
    const times = all.map(({ StartedTimestamp = 0 }) => StartedTimestamp);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => b - a),
    );
    const { Results = [] } = await bench().client.listMessageMoveTasks({ SourceArn });
    assert.equal(Results.length, 1);
  });

  test("what can not be started, listed or cancelled is refused", async () => {
    const { client } = bench();
    const { source, SourceArn } = await deadMessages(0);
    const plain = await bench().arn(source);
    const nowhere = `${SourceArn}x`;
    const start = (input: object) => client.startMessageMoveTask({ SourceArn, ...input });
    await refused(start({ SourceArn: plain }), "InvalidParameterValue", /Dead Letter Queue/);
    await refused(start({ SourceArn: nowhere }), "ResourceNotFoundException");
    await refused(start({ SourceArn: "x" }), "InvalidParameterValue", /arn:<partition>/);
    await refused(
      start({ SourceArn: `${SourceArn}${"y".repeat(3_000)}` }),
      "ResourceNotFoundException",
    );
    await refused(start({ DestinationArn: SourceArn }), "InvalidParameterValue");
    await refused(start({ DestinationArn: nowhere }), "ResourceNotFoundException");
    const fifo = await bench().arn(await bench().fifo());
    await refused(start({ DestinationArn: fifo }), "InvalidParameterValue", /same type/);
    for (const MaxNumberOfMessagesPerSecond of [0, 501, 1.5, -1]) {
      await refused(start({ MaxNumberOfMessagesPerSecond }), "InvalidParameterValue", /PerSecond/);
    }
    await refused(start({ SourceArn: undefined }), "MissingParameter");
    await refused(client.listMessageMoveTasks({ SourceArn: nowhere }), "ResourceNotFoundException");
    const noArn = client.listMessageMoveTasks({ SourceArn: "x" });
    await refused(noArn, "InvalidParameterValue", /to specify the SourceArn: arn:<partition>/);
    await refused(
      client.listMessageMoveTasks({ SourceArn, MaxResults: 11 }),
      "InvalidParameterValue",
    );
    await refused(client.cancelMessageMoveTask({ TaskHandle: "x" }), "InvalidParameterValue");
    const handle = { taskId: "x", sourceArn: nowhere + "y".repeat(3_000), startedAtMs: 0 };
    const TaskHandle = Buffer.from(JSON.stringify(handle)).toString("base64");
    await refused(client.cancelMessageMoveTask({ TaskHandle }), "ResourceNotFoundException");
  });
};
