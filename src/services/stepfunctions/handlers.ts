import type { RetryPolicy, WorkHandlers } from "../../kernel/work.ts";
import { failBrokenMapRun } from "./execution/lifecycle.ts";
import { runMapRun } from "./distributed/run.ts";
import type { Engine } from "./engine.ts";
import { MAX_RUNNING_EXECUTIONS, MAX_RUNNING_TASKS } from "./limits.ts";
import { expireExecution } from "./driver/expire.ts";
import { runExpressChild } from "./driver/express-child.ts";
import { performExpress } from "./driver/express-work.ts";
import { runExecution } from "./driver/run.ts";
import { failBroken } from "./driver/stop.ts";
import { failTask, performTask } from "./driver/task.ts";
import { fireTimer } from "./driver/timer.ts";
import { deleteMachine } from "./driver/delete.ts";
import {
  DELETE_WORK,
  EXPIRE_WORK,
  EXPRESS_CHILD_WORK,
  EXPRESS_WORK,
  MAP_RUN_WORK,
  RUN_WORK,
  TASK_WORK,
  TIMER_WORK,
} from "./execution/work.ts";

const NOTHING = async (): Promise<void> => {};

/** What fails again and again for no reason of its own is a bug here: the execution is told soon. */
const FEW_TRIES: RetryPolicy = { maxAttempts: 5, firstDelayMs: 200, maxDelayMs: 5_000 };

/** What this service does when its work is due. */
export function workHandlers(engine: Engine): WorkHandlers {
  return {
    [RUN_WORK]: {
      kind: "effect",
      concurrency: MAX_RUNNING_EXECUTIONS,
      perform: (item, signal) => runExecution(engine, item.id, signal),
      retry: FEW_TRIES,
      giveUp: (tx, item) => failBroken(tx, engine, item.id),
    },
    [TIMER_WORK]: { kind: "timer", fire: (tx, item) => fireTimer(tx, engine, item) },
    [TASK_WORK]: {
      kind: "effect",
      concurrency: MAX_RUNNING_TASKS,
      waitsForClock: true,
      perform: (item, signal) => performTask(engine, item, signal),
      retry: FEW_TRIES,
      giveUp: (tx, item) => failTask(tx, engine, item),
    },
    [EXPRESS_WORK]: {
      kind: "effect",
      concurrency: MAX_RUNNING_EXECUTIONS,
      waitsForClock: true,
      perform: (item, signal) => performExpress(engine, item, signal),
    },
    [EXPRESS_CHILD_WORK]: {
      kind: "effect",
      concurrency: MAX_RUNNING_EXECUTIONS,
      waitsForClock: true,
      perform: (item, signal) => runExpressChild(engine, item.id, signal),
      retry: FEW_TRIES,
      giveUp: (tx, item) => failBroken(tx, engine, item.id),
    },
    [MAP_RUN_WORK]: {
      kind: "effect",
      concurrency: MAX_RUNNING_TASKS,
      perform: async (item, signal) => {
        await runMapRun(engine, item.id, signal);
        return NOTHING;
      },
      giveUp: (tx, item) => failBrokenMapRun(tx, engine, item.id),
    },
    [DELETE_WORK]: {
      kind: "effect",
      concurrency: 4,
      perform: (item, signal) => deleteMachine(engine, item, signal),
    },
    [EXPIRE_WORK]: {
      kind: "effect",
      concurrency: 8,
      perform: (item, signal) => expireExecution(engine, item, signal),
    },
  };
}
