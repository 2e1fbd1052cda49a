import type { LoggingConfiguration } from "@aws-sdk/client-sfn";
import type { Caller } from "../../../kernel/caller.ts";
import type { Alarm } from "../../../kernel/clock.ts";
import type { Engine } from "../engine.ts";
import { argumentProblems } from "../integrations/arguments.ts";
import { planTask } from "../integrations/plan.ts";
import { advance } from "../interpreter/advance.ts";
import type {
  Effect,
  ExecutionEvent,
  HistoryRecord,
  Outcome,
  Surroundings,
} from "../interpreter/protocol.ts";
import { initialState, readyThread } from "../interpreter/state.ts";
import type { ExecutionState } from "../interpreter/state.ts";
import type { StateMachineDefinition } from "../language/definition.ts";
import type { Json, JsonObject } from "../language/json.ts";
import {
  EXPRESS_TRANSITIONS_PER_TURN,
  MAX_AWAITED_TURNS,
  MAX_EXPRESS_DURATION_MS,
} from "../limits.ts";
import { logEvents } from "../logging.ts";
import { isWaitingCall, perform } from "./task.ts";

/** An execution that runs in memory only. */
export interface ExpressRun {
  readonly arn: string;
  readonly definition: StateMachineDefinition;
  readonly context: JsonObject;
  readonly caller: Caller;
  readonly input: Json;
  /** What comes before the first transition, for the log. */
  readonly started: HistoryRecord;
  readonly logging: LoggingConfiguration;
}

/**
 * Runs an execution in memory, five minutes at most; its events are kept in the log only. While it does
 * something a clock that is advanced waits for it; while it waits for the clock it does not. Rejects with
 * the reason of `signal` when that aborts.
 */
export function runExpress(engine: Engine, run: ExpressRun, signal: AbortSignal): Promise<Outcome> {
  return new Promise<Outcome>((resolve, reject) => {
    const express = new Express(engine, run, { resolve, reject });
    const abandon = (): void => express.abandon(signal.reason);
    // Many executions share the signal of a node that stops: none may stay with it when it is over.
    signal.addEventListener("abort", abandon, { once: true });
    express.whenOver(() => signal.removeEventListener("abort", abandon));
    if (signal.aborted) abandon();
    else express.start();
  });
}

/** Why a task of an execution that is over is given up; made once, as errors are expensive. */
const OVER = new Error("the execution is over");

interface Settle {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

class Express {
  readonly #engine: Engine;
  readonly #run: ExpressRun;
  readonly #settle: Settle;
  readonly #state: ExecutionState;
  readonly #queue: ExecutionEvent[] = [];
  readonly #alarms = new Map<string, Alarm>();
  readonly #stopping = new AbortController();
  #isPumping = false;
  #isOver = false;
  #onOver = (): void => {};

  constructor(engine: Engine, run: ExpressRun, settle: Settle) {
    this.#engine = engine;
    this.#run = run;
    this.#settle = settle;
    this.#state = initialState(run.definition.startAt, run.input);
  }

  /** Has `action` run when the execution is over. */
  whenOver(action: () => void): void {
    this.#onOver = action;
  }

  start(): void {
    const { clock } = this.#engine;
    const { definition } = this.#run;
    this.#log([this.#run.started]);
    const limitMs = Math.min(
      MAX_EXPRESS_DURATION_MS,
      (definition.timeoutSeconds ?? Infinity) * 1000,
    );
    const deadline = clock.alarm(clock.now() + limitMs, () => this.#push({ kind: "timedOut" }));
    this.#alarms.set("deadline", deadline);
    void clock.track(this.#pump());
  }

  /** Stops without an outcome: the node stops, or who waits for it has gone. */
  abandon(reason: unknown): void {
    if (this.#end()) this.#settle.reject(reason);
  }

  #push(event: ExecutionEvent): Promise<void> {
    this.#queue.push(event);
    return this.#engine.clock.track(this.#pump());
  }

  /**
   * Makes transitions. Resolves when the execution is over or waits, or when it has been at it for so long
   * that it may have no end but its deadline, for which a clock that is moved must not wait.
   */
  #pump(): Promise<void> {
    if (this.#isPumping) return Promise.resolve();
    this.#isPumping = true;
    return new Promise((resolve) => {
      void this.#goOn(resolve).finally(resolve);
    });
  }

  async #goOn(onLong: () => void): Promise<void> {
    try {
      for (let turn = 1; await this.#takeTurn(); turn += 1) {
        if (turn === MAX_AWAITED_TURNS) onLong();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      if (this.#end()) this.#settle.reject(error);
    }
  }

  /** Makes transitions until others should have their turn; false when the execution is over or waits. */
  async #takeTurn(): Promise<boolean> {
    for (let made = 0; made < EXPRESS_TRANSITIONS_PER_TURN; made += 1) {
      if (this.#isOver) return false;
      const event = this.#queue.shift() ?? this.#nextStep();
      if (event === undefined) {
        // At once: whatever happens from now on finds nobody who would take it up.
        this.#isPumping = false;
        return false;
      }
      const { events, effects } = await advance(this.#state, event, this.#surroundings());
      this.#log(events);
      for (const effect of effects) this.#perform(effect);
    }
    return true;
  }

  #nextStep(): ExecutionEvent | undefined {
    const thread = readyThread(this.#state);
    return thread && { kind: "step", thread: thread.id };
  }

  #surroundings(): Surroundings {
    const { definition, context, caller } = this.#run;
    const { random, clock } = this.#engine;
    return {
      definition,
      context,
      region: caller.region,
      random,
      nowMs: clock.now(),
      // Express executions are refused when they are created with what needs these.
      tokenOf: () => "",
      mapRunArnOf: () => "",
      argumentProblems: (resource, given) =>
        argumentProblems(this.#engine.operations, resource, given),
    };
  }

  #perform(effect: Effect): void {
    const { clock } = this.#engine;
    switch (effect.kind) {
      case "timer": {
        const { thread, wait, purpose, atMs } = effect;
        const alarm = clock.alarm(atMs, () => this.#push({ kind: "fired", thread, wait, purpose }));
        this.#alarms.set(`${wait}.${purpose}`, alarm);
        return;
      }
      case "cancel":
        for (const purpose of effect.timers) this.#cancelAlarm(`${effect.wait}.${purpose}`);
        return;
      case "task":
        void this.#performTask(effect);
        return;
      case "complete": {
        const { kind: _, ...outcome } = effect;
        if (this.#end()) this.#settle.resolve(outcome);
        return;
      }
      case "mapRun":
      case "redriveMapRun": {
        const { thread, wait } = effect;
        const cause = "A Distributed Map cannot run in an Express execution.";
        this.#queue.push({ kind: "failed", thread, wait, error: "States.Runtime", cause });
      }
    }
  }

  async #performTask({ thread, wait, call }: Extract<Effect, { kind: "task" }>): Promise<void> {
    const { clock } = this.#engine;
    try {
      const plan = await clock.track(planTask(this.#engine, call, this.#run.caller));
      const work = perform(this.#engine, plan, { signal: this.#stopping.signal });
      const result = await (isWaitingCall(plan) ? work : clock.track(work));
      const event: ExecutionEvent =
        "output" in result
          ? { kind: "succeeded", thread, wait, output: result.output }
          : { kind: "failed", thread, wait, ...result.failure };
      await this.#push(event);
    } catch (error) {
      if (this.#end()) this.#settle.reject(error);
    }
  }

  #log(events: readonly HistoryRecord[]): void {
    const { arn, logging } = this.#run;
    logEvents(this.#engine.log, { arn, logging, redriveCount: 0 }, events);
  }

  #cancelAlarm(name: string): void {
    this.#alarms.get(name)?.cancel();
    this.#alarms.delete(name);
  }

  /** Lets go of everything; false when it was over already. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#onOver();
    for (const alarm of this.#alarms.values()) alarm.cancel();
    this.#stopping.abort(OVER);
    return true;
  }
}
