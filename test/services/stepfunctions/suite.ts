import { describe } from "node:test";
import { dataFlow } from "./data-flow.ts";
import { distributed } from "./distributed.ts";
import { executions } from "./executions.ts";
import { express } from "./express.ts";
import { failures } from "./failures.ts";
import { history } from "./history.ts";
import { httpTasks } from "./http-tasks.ts";
import { machines } from "./machines.ts";
import { observed } from "./observed.ts";
import { requests } from "./requests.ts";
import { states } from "./states.ts";
import { tasks } from "./tasks.ts";
import { testState } from "./test-state.ts";
import { testStateContainers } from "./test-state-containers.ts";
import { testStateMocks } from "./test-state-mocks.ts";
import { wakeUps } from "./wake-ups.ts";
import { Workshop } from "./workshop.ts";
import type { OpenWorkshop, StorePlace } from "./workshop.ts";

const TOPICS: Readonly<Record<string, (open: OpenWorkshop) => void>> = {
  states,
  "data flow": dataFlow,
  tasks,
  "HTTP tasks": httpTasks,
  failures,
  executions,
  history,
  machines,
  requests,
  express,
  distributed,
  observed,
  "wake-ups": wakeUps,
  "test state": testState,
  "mocks of test state": testStateMocks,
  "maps of test state": testStateContainers,
};

/**
 * Every behaviour of Step Functions, on a store that `place` makes anew and empty for each topic. What
 * needs no store (the language, the interpreter) has tests of its own.
 */
export function stepFunctionsSuite(name: string, place: () => Promise<StorePlace>): void {
  describe(`Step Functions on ${name}`, () => {
    for (const [title, tests] of Object.entries(TOPICS)) {
      describe(title, () => tests(async (options) => Workshop.open(await place(), options)));
    }
  });
}
