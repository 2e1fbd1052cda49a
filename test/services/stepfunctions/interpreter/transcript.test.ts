import assert from "node:assert/strict";
import { test } from "node:test";
import { advance } from "../../../../src/services/stepfunctions/interpreter/advance.ts";
import type {
  Effect,
  ExecutionEvent,
  Surroundings,
} from "../../../../src/services/stepfunctions/interpreter/protocol.ts";
import { initialState, isReady } from "../../../../src/services/stepfunctions/interpreter/state.ts";
import type { ExecutionState } from "../../../../src/services/stepfunctions/interpreter/state.ts";
import type { Json } from "../../../../src/services/stepfunctions/language/json.ts";
import { parseDefinition } from "../../../../src/services/stepfunctions/language/parse.ts";
import { MAX_THREADS } from "../../../../src/services/stepfunctions/limits.ts";

/** A workflow and what it said so far: one line for each event that comes in, event that goes to the history, and effect. */
class Conversation {
  readonly lines: string[] = [];
  readonly #state: ExecutionState;
  readonly #around: Surroundings;
  #nowMs = 0;

  constructor(definition: object, input: Json = {}) {
    const parsed = parseDefinition(JSON.stringify(definition));
    assert.ok(parsed.definition, JSON.stringify(parsed.diagnostics));
    this.#state = initialState(parsed.definition.startAt, input);
    this.#around = {
      definition: parsed.definition,
      context: {},
      region: "us-east-1",
      random: { bytes: (count) => new Uint8Array(count), uuid: () => "uuid", fraction: () => 0.5 },
      nowMs: 0,
      tokenOf: (thread, wait) => `token-${thread}-${wait}`,
      mapRunArnOf: ({ name }) => `run-of-${name}`,
      argumentProblems: () => Promise.resolve([]),
    };
  }

  /** Lets time pass. */
  at(seconds: number): this {
    this.#nowMs = seconds * 1000;
    return this;
  }

  /** Gives the workflow an event, then lets it go on as far as it can by itself. */
  async give(event: ExecutionEvent): Promise<this> {
    this.lines.push(`> ${describe(event)}`);
    await this.#advance(event);
    return this.go();
  }

  /** Lets the workflow go on as far as it can by itself. */
  async go(): Promise<this> {
    for (;;) {
      const ready = [...this.#state.threads.values()].find(isReady);
      if (ready === undefined) return this;
      await this.#advance({ kind: "step", thread: ready.id });
    }
  }

  /** Has branches wait, so that there are as many threads in all. */
  crowd(threads: number): this {
    const root = this.#state.threads.get(0);
    assert.ok(root);
    for (let id = 1; id < threads; id += 1)
      this.#state.threads.set(id, { ...root, id, parent: 0, phase: { kind: "waiting", wait: id } });
    this.#state.nextThread = threads;
    return this;
  }

  /** The same workflow after its state was written down and read again. */
  sleep(): this {
    const text = JSON.stringify([...this.#state.threads]);
    this.#state.threads.clear();
    for (const [id, thread] of JSON.parse(text)) this.#state.threads.set(id, thread);
    return this;
  }

  async #advance(event: ExecutionEvent): Promise<void> {
    const { events, effects } = await advance(this.#state, event, {
      ...this.#around,
      nowMs: this.#nowMs,
    });
    for (const { id, previous, type } of events) this.lines.push(`${id} ${type} after ${previous}`);
    for (const effect of effects) this.lines.push(`< ${describeEffect(effect)}`);
  }
}

function describe(event: ExecutionEvent): string {
  const { kind, ...rest } = event;
  return [kind, ...Object.values(rest).map((value) => JSON.stringify(value))].join(" ");
}

function describeEffect(effect: Effect): string {
  switch (effect.kind) {
    case "timer":
      return `timer ${effect.purpose} of ${effect.thread}.${effect.wait} at ${effect.atMs / 1000}`;
    case "task":
      return `task ${effect.thread}.${effect.wait} ${JSON.stringify(effect.call.arguments)}`;
    case "cancel":
      return `cancel ${effect.thread}.${effect.wait} ${effect.timers.join("+")}${effect.stop ? " and stop" : ""}`;
    case "complete":
      return `complete ${effect.status} ${effect.output ?? effect.error ?? ""}`;
    default:
      return effect.kind;
  }
}

const SEND = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";

test("a task with a token, a timeout and a retry", async () => {
  const conversation = new Conversation({
    StartAt: "T",
    States: {
      T: {
        Type: "Task",
        Resource: SEND,
        Parameters: { "token.$": "$$.Task.Token" },
        TimeoutSeconds: 10,
        Retry: [{ ErrorEquals: ["States.Timeout"], IntervalSeconds: 5, MaxAttempts: 1 }],
        End: true,
      },
    },
  });
  await conversation.go();
  await conversation.give({ kind: "submitted", thread: 0, wait: 1, output: {} });
  await conversation.at(10).sleep().give({ kind: "fired", thread: 0, wait: 1, purpose: "timeout" });
  await conversation.at(11).give({ kind: "succeeded", thread: 0, wait: 1, output: "too late" });
  await conversation.at(15).sleep().give({ kind: "fired", thread: 0, wait: 2, purpose: "retry" });
  await conversation.at(16).give({ kind: "succeeded", thread: 0, wait: 3, output: "in time" });
  assert.deepEqual(conversation.lines, [
    "2 TaskStateEntered after 0",
    "3 TaskScheduled after 2",
    "4 TaskStarted after 3",
    "< timer timeout of 0.1 at 10",
    '< task 0.1 {"token":"token-0-1"}',
    "> submitted 0 1 {}",
    "5 TaskSubmitted after 4",
    '> fired 0 1 "timeout"',
    "6 TaskTimedOut after 5",
    "< cancel 0.1 timeout and stop",
    "< timer retry of 0.2 at 15",
    '> succeeded 0 1 "too late"',
    '> fired 0 2 "retry"',
    "7 TaskScheduled after 6",
    "8 TaskStarted after 7",
    "< timer timeout of 0.3 at 25",
    '< task 0.3 {"token":"token-0-3"}',
    '> succeeded 0 3 "in time"',
    "9 TaskSucceeded after 8",
    "10 TaskStateExited after 9",
    "11 ExecutionSucceeded after 10",
    "< cancel 0.3 timeout",
    '< complete SUCCEEDED "in time"',
  ]);
});

test("a branch that fails stops the others, and a redrive takes both up again", async () => {
  const conversation = new Conversation({
    StartAt: "P",
    States: {
      P: {
        Type: "Parallel",
        Branches: [
          { StartAt: "W", States: { W: { Type: "Wait", Seconds: 60, End: true } } },
          {
            StartAt: "T",
            States: { T: { Type: "Task", Resource: SEND, Parameters: {}, End: true } },
          },
        ],
        End: true,
      },
    },
  });
  await conversation.go();
  await conversation.at(1).sleep().give({ kind: "failed", thread: 2, wait: 2, error: "E" });
  await conversation.at(2).sleep().give({ kind: "redriven", redriveCount: 1 });
  await conversation.at(3).give({ kind: "succeeded", thread: 2, wait: 4, output: 2 });
  await conversation.at(62).give({ kind: "fired", thread: 1, wait: 3, purpose: "wait" });
  assert.deepEqual(conversation.lines, [
    "2 ParallelStateEntered after 0",
    "3 ParallelStateStarted after 2",
    "4 WaitStateEntered after 3",
    "< timer wait of 1.1 at 60",
    "5 TaskStateEntered after 3",
    "6 TaskScheduled after 5",
    "7 TaskStarted after 6",
    "< task 2.2 {}",
    '> failed 2 2 "E"',
    "8 TaskSubmitFailed after 7",
    "9 WaitStateAborted after 4",
    "10 ParallelStateFailed after 8",
    "11 ExecutionFailed after 10",
    "< cancel 2.2 ",
    "< cancel 1.1 wait and stop",
    "< complete FAILED E",
    "> redriven 1",
    "12 ExecutionRedriven after 11",
    "< timer wait of 1.3 at 62",
    "13 TaskScheduled after 12",
    "14 TaskStarted after 13",
    "< task 2.4 {}",
    "> succeeded 2 4 2",
    "15 TaskSucceeded after 14",
    "16 TaskStateExited after 15",
    "< cancel 2.4 ",
    '> fired 1 3 "wait"',
    "17 WaitStateExited after 12",
    "18 ParallelStateSucceeded after 17",
    "19 ParallelStateExited after 17",
    "20 ExecutionSucceeded after 19",
    "< complete SUCCEEDED [{},2]",
  ]);
});

test("a Map starts the next iteration when one is done", async () => {
  const conversation = new Conversation(
    {
      StartAt: "M",
      States: {
        M: {
          Type: "Map",
          MaxConcurrency: 1,
          ItemProcessor: { StartAt: "P", States: { P: { Type: "Pass", End: true } } },
          End: true,
        },
      },
    },
    ["a", "b"],
  );
  await conversation.go();
  assert.deepEqual(conversation.lines, [
    "2 MapStateEntered after 0",
    "3 MapStateStarted after 2",
    "4 MapIterationStarted after 3",
    "5 PassStateEntered after 4",
    "6 PassStateExited after 5",
    "7 MapIterationSucceeded after 6",
    "8 MapIterationStarted after 7",
    "9 PassStateEntered after 8",
    "10 PassStateExited after 9",
    "11 MapIterationSucceeded after 10",
    "12 MapStateSucceeded after 11",
    "13 MapStateExited after 11",
    "14 ExecutionSucceeded after 13",
    '< complete SUCCEEDED ["a","b"]',
  ]);
});

test("an execution with as many branches as may run at once fails when it opens another [limit]", async () => {
  const branch = (name: string): object => ({
    StartAt: name,
    States: { [name]: { Type: "Pass", End: true } },
  });
  const workflow = new Conversation({
    StartAt: "All",
    States: { All: { Type: "Parallel", Branches: [branch("A"), branch("B")], End: true } },
  });
  await workflow.crowd(MAX_THREADS).go();
  assert.equal(workflow.lines.at(-1), "< complete FAILED States.Runtime");
});
