/** What one connection and one request may cost. Sizes in bytes, times in real milliseconds. */
export interface HttpLimits {
  /** Request line and headers together; more is answered 431. */
  readonly headBytes: number;
  /** A request body where the service sets no limit of its own; more is answered 413. */
  readonly bodyBytes: number;
  /** No service may allow more than this. */
  readonly bodyCapBytes: number;
  /** Requests that arrive while one of the same connection is being answered are kept up to here. */
  readonly pipelinedBytes: number;
  /** From the first byte of a head to its last. */
  readonly headMs: number;
  /** The longest pause in the middle of a body. */
  readonly bodyPauseMs: number;
  /** From the first byte of a body to its last. */
  readonly bodyMs: number;
  /** How long a connection may stay open without a request. */
  readonly idleMs: number;
  /** The longest time that a peer may take to accept an answer. */
  readonly answerMs: number;
  /** Connections at once; more are closed at once. */
  readonly connections: number;
  /** How often the times above are looked at. */
  readonly sweepMs: number;
  /** How long a stop waits for what runs. */
  readonly stopMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headBytes: 32 * 1024,
  bodyBytes: 2 * 1024 * 1024,
  bodyCapBytes: 16 * 1024 * 1024,
  pipelinedBytes: 256 * 1024,
  headMs: 10_000,
  bodyPauseMs: 20_000,
  bodyMs: 120_000,
  idleMs: 75_000,
  answerMs: 30_000,
  connections: 20_000,
  sweepMs: 1_000,
  stopMs: 10_000,
};

/** Dead work on one page. */
export const DEAD_WORK_PAGE = 100;
/** How much of a payload's text such a page shows. */
export const DEAD_WORK_PAYLOAD_CHARACTERS = 1_000;
