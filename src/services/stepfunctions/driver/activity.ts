import { encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { parseActivityArn } from "../arns.ts";
import type { Engine } from "../engine.ts";
import type { Effect } from "../interpreter/protocol.ts";
import { ACTIVITY, ACTIVITY_QUEUE, PENDING_TASK } from "../keys.ts";
import type { ActivityRecord, ActivityTaskRecord, PendingTaskRecord } from "../records.ts";
import { putEvent } from "../execution/work.ts";

/** The topic that wakes those who poll for an activity's tasks. */
export const activityTopic = (activityUid: string): string => `states.activity:${activityUid}`;

/** Puts a task into its activity's queue and wakes a poller. */
export async function scheduleActivity(
  tx: Tx,
  engine: Engine,
  { uid, effect, arn }: { uid: string; effect: Extract<Effect, { kind: "task" }>; arn: string },
): Promise<void> {
  const { thread, wait, call } = effect;
  const ref = parseActivityArn(arn);
  const value = await tx.get(ACTIVITY.key(ref.accountId, ref.region, ref.name));
  if (value === undefined) {
    const cause = `Activity Does Not Exist: '${arn}'`;
    putEvent(tx, engine, {
      uid,
      event: { kind: "failed", thread, wait, error: "States.Runtime", cause },
    });
    return;
  }
  const activity = decodeRecord<ActivityRecord>(value);
  const scheduledMs = engine.clock.now();
  const token = call.token ?? "";
  const pending: PendingTaskRecord = {
    thread,
    token,
    ...(call.heartbeatSeconds !== undefined && { heartbeatSeconds: call.heartbeatSeconds }),
    activity: { uid: activity.uid, scheduledMs },
  };
  const task: ActivityTaskRecord = { token, thread, input: JSON.stringify(call.arguments) };
  tx.put(PENDING_TASK.key(uid, wait), encodeRecord(pending));
  tx.put(ACTIVITY_QUEUE.key(activity.uid, scheduledMs, uid, wait), encodeRecord(task));
  tx.wake({ topic: activityTopic(activity.uid) });
}
