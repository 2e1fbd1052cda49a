import assert from "node:assert/strict";
import { test } from "node:test";
import { callerOf } from "../../../src/kernel/caller.ts";
import { AdjustableClock } from "../../../src/kernel/clock.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import { encodeRecord } from "../../../src/kernel/record.ts";
import { Waiters } from "../../../src/kernel/waiters.ts";
import { workQueue } from "../../../src/kernel/work.ts";
import { activityArn } from "../../../src/services/stepfunctions/arns.ts";
import { activityTopic } from "../../../src/services/stepfunctions/driver/activity.ts";
import { ACTIVITY, ACTIVITY_QUEUE } from "../../../src/services/stepfunctions/keys.ts";
import { getActivityTask } from "../../../src/services/stepfunctions/operations/get-activity-task.ts";
import type {
  ActivityRecord,
  ActivityTaskRecord,
} from "../../../src/services/stepfunctions/records.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { START_MS } from "./workshop.ts";

test("a poll whose client has gone when it is woken leaves the task to the next one [GetActivityTask]", async () => {
  const store = memoryStore(silentLog);
  const clock = new AdjustableClock({ frozenAtMs: START_MS });
  const waiters = new Waiters(clock);
  store.onWake((wake) => waiters.wake(wake));
  const caller = callerOf("key", "us-east-1");
  const { accountId, region } = caller;
  const activity: ActivityRecord = {
    accountId,
    region,
    uid: "activity",
    name: "a",
    createdMs: START_MS,
    encryption: { type: "AWS_OWNED_KEY" },
  };
  await store.transact(async (tx) => {
    tx.put(ACTIVITY.key(accountId, region, "a"), encodeRecord(activity));
  });
  const operation = getActivityTask({ store, clock, waiters, work: workQueue });
  assert.ok(operation.kind === "conversation");
  const poll = (signal: AbortSignal) =>
    operation.run(
      { caller, requestId: "r", baseUrl: "http://localhost", nowMs: START_MS, signal },
      { activityArn: activityArn(caller, "a") },
    );
  const waiting = async (count: number): Promise<void> => {
    while (waiters.waiting(activityTopic("activity")) < count) await new Promise(setImmediate);
    await clock.settle();
  };
  const leaving = new AbortController();
  const left = poll(leaving.signal);
  await waiting(1);
  const staying = poll(new AbortController().signal);
  await waiting(2);
  await store.transact(async (tx) => {
    const task: ActivityTaskRecord = { token: "token", thread: 0, input: "{}" };
    tx.put(ACTIVITY_QUEUE.key("activity", START_MS, "execution", 1), encodeRecord(task));
    tx.wake({ topic: activityTopic("activity") });
    // The client leaves in the moment in which its poll is woken.
    tx.afterCommit(() => leaving.abort());
  });
  assert.deepEqual(await left, {});
  assert.deepEqual(await staying, { taskToken: "token", input: "{}" });
  await store.close();
});
