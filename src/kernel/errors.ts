/** Members of an error answer besides its code and message. */
export type ErrorMembers = Readonly<Record<string, unknown>>;

export interface ServiceErrorOptions {
  /** HTTP status when the service's model does not name the code; 400 by default. */
  readonly status?: number;
  /** The code that Query clients know, where the model does not give it. */
  readonly queryCode?: string;
  /** The message that Query clients know, where it differs. */
  readonly queryMessage?: string;
  /** Extra members of the error's shape. */
  readonly members?: ErrorMembers;
  readonly cause?: unknown;
}

/**
 * An expected failure: what a caller of an operation gets instead of an answer. `code` is the name
 * of the error's shape in the service's model (or a common AWS error such as `ThrottlingException`);
 * each protocol turns it into bytes in one place.
 */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: string;
  readonly status: number | undefined;
  readonly queryCode: string | undefined;
  readonly queryMessage: string | undefined;
  readonly members: ErrorMembers | undefined;

  constructor(code: string, message: string, options: ServiceErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status;
    this.queryCode = options.queryCode;
    this.queryMessage = options.queryMessage;
    this.members = options.members;
  }
}

const UNKNOWN_OPERATION = "UnknownOperationException";

/** A request for what a service does not do; `reason` says it to the caller. */
export function unknownOperation(reason: string): ServiceError {
  return new ServiceError(UNKNOWN_OPERATION, reason);
}

/** Whether an error is of {@link unknownOperation}. */
export function isUnknownOperation(error: ServiceError): boolean {
  return error.code === UNKNOWN_OPERATION;
}

/** Throws when something that this program guarantees does not hold: a bug, never bad input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
