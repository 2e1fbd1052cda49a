import type { TestStateInput } from "@aws-sdk/client-sfn";
import type { Caller } from "../../../kernel/caller.ts";
import type { Engine } from "../engine.ts";
import { perform } from "../driver/task.ts";
import { argumentProblems } from "../integrations/arguments.ts";
import type { HttpExchange } from "../integrations/http.ts";
import { planTask } from "../integrations/plan.ts";
import type { Effect, Failure, ObservedStep, Surroundings } from "../interpreter/protocol.ts";
import type { Thread } from "../interpreter/state.ts";
import type { Transition } from "../interpreter/transition.ts";
import type { JsonObject } from "../language/json.ts";
import { MAX_HISTORY_EVENTS, MAX_TEST_STATE_DURATION_MS } from "../limits.ts";
import { givenOf } from "./context.ts";
import type { Given } from "./context.ts";
import { failureAround, testMap } from "./map.ts";
import { mockOf } from "./mock.ts";
import type { Mock } from "./mock.ts";
import { Stage } from "./stage.ts";
import { testedState } from "./wrap.ts";
import type { Place, TestedState } from "./wrap.ts";

/** What testing a state showed. */
export interface Tested extends Pick<TestedState, "state"> {
  readonly given: Given;
  /** Where the thread of the state, or of one around it that handled its failure, is afterwards. */
  readonly thread: Thread;
  /** What the state failed with, or the one around it that handled that. */
  readonly failure: Failure | undefined;
  readonly observed: ReadonlyMap<ObservedStep, unknown>;
  readonly exchange: HttpExchange | undefined;
}

/** Runs one state as TestState asks, for five minutes at most. */
export async function runTest(
  engine: Engine,
  request: TestStateInput,
  options: { readonly caller: Caller; readonly signal: AbortSignal },
): Promise<Tested> {
  const tested = testedState(request);
  const mock = await mockOf(engine, request, tested.state);
  const given = givenOf(request, { ...options, tested, nowMs: engine.clock.now() });
  return new StateTest(engine, { ...options, request, tested, given }).run(mock);
}

interface TestSetup {
  readonly request: TestStateInput;
  readonly tested: TestedState;
  readonly given: Given;
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

class StateTest {
  readonly #engine: Engine;
  readonly #setup: TestSetup;
  readonly #observed = new Map<ObservedStep, unknown>();
  #exchange: HttpExchange | undefined;
  #isTimedOut = false;

  constructor(engine: Engine, setup: TestSetup) {
    this.#engine = engine;
    this.#setup = setup;
  }

  async run(mock: Mock | undefined): Promise<Tested> {
    const { tested, given } = this.#setup;
    let stage = this.#stage(tested, given.context);
    const begun = await stage.begin();
    if (mock === undefined) await this.#follow(stage, begun);
    else if (!this.#observed.has("failure")) stage = await this.#pretend(stage, begun, mock);
    const around = stage.unhandled && (await this.#handleAround(stage.unhandled));
    const failure = (around ?? stage).unhandled ?? this.#observed.get("failure");
    return {
      state: tested.state,
      given,
      thread: (around ?? stage).thread,
      // The interpreter shows failures as what they are.
      failure: this.#isTimedOut ? TIMED_OUT : (failure as Failure | undefined),
      observed: this.#observed,
      exchange: this.#exchange,
    };
  }

  /** Does what the state asks for until it is left or failed. */
  async #follow(stage: Stage, { effects }: Transition): Promise<void> {
    for (const effect of effects) {
      if (effect.kind === "timer" && effect.purpose === "wait") await this.#wait(stage, effect);
      if (effect.kind === "task") await this.#perform(stage, effect);
    }
  }

  async #wait(
    stage: Stage,
    { thread, wait, purpose, atMs }: Extract<Effect, { kind: "timer" }>,
  ): Promise<void> {
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
    if (atMs > limitMs) this.#isTimedOut = true;
    else await stage.advance({ kind: "fired", thread, wait, purpose });
  }

  async #perform(
    stage: Stage,
    { thread, wait, call }: Extract<Effect, { kind: "task" }>,
  ): Promise<void> {
    const { caller, signal, request } = this.#setup;
    const plan = await planTask(this.#engine, call, caller);
    const onExchange = (exchange: HttpExchange): void => {
      this.#exchange = exchange;
    };
    const watch = { revealSecrets: request.revealSecrets === true, onExchange };
    const result = await perform(this.#engine, plan, { signal, watch });
    await stage.advance(
      "output" in result
        ? { kind: "succeeded", thread, wait, output: result.output }
        : { kind: "failed", thread, wait, ...result.failure },
    );
  }

  /** Gives the state, which showed what it would do, a mocked result or error in place of its work. */
  async #pretend(begun: Stage, { effects }: Transition, mock: Mock): Promise<Stage> {
    const { tested, given, request } = this.#setup;
    const { state } = tested;
    const started = effects.find((effect) => effect.kind === "mapRun");
    const stage = this.#stage(tested, given.context);
    await stage.end(async (transition) => {
      if (state.type !== "Map") return mock;
      const { items = [] } = begun.thread.data;
      const map = { state, thread: stage.thread, items, call: started?.mapRun };
      const failure = await testMap(transition, map, request.stateConfiguration ?? {});
      return failure === undefined || "failure" in mock ? mock : { failure };
    });
    return stage;
  }

  /** Takes a failure to the states around; answers the one that handled it. */
  async #handleAround(unhandled: Failure): Promise<Stage | undefined> {
    const { tested, given, request } = this.#setup;
    const { State: _state, Task: _task, ...context } = given.context;
    let failures = request.stateConfiguration?.mapIterationFailureCount ?? 0;
    let failure = unhandled;
    for (const place of tested.around) {
      const { state } = place;
      const own = failureAround({ state, failures }, failure);
      if (own === undefined) return undefined;
      const stage = this.#stage(place, context);
      await stage.end(async () => ({ failure: own }));
      if (stage.unhandled === undefined) return stage;
      failure = stage.unhandled;
      // What is told of iterations is told of the nearest Map.
      if (state.type === "Map") failures = 0;
    }
    return undefined;
  }

  #stage(place: Place, context: JsonObject): Stage {
    const { input, variables, retryCount } = this.#setup.given;
    const around = (): Surroundings => this.#surroundings(context);
    return new Stage({ place, data: { input, variables }, retryCount, around });
  }

  #surroundings(context: JsonObject): Surroundings {
    const { tested, caller } = this.#setup;
    const { random, clock } = this.#engine;
    return {
      definition: tested.definition,
      context,
      region: caller.region,
      random,
      nowMs: clock.now(),
      maxEvents: MAX_HISTORY_EVENTS,
      tokenOf: () => random.uuid(),
      mapRunArnOf: () => "",
      argumentProblems: (resource, sent) =>
        argumentProblems(this.#engine.operations, resource, sent),
      observe: (step, value) => this.#observed.set(step, value),
    };
  }
}

const TIMED_OUT: Failure = { error: "States.Timeout" };
