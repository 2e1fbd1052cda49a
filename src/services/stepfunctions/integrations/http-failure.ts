import type { Failure } from "../interpreter/protocol.ts";

/** Thrown when an HTTP task fails, with what Retry and Catch see. */
export class HttpTaskFailed extends Error {
  override readonly name = "HttpTaskFailed";
  readonly failure: Failure;

  constructor(error: string, cause: string) {
    super(cause);
    this.failure = { error, cause };
  }
}
