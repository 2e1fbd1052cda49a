import { space } from "../../kernel/spaces.ts";
import type { Space } from "../../kernel/spaces.ts";

// Every key that Step Functions writes: space numbers 80 to 127. 96 and 100 were never written.

/** State machines by name. */
export const MACHINE: Space<[accountId: string, region: string, name: string]> = space({
  number: 80,
  name: "state machine",
  layout: ["account", "region", "name"],
  value: "MachineRecord",
  lifetime: "from CreateStateMachine until it is deleted and its executions are over",
});
/** States of a machine's definition and configuration. */
export const REVISION: Space<[machineUid: string, revisionId: string]> = space({
  number: 81,
  name: "state machine revision",
  layout: ["machine uid", "revision id"],
  value: "RevisionRecord",
  lifetime: "from the create or update that made it; kept, as executions refer to it",
});
/** Published versions of a machine. */
export const VERSION: Space<[machineUid: string, version: number]> = space({
  number: 82,
  name: "state machine version",
  layout: ["machine uid", "version"],
  value: "VersionRecord",
  lifetime: "from being published until deleted",
});
/** Aliases of a machine. */
export const ALIAS: Space<[machineUid: string, name: string]> = space({
  number: 83,
  name: "state machine alias",
  layout: ["machine uid", "name"],
  value: "AliasRecord",
  lifetime: "from CreateStateMachineAlias until deleted",
});
/** Tags of machines and activities. */
export const TAGS: Space<[arn: string]> = space({
  number: 84,
  name: "tags of a state machine or activity",
  layout: ["arn"],
  value: "TagsRecord",
  lifetime: "while the resource exists and has tags",
});
/** Activities by name. */
export const ACTIVITY: Space<[accountId: string, region: string, name: string]> = space({
  number: 85,
  name: "activity",
  layout: ["account", "region", "name"],
  value: "ActivityRecord",
  lifetime: "from CreateActivity until DeleteActivity",
});
/** What an execution is from its start on. */
export const EXECUTION: Space<[uid: string]> = space({
  number: 86,
  name: "execution",
  layout: ["execution uid"],
  value: "ExecutionRecord: what does not change",
  lifetime: "from its start until 90 days after its end",
});
/** How far an execution is. */
export const PROGRESS: Space<[uid: string]> = space({
  number: 87,
  name: "execution progress",
  layout: ["execution uid"],
  value: "ProgressRecord: status, counters and the number of its last commit",
  lifetime: "as the execution's",
});
/** Where the branches of an execution are. */
export const THREAD: Space<[uid: string, thread: number]> = space({
  number: 88,
  name: "execution thread",
  layout: ["execution uid", "thread"],
  value: "ThreadRecord: where one branch is",
  lifetime: "while the branch runs; of a failed execution as long as it may be redriven",
});
/** What the branches of an execution carry. */
export const THREAD_DATA: Space<[uid: string, thread: number]> = space({
  number: 89,
  name: "execution thread data",
  layout: ["execution uid", "thread"],
  value: "ThreadData: input, variables and items of one branch",
  lifetime: "as the thread's",
});
/** The history of an execution. */
export const HISTORY: Space<[uid: string, lastEvent: number]> = space({
  number: 90,
  name: "history events",
  layout: ["execution uid", "id of the last of them"],
  value: "list of HistoryRecord: events that follow each other and were committed together",
  lifetime: "as the execution's",
});
/** What happened to an execution and was not yet taken in. */
export const INBOX: Space<[uid: string, atMs: number, wait: number, name: string]> = space({
  number: 91,
  name: "execution inbox",
  layout: ["execution uid", "time (ms)", "wait", "what"],
  value: "ExecutionEvent",
  lifetime: "from something happening to the execution until the transition that it causes",
});
/** Lists of executions by time. */
export const EXECUTION_BY_START: Space<[group: string, startMs: number, uid: string]> = space({
  number: 92,
  name: "executions by start",
  layout: ["machine uid, version, alias or map run", "start (ms)", "execution uid"],
  value: "empty",
  lifetime: "as the execution's",
});
/** Lists of executions by status and time. */
export const EXECUTION_BY_STATUS: Space<
  [group: string, status: string, startMs: number, uid: string]
> = space({
  number: 93,
  name: "executions by status",
  layout: ["machine uid, version, alias or map run", "status", "start (ms)", "execution uid"],
  value: "empty",
  lifetime: "while the execution has the status",
});
/** Tasks whose result comes from outside. */
export const PENDING_TASK: Space<[uid: string, wait: number]> = space({
  number: 94,
  name: "pending task",
  layout: ["execution uid", "wait"],
  value: "PendingTaskRecord: its token, queue entry and job",
  lifetime: "from scheduling a task with a token or job until its result or end",
});
/** Tasks that wait for a worker. */
export const ACTIVITY_QUEUE: Space<
  [activityUid: string, scheduledMs: number, uid: string, wait: number]
> = space({
  number: 95,
  name: "activity queue",
  layout: ["activity uid", "scheduled (ms)", "execution uid", "wait"],
  value: "ActivityTaskRecord",
  lifetime: "from scheduling an activity's task until a worker takes it",
});
/** What a map run is from its start on. */
export const MAP_RUN: Space<[mapRunUid: string]> = space({
  number: 97,
  name: "map run",
  layout: ["map run uid"],
  value: "MapRunRecord: what does not change",
  lifetime: "as its execution's",
});
/** How far a map run is. */
export const MAP_RUN_PROGRESS: Space<[mapRunUid: string]> = space({
  number: 98,
  name: "map run progress",
  layout: ["map run uid"],
  value: "MapRunProgress: status, limits and how far it started",
  lifetime: "as its execution's",
});
/** Counts of a map run. */
export const MAP_RUN_COUNT: Space<[mapRunUid: string, what: string]> = space({
  number: 99,
  name: "map run count",
  layout: ["map run uid", "executions or items, and a status"],
  value: "a sum",
  lifetime: "as its execution's",
});
/** What became of the children of a map run. */
export const MAP_RUN_RESULT: Space<[mapRunUid: string, index: number]> = space({
  number: 101,
  name: "map run result",
  layout: ["map run uid", "index of the child"],
  value: "MapRunResult",
  lifetime: "from the child's end until the map run's execution goes",
});
/** The map runs of an execution by time. */
export const MAP_RUN_BY_EXECUTION: Space<[uid: string, startMs: number, mapRunUid: string]> = space(
  {
    number: 102,
    name: "map runs of an execution",
    layout: ["execution uid", "start (ms)", "map run uid"],
    value: "empty",
    lifetime: "as its execution's",
  },
);
