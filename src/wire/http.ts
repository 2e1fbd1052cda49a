/** An HTTP request whose head and body have arrived. */
export interface HttpRequest {
  readonly method: string;
  /** Path as sent, percent-encoded, without the query. */
  readonly path: string;
  /** What follows the `?`, as sent; empty when there is none. */
  readonly query: string;
  /** The value of a header by its lower-case name; repeated ones joined with a comma. */
  header(name: string): string | undefined;
  /** Every header in order, names as sent. */
  headers(): readonly (readonly [name: string, value: string])[];
  /** Decoded: not chunked, not compressed. Not valid once the answer is sent. */
  readonly body: Uint8Array;
  /** True when the peer's address is loopback. */
  readonly isLoopback: boolean;
  /** Aborts when the connection closes before the answer or the server stops. Made on first use. */
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Names as they go out. `content-length` and `date` are the listener's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export type HttpHandler = (request: HttpRequest) => Promise<HttpResponse>;
