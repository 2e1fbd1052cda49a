import { advance } from "../interpreter/advance.ts";
import { leave } from "../interpreter/data-flow.ts";
import { failState, toFailure } from "../interpreter/failure.ts";
import { failureOf } from "../interpreter/protocol.ts";
import type { ExecutionEvent, Failure, Surroundings } from "../interpreter/protocol.ts";
import type { ExecutionState, Thread, ThreadData } from "../interpreter/state.ts";
import { Transition } from "../interpreter/transition.ts";
import type { Json } from "../language/json.ts";
import type { Place } from "./wrap.ts";

/** What a state is tested with. */
export interface StageSetup {
  readonly place: Place;
  readonly data: ThreadData;
  /** How often each Retrier of the state was used. */
  readonly retryCount: number;
  /** What is around the state now. */
  readonly around: () => Surroundings;
}

/** The number of the event that says that an execution's first state was entered. */
const ENTERED_EVENT = 2;

/** One state, entered and not begun, in an execution of its own that ends where the state does. */
export class Stage {
  readonly thread: Thread;
  readonly #setup: StageSetup;
  readonly #state: ExecutionState;
  #unhandled: Failure | undefined;

  constructor(setup: StageSetup) {
    this.#setup = setup;
    const { place, data, retryCount, around } = setup;
    const { graph, state } = place;
    this.thread = {
      id: 0,
      parent: undefined,
      index: 0,
      graph,
      state: state.name,
      enteredAtMs: around().nowMs,
      enteredEvent: ENTERED_EVENT,
      lastEvent: ENTERED_EVENT,
      retries: "retry" in state ? state.retry.map(() => retryCount) : [],
      phase: { kind: "again" },
      data,
    };
    const threads = new Map([[this.thread.id, this.thread]]);
    this.#state = { lastEvent: ENTERED_EVENT, nextThread: 1, nextWait: 1, threads };
  }

  /** What the state failed with, unless it handled that itself. */
  get unhandled(): Failure | undefined {
    return this.#unhandled;
  }

  /** Lets the state begin. */
  begin(): Promise<Transition> {
    return this.advance({ kind: "step", thread: this.thread.id });
  }

  /** Lets something happen to the state. */
  async advance(event: ExecutionEvent): Promise<Transition> {
    const transition = await advance(this.#state, event, this.#setup.around());
    this.#note(transition);
    return transition;
  }

  /** Ends the state with what `work` gives, or fails it with what that throws as a StatesError. */
  async end(work: (transition: Transition) => Promise<Outcome>): Promise<void> {
    const { state } = this.#setup.place;
    const transition = new Transition(this.#state, this.#setup.around());
    try {
      const outcome = await work(transition);
      if ("failure" in outcome) await failState(transition, this.thread, outcome.failure);
      else if ("next" in state) {
        await leave(transition, this.thread, { state, result: outcome.result, next: state.next });
      }
    } catch (error) {
      await failState(transition, this.thread, toFailure(transition, this.thread, error));
    }
    this.#note(transition);
  }

  #note({ effects }: Transition): void {
    const ended = effects.find((effect) => effect.kind === "complete");
    if (ended?.kind === "complete" && ended.status === "FAILED") this.#unhandled = failureOf(ended);
  }
}

/** What a state's work came to. */
export type Outcome = { readonly result: Json } | { readonly failure: Failure };
