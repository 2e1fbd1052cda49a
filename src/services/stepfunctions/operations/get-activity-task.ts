import type { GetActivityTaskInput, GetActivityTaskOutput } from "@aws-sdk/client-sfn";
import { conversation } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { requireActivity } from "../activities.ts";
import { activityTopic } from "../driver/activity.ts";
import { deliverEvent } from "../execution/work.ts";
import type { Engine } from "../engine.ts";
import { ACTIVITY_QUEUE } from "../keys.ts";
import { ACTIVITY_POLL_MS } from "../limits.ts";
import type { ActivityTaskRecord } from "../records.ts";

/** Takes a task of an activity; waits for one up to a minute, then answers none. */
export function getActivityTask(
  engine: Pick<Engine, "store" | "clock" | "waiters" | "work">,
): Operation<GetActivityTaskInput, GetActivityTaskOutput> {
  return conversation(async (context, input) => {
    const { activityArn = "", workerName } = input;
    const activity = await engine.store.read((reader) => requireActivity(reader, activityArn));
    const deadlineMs = context.nowMs + ACTIVITY_POLL_MS;
    using waiter = engine.waiters.enter(activityTopic(activity.uid));
    for (;;) {
      const task = await engine.store.transact(async (tx) => {
        // A client that has gone leaves the task, and its wake-up, to the others.
        if (context.signal.aborted) return undefined;
        return takeTask(tx, engine, { activityUid: activity.uid, workerName });
      });
      if (task !== undefined) return { taskToken: task.token, input: task.input };
      if ((await waiter.woken(deadlineMs, context.signal)) !== "woken") return {};
    }
  });
}

/** Takes the oldest task out of the queue and tells its execution who works on it. */
async function takeTask(
  tx: Tx,
  engine: Pick<Engine, "clock" | "work">,
  { activityUid, workerName }: { activityUid: string; workerName: string | undefined },
): Promise<ActivityTaskRecord | undefined> {
  const [entry] = await tx.claim(ACTIVITY_QUEUE.below(activityUid), 1);
  if (entry === undefined) return undefined;
  const [, , uid, wait] = ACTIVITY_QUEUE.parts(entry.key);
  const task = decodeRecord<ActivityTaskRecord>(entry.value);
  tx.delete(entry.key);
  const event = {
    kind: "started",
    thread: task.thread,
    wait,
    ...(workerName !== undefined && { workerName }),
  } as const;
  await deliverEvent(tx, engine, { uid, event });
  return task;
}
