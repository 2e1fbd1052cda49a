import type { Caller } from "./caller.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Random } from "./random.ts";
import type { OperationRegistry } from "./registry.ts";
import type { Store, Tx } from "./store.ts";
import type { TargetRegistry } from "./targets.ts";
import type { Waiters } from "./waiters.ts";
import type { WorkQueue } from "./work.ts";

/** What the composition root gives to every service. */
export interface Deps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly waiters: Waiters;
  readonly work: WorkQueue;
  readonly targets: TargetRegistry;
  readonly operations: OperationRegistry;
  readonly settings: Settings;
}

/** Options that services read. */
export interface Settings {
  /** True when limits on rates are enforced as AWS does. */
  readonly enforceQuotas: boolean;
  /** Where this server is reached, for example `http://localhost:4566`; no slash at the end. */
  readonly publicUrl: () => string;
  /** The region of callers that name none. */
  readonly defaultRegion: string;
  /** Service options by name, for example `sns.smtpUrl`; absent ones are undefined. */
  readonly option: (name: string) => string | undefined;
}

/** What one call knows besides its input. */
export interface Context {
  readonly caller: Caller;
  /** The `x-amzn-requestid` of the answer. */
  readonly requestId: string;
  /** Scheme and authority as the client wrote them, for URLs in the answer: `http://localhost:4566`. */
  readonly baseUrl: string;
  /** The time of the call, in milliseconds of the epoch; one call sees one time. */
  readonly nowMs: number;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** The `X-Amzn-Trace-Id` of the request, which messages that it causes carry on. */
  readonly traceHeader?: string | undefined;
}

/**
 * One operation of a service. A `transaction` does all its work in the transaction that is passed
 * in, so that other services can make it part of their own. A `conversation` runs transactions of
 * its own: it waits, or calls others, in between.
 */
export type Operation<Input, Output> =
  | {
      readonly kind: "transaction";
      readonly run: (context: Context, input: Input, tx: Tx) => Promise<Output>;
      /**
       * Does what takes long beforehand, and answers the input with what came of it. Left out when
       * the operation is part of another's transaction: `run` does without it.
       */
      readonly prepare?: (context: Context, input: Input) => Promise<Input>;
    }
  | {
      readonly kind: "conversation";
      readonly run: (context: Context, input: Input) => Promise<Output>;
    };

/** An operation whose input and output types are erased, as registries hold it. */
// oxlint-disable-next-line typescript/no-explicit-any -- validated input of any operation
export type AnyOperation = Operation<any, any>;

/** Makes an operation of a function that works in one transaction. */
export function transaction<Input, Output>(
  run: (context: Context, input: Input, tx: Tx) => Promise<Output>,
): Operation<Input, Output> {
  return { kind: "transaction", run };
}

/** Makes an operation that has something to do before its transaction. */
export function preparedTransaction<Input, Output>(
  prepare: (context: Context, input: Input) => Promise<Input>,
  run: (context: Context, input: Input, tx: Tx) => Promise<Output>,
): Operation<Input, Output> {
  return { kind: "transaction", run, prepare };
}

/** Makes an operation of a function that runs its own transactions. */
export function conversation<Input, Output>(
  run: (context: Context, input: Input) => Promise<Output>,
): Operation<Input, Output> {
  return { kind: "conversation", run };
}
