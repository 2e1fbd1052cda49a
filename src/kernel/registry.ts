import type { Caller } from "./caller.ts";
import type { ServiceModel } from "./model.ts";
import type { Tx } from "./store.ts";

export interface InProcessCall {
  /** Signing name of the service, for example `sqs`. */
  readonly service: string;
  readonly operation: string;
  /** As a client would send it: validated against the model before it runs. */
  readonly input: unknown;
  readonly caller: Caller;
  readonly signal?: AbortSignal;
}

/**
 * Every operation of every service, callable in process with the validation and the errors of the
 * wire. Blobs are `Uint8Array`, timestamps are `Date`.
 */
export interface OperationRegistry {
  /** Throws the operation's {@link ServiceError}, or `UnknownOperationException`. */
  call(call: InProcessCall): Promise<Record<string, unknown>>;
  /**
   * Runs the operation inside `tx`, so that it commits with the caller's own changes. Throws when
   * the operation is not one that works in a transaction; ask {@link OperationRegistry.isTransaction}.
   */
  callWithin(tx: Tx, call: InProcessCall): Promise<Record<string, unknown>>;
  /** Whether the operation exists and works in one transaction. Loads the service. */
  isTransaction(service: string, operation: string): Promise<boolean>;
  /** The shapes of a service's operations; undefined when there is no such service. Loads it. */
  modelOf(service: string): Promise<ServiceModel | undefined>;
}
