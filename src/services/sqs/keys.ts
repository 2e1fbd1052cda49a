import { space } from "../../kernel/spaces.ts";
import type { Space } from "../../kernel/spaces.ts";

/**
 * Every kind of key that SQS writes. A *backlog* is what a queue holds between two purges, named
 * `<queue id>.<number of purges>`: purging and deleting a queue only changes a name, and what the old
 * one held is dropped in the background. A *position* is a message's place in the order of sends.
 */
export const QUEUE: Space<[accountId: string, region: string, name: string]> = space({
  number: 16,
  name: "sqs queue",
  layout: ["account", "region", "name"],
  value: "QueueRecord",
  lifetime: "until DeleteQueue",
});
export const DELETED_QUEUE: Space<[accountId: string, region: string, name: string]> = space({
  number: 17,
  name: "sqs deleted queue",
  layout: ["account", "region", "name"],
  value: "DeletedQueueRecord",
  lifetime: "60 seconds after DeleteQueue",
});
/** From a dead-letter queue to those who name it in their redrive policy. */
export const DEAD_LETTER_SOURCE: Space<
  [accountId: string, region: string, deadLetterQueue: string, sourceQueue: string]
> = space({
  number: 18,
  name: "sqs dead-letter source",
  layout: ["account", "region", "dead-letter queue's name", "source queue's name"],
  value: "empty",
  lifetime: "while the source's redrive policy names the dead-letter queue",
});
export const MOVE_TASK: Space<
  [accountId: string, region: string, sourceQueue: string, startedAtMs: number, id: string]
> = space({
  number: 19,
  name: "sqs move task",
  layout: ["account", "region", "source queue's name", "started at (ms)", "task id"],
  value: "MoveTaskRecord",
  lifetime: "the last 10 of a queue, until it is deleted",
});

/** One key for each queue that ever had a task: who starts, ends or forgets one reads and writes it. */
export const LATEST_MOVE_TASK: Space<[accountId: string, region: string, sourceQueue: string]> =
  space({
    number: 34,
    name: "sqs latest move task",
    layout: ["account", "region", "source queue's name"],
    value: "LatestTaskRecord",
    lifetime: "from a queue's first move task until the queue is deleted",
  });

/** Totals of a backlog by {@link CountName}: a store sum. */
export const COUNT: Space<[backlog: string, name: string]> = space({
  number: 20,
  name: "sqs count",
  layout: ["backlog", "ready, delayed or inFlight"],
  value: "sum",
  lifetime: "as the backlog",
});
export type CountName = "ready" | "delayed" | "inFlight";

/** What the sender sent; not changed afterwards. */
export const MESSAGE: Space<[backlog: string, position: string]> = space({
  number: 21,
  name: "sqs message",
  layout: ["backlog", "position"],
  value: "MessageRecord",
  lifetime: "until deleted, expired or moved",
});
/** The part of a message that receives change. */
export const FLIGHT: Space<[backlog: string, position: string]> = space({
  number: 22,
  name: "sqs flight",
  layout: ["backlog", "position"],
  value: "FlightRecord",
  lifetime: "from the first receive until the message goes",
});
/** A state is a place: a message of a standard queue is in READY or in HIDDEN. */
export const READY: Space<[backlog: string, turn: number, position: string]> = space({
  number: 23,
  name: "sqs ready",
  layout: ["backlog", "turn (see fairness.ts)", "position"],
  value: "empty",
  lifetime: "while the message can be received",
});
export const HIDDEN: Space<[backlog: string, visibleAtMs: number, position: string]> = space({
  number: 24,
  name: "sqs hidden",
  layout: ["backlog", "visible at (ms)", "position"],
  value: "HiddenRecord",
  lifetime: "while the message is delayed or in flight",
});
/** How many messages of a tenant a fair queue holds: a store sum. */
export const TENANT_LOAD: Space<[backlog: string, group: string]> = space({
  number: 25,
  name: "sqs tenant load",
  layout: ["backlog", "message group id"],
  value: "sum",
  lifetime: "while the queue holds a message of the group",
});

/** The messages of a FIFO queue that are not in flight, in the order of their group. */
export const FIFO_ORDER: Space<[backlog: string, group: string, sequence: string]> = space({
  number: 26,
  name: "sqs fifo order",
  layout: ["backlog", "message group id", "sequence number"],
  value: "OrderRecord",
  lifetime: "while the message is not in flight",
});
/** A message group is in FIFO_READY, in FIFO_DELAYED, or locked: some of its messages are in flight. */
export const FIFO_GROUP: Space<[backlog: string, group: string]> = space({
  number: 27,
  name: "sqs fifo group",
  layout: ["backlog", "message group id"],
  value: "GroupRecord",
  lifetime: "while the queue holds a message of the group",
});
export const FIFO_READY: Space<[backlog: string, turn: string, group: string]> = space({
  number: 28,
  name: "sqs fifo ready group",
  layout: ["backlog", "position of the moment it became ready", "message group id"],
  value: "empty",
  lifetime: "while the group's first message can be received",
});
export const FIFO_DELAYED: Space<[backlog: string, headSentAtMs: number, group: string]> = space({
  number: 29,
  name: "sqs fifo delayed group",
  layout: ["backlog", "first message sent at (ms)", "message group id"],
  value: "empty",
  lifetime: "while the group's first message is delayed",
});
export const DEDUPLICATION: Space<[backlog: string, scope: string, deduplicationId: string]> =
  space({
    number: 30,
    name: "sqs deduplication",
    layout: ["backlog", "message group id or empty", "deduplication id"],
    value: "DeduplicationRecord",
    lifetime: "5 minutes after the send, and until somebody looks: see README",
  });
export const RECEIVE_ATTEMPT: Space<[backlog: string, attemptId: string]> = space({
  number: 31,
  name: "sqs receive attempt",
  layout: ["backlog", "receive request attempt id"],
  value: "AttemptRecord",
  lifetime: "5 minutes after the receive, and until somebody looks: see README",
});
/** What is forgotten when: the key of a deduplication or an attempt. */
export const FORGET: Space<[backlog: string, atMs: number, key: string]> = space({
  number: 32,
  name: "sqs forget",
  layout: ["backlog", "at (ms)", "the key to delete"],
  value: "empty",
  lifetime: "as long as what it names",
});

/** Messages of a FIFO queue that count as delayed; how long they are so follows from the queue. */
export const FIFO_YOUNG: Space<[backlog: string, sentAtMs: number, position: string]> = space({
  number: 33,
  name: "sqs fifo young message",
  layout: ["backlog", "sent at (ms)", "position"],
  value: "empty",
  lifetime: "from a send to a queue with a delay until the queue's delay has passed",
});

/** The spaces in which a backlog lives, for dropping it. */
export const BACKLOG_SPACES: readonly Pick<typeof READY, "below">[] = [
  MESSAGE,
  FLIGHT,
  READY,
  HIDDEN,
  FIFO_ORDER,
  FIFO_GROUP,
  FIFO_READY,
  FIFO_DELAYED,
  FIFO_YOUNG,
  DEDUPLICATION,
  RECEIVE_ATTEMPT,
  FORGET,
];
