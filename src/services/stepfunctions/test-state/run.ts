import type { TestStateInput } from "@aws-sdk/client-sfn";
import type { Caller } from "../../../kernel/caller.ts";
import { contextObject } from "../context.ts";
import type { Engine } from "../engine.ts";
import { perform } from "../driver/task.ts";
import { argumentProblems } from "../integrations/arguments.ts";
import type { HttpExchange } from "../integrations/http.ts";
import { planTask } from "../integrations/plan.ts";
import { advance } from "../interpreter/advance.ts";
import { itemInput } from "../interpreter/containers.ts";
import { leave } from "../interpreter/data-flow.ts";
import { failState, toFailure } from "../interpreter/failure.ts";
import { failureOf } from "../interpreter/protocol.ts";
import type {
  Effect,
  ExecutionEvent,
  Failure,
  MapRunCall,
  ObservedStep,
  Surroundings,
} from "../interpreter/protocol.ts";
import { initialState } from "../interpreter/state.ts";
import type { ExecutionState, Thread } from "../interpreter/state.ts";
import { Transition } from "../interpreter/transition.ts";
import type { MapState, State } from "../language/definition.ts";
import { isJsonArray, isJsonObject, parseJson } from "../language/json.ts";
import type { Json, JsonObject } from "../language/json.ts";
import { validationError } from "../errors.ts";
import { MAX_TEST_STATE_DURATION_MS } from "../limits.ts";
import { nextChild } from "../distributed/batches.ts";
import { ItemCursor } from "../distributed/cursor.ts";
import { parseItems } from "../distributed/items.ts";
import { failsByCount, mockOf } from "./mock.ts";
import type { Mock } from "./mock.ts";
import { testedState } from "./wrap.ts";
import type { TestedState } from "./wrap.ts";

/** What testing a state showed. */
export interface Tested {
  /** Where the state's thread is afterwards. */
  readonly thread: Thread;
  readonly stateName: string;
  readonly failure: Failure | undefined;
  readonly observed: ReadonlyMap<ObservedStep, unknown>;
  readonly exchange: HttpExchange | undefined;
  readonly input: Json;
}

/** Runs one state as TestState asks, for five minutes at most. */
export async function runTest(
  engine: Engine,
  input: TestStateInput,
  options: { caller: Caller; signal: AbortSignal },
): Promise<Tested> {
  const tested = testedState(input);
  const mock = await mockOf(engine, input, tested.state);
  const test = new StateTest(engine, {
    input,
    tested,
    caller: options.caller,
    signal: options.signal,
  });
  return test.run(mock);
}

interface TestSetup {
  readonly input: TestStateInput;
  readonly tested: TestedState;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

class StateTest {
  readonly #engine: Engine;
  readonly #setup: TestSetup;
  readonly #state: ExecutionState;
  readonly #thread: Thread;
  readonly #observed = new Map<ObservedStep, unknown>();
  readonly #input: Json;
  #exchange: HttpExchange | undefined;
  #failure: Failure | undefined;

  constructor(engine: Engine, setup: TestSetup) {
    this.#engine = engine;
    this.#setup = setup;
    const { input, tested } = setup;
    this.#input = parseMember("input", input.input ?? "{}");
    const variables = parseMember("variables", input.variables ?? "{}");
    if (!isJsonObject(variables)) throw validationError("The variables must be a JSON object");
    this.#state = initialState(tested.state.name, this.#input);
    // The state's own graph stands for the whole machine, so that its end is the end of the test.
    const root: Thread = {
      ...initialThread(this.#state),
      graph: tested.graph,
      data: { input: this.#input, variables },
    };
    const retries = "retry" in tested.state ? tested.state.retry : [];
    root.retries = retries.map(() => input.stateConfiguration?.retrierRetryCount ?? 0);
    this.#state.threads.set(0, root);
    this.#thread = root;
  }

  async run(mock: Mock | undefined): Promise<Tested> {
    const { state } = this.#setup.tested;
    const transition = await this.#advance({ kind: "step", thread: 0 });
    this.#keepFailure(transition);
    if (mock === undefined) await this.#follow(transition);
    else if (this.#failure === undefined) {
      const started = transition.effects.find((effect) => effect.kind === "mapRun");
      await this.#pretend(mock, started?.mapRun);
    }
    const { name: stateName } = state;
    const [thread, failure, observed] = [this.#thread, this.#failure, this.#observed];
    return { thread, stateName, failure, observed, exchange: this.#exchange, input: this.#input };
  }

  /** Does what the state asks for until it is left or failed. */
  async #follow(first: Transition): Promise<void> {
    for (const effect of first.effects) {
      if (effect.kind === "timer" && effect.purpose === "wait") await this.#wait(effect);
      if (effect.kind === "task") await this.#perform(effect);
    }
  }

  async #wait({ thread, wait, purpose, atMs }: Extract<Effect, { kind: "timer" }>): Promise<void> {
    const { clock } = this.#engine;
    const limitMs = clock.now() + MAX_TEST_STATE_DURATION_MS;
    const { signal } = this.#setup;
    await new Promise<void>((resolve) => {
      const alarm = clock.alarm(Math.min(atMs, limitMs), resolve);
      const giveUp = (): void => {
        alarm.cancel();
        resolve();
      };
      signal.addEventListener("abort", giveUp, { once: true });
    });
    if (atMs > limitMs) this.#failure = { error: "States.Timeout" };
    else this.#keepFailure(await this.#advance({ kind: "fired", thread, wait, purpose }));
  }

  async #perform({ thread, wait, call }: Extract<Effect, { kind: "task" }>): Promise<void> {
    const { caller, signal, input } = this.#setup;
    const plan = await planTask(this.#engine, call, caller);
    const onExchange = (exchange: HttpExchange): void => {
      this.#exchange = exchange;
    };
    const watch = { revealSecrets: input.revealSecrets === true, onExchange };
    const result = await perform(this.#engine, plan, { signal, watch });
    if ("output" in result) {
      this.#keepFailure(
        await this.#advance({ kind: "succeeded", thread, wait, output: result.output }),
      );
    } else {
      this.#failure = result.failure;
      await this.#advance({ kind: "failed", thread, wait, ...result.failure });
    }
  }

  /** Gives the state a mocked result or error in place of its work. */
  async #pretend(mock: Mock, mapRun: MapRunCall | undefined): Promise<void> {
    const { state } = this.#setup.tested;
    const transition = new Transition(this.#state, this.#surroundings());
    try {
      if (state.type === "Map") await this.#showItems(transition, state, mapRun);
      const failure = "failure" in mock ? mock.failure : this.#tooManyFailures(state);
      if (failure !== undefined) {
        this.#failure = failure;
        return await failState(transition, this.#thread, failure);
      }
      if (!("result" in mock) || !("next" in state)) return;
      await leave(transition, this.#thread, { state, result: mock.result, next: state.next });
    } catch (error) {
      this.#failure = toFailure(transition, this.#thread, error);
      await failState(transition, this.#thread, this.#failure);
    }
  }

  /** Shows what the iterations or children of a Map state would get. */
  async #showItems(
    transition: Transition,
    state: MapState,
    mapRun: MapRunCall | undefined,
  ): Promise<void> {
    const items = await this.#items(state);
    this.#observed.set("afterItemsPath", items);
    if (state.itemReader?.itemsPointer !== undefined)
      this.#observed.set("afterItemsPointer", items);
    const selected: Json[] = [];
    for (const [index, value] of items.entries()) {
      selected.push(await itemInput(transition, this.#thread, { state, index, value }));
    }
    this.#observed.set("afterItemSelector", selected);
    if (state.itemBatcher === undefined || mapRun === undefined) return;
    const { random, clock } = this.#engine;
    const cursor = new ItemCursor(each(items));
    const batching = { record: { call: mapRun }, state, random, nowMs: clock.now() };
    const batches: Json[] = [];
    for (;;) {
      const child = await nextChild(cursor, batching);
      if (child === undefined) break;
      batches.push(child.input);
    }
    this.#observed.set("afterItemBatcher", batches);
  }

  /** Whether the iterations that are said to have failed are more than a Map state tolerates. */
  #tooManyFailures(state: State): Failure | undefined {
    if (state.type !== "Map") return undefined;
    const failures = this.#setup.input.stateConfiguration?.mapIterationFailureCount ?? 0;
    const count = this.#observed.get("toleratedFailureCount");
    const percentage = this.#observed.get("toleratedFailurePercentage");
    const items = this.#observed.get("afterItemsPath");
    const tolerated = {
      ...(typeof count === "number" && { count }),
      ...(typeof percentage === "number" && { percentage }),
      total: Array.isArray(items) ? items.length : 0,
    };
    if (!failsByCount(state, failures, tolerated)) return undefined;
    const cause = "The specified tolerated failure threshold was exceeded";
    return { error: "States.ExceedToleratedFailureThreshold", cause };
  }

  async #items(state: MapState): Promise<readonly Json[]> {
    const { mapItemReaderData: text } = this.#setup.input.stateConfiguration ?? {};
    if (state.itemReader !== undefined && text !== undefined) {
      const items: Json[] = [];
      for await (const item of parseItems(once(text), state.itemReader)) items.push(item);
      return items;
    }
    const items = this.#observed.get("afterItemsPath") as Json | undefined;
    return isJsonArray(items) ? items : [];
  }

  /** A failure that was handled leaves no event of the execution's end, so it is noted where it arises. */
  #keepFailure(transition: Transition): void {
    const ended = transition.effects.find((effect) => effect.kind === "complete");
    if (ended?.kind === "complete" && ended.status === "FAILED") {
      this.#failure = failureOf(ended);
    }
    const evaluation = transition.events.find(({ type }) => type === "EvaluationFailed")?.details;
    if (evaluation !== undefined)
      this.#failure = { error: String(evaluation["error"]), cause: String(evaluation["cause"]) };
  }

  #advance(event: ExecutionEvent): Promise<Transition> {
    return advance(this.#state, event, this.#surroundings());
  }

  #surroundings(): Surroundings {
    const { tested, caller } = this.#setup;
    const { random, clock } = this.#engine;
    return {
      definition: tested.definition,
      context: this.#context(),
      region: caller.region,
      random,
      nowMs: clock.now(),
      tokenOf: () => random.uuid(),
      mapRunArnOf: () => "",
      argumentProblems: (resource, given) =>
        argumentProblems(this.#engine.operations, resource, given),
      observe: (step, value) => this.#observed.set(step, value),
    };
  }

  #context(): JsonObject {
    const { input, caller } = this.#setup;
    if (input.context !== undefined) {
      const given = parseMember("context", input.context);
      if (!isJsonObject(given)) throw validationError("The context must be a JSON object");
      return given;
    }
    const { accountId, region } = caller;
    const prefix = `arn:aws:states:${region}:${accountId}`;
    return contextObject({
      arn: `${prefix}:express:TestState:TestState:TestState`,
      name: "TestState",
      input: input.input ?? "{}",
      roleArn: input.roleArn ?? "",
      startMs: this.#engine.clock.now(),
      redriveCount: 0,
      machineArn: `${prefix}:stateMachine:TestState`,
      machineName: "TestState",
    });
  }
}

function initialThread(state: ExecutionState): Thread {
  const [thread] = state.threads.values();
  if (thread === undefined) throw new Error("a new execution has a root thread");
  return thread;
}

function parseMember(member: string, text: string): Json {
  const parsed = parseJson(text);
  if ("problem" in parsed) throw validationError(`The ${member} must be valid JSON`);
  return parsed.value;
}

async function* each(items: readonly Json[]): AsyncIterable<Json> {
  for (const item of items) yield await Promise.resolve(item);
}

async function* once(text: string): AsyncIterable<string> {
  yield await Promise.resolve(text);
}
