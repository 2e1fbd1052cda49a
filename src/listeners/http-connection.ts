import type { Socket } from "node:net";
import type { HttpHandler, HttpRequest } from "../wire/http.ts";
import { BODY_TOO_LARGE, writeAnswer } from "./http-answer.ts";
import { headerOf, headersOf, parseHead } from "./http-parser.ts";
import type { RequestHead } from "./http-parser.ts";
import type { HttpLimits } from "./limits.ts";
import { isLoopbackAddress } from "./loopback.ts";

/** What a connection needs of its listener. */
export interface ConnectionHost {
  readonly handler: HttpHandler;
  readonly limits: HttpLimits;
  readonly bodyLimit: (request: HttpRequest) => number;
  /** Counts sweeps: the coarse time in which connections age. */
  readonly tick: number;
  readonly date: string;
  readonly stopping: boolean;
  /** Takes over a connection whose next request is not plain, with the bytes that have arrived. */
  handOff(socket: Socket, bytes: Buffer): void;
  closed(connection: Connection): void;
}

/**
 *   idle ──head──▶ body ──last byte──▶ busy ──answer──▶ draining ──▶ idle
 *    │                                                                │
 *    └── anything unusual: handed, with its bytes, to node:http ◀─────┘
 */
type State = "idle" | "body" | "busy" | "draining" | "handed off";

const HEAD_END = Buffer.from("\r\n\r\n", "latin1");
const NO_BYTES: Buffer = Buffer.alloc(0);

/** One client's connection: requests one after another, answers in the same order. */
export class Connection {
  readonly #host: ConnectionHost;
  readonly #socket: Socket;
  readonly #isLoopback: boolean;
  #state: State = "idle";
  #sinceTick: number;
  #touchedTick: number;
  /** Bytes that have arrived and are not parsed yet. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  /** The request whose body is arriving, and how many bytes it takes from its first to its last. */
  #head: RequestHead | undefined;
  #headBytes = 0;
  #aborting: AbortController | undefined;
  #peerEnded = false;

  constructor(host: ConnectionHost, socket: Socket) {
    this.#host = host;
    this.#socket = socket;
    this.#isLoopback = isLoopbackAddress(socket.remoteAddress ?? "");
    this.#sinceTick = host.tick;
    this.#touchedTick = host.tick;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("drain", this.#onDrain);
    socket.on("close", this.#onClose);
    socket.on("error", this.#onError);
  }

  /** Ends what has stood still for too long. */
  sweep(): void {
    const { limits, tick } = this.#host;
    const inStateMs = (tick - this.#sinceTick) * limits.sweepMs;
    const untouchedMs = (tick - this.#touchedTick) * limits.sweepMs;
    const isStuck =
      (this.#state === "idle" && inStateMs > limits.idleMs) ||
      (this.#state === "draining" && inStateMs > limits.answerMs) ||
      (this.#state === "body" && (inStateMs > limits.bodyMs || untouchedMs > limits.bodyPauseMs));
    if (isStuck) this.#socket.destroy();
  }

  /** Lets a running request finish, telling it to hurry; nothing else comes after it. */
  stop(): void {
    if (this.#state === "busy") this.#aborting?.abort();
    else if (this.#state !== "draining") this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Aborts when the peer leaves or the server stops, while the current request runs. */
  signal(): AbortSignal {
    if (this.#aborting === undefined) {
      this.#aborting = new AbortController();
      if (this.#host.stopping || this.#peerEnded || this.#socket.destroyed) this.#aborting.abort();
    }
    return this.#aborting.signal;
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#touchedTick = this.#host.tick;
    if (this.#state === "idle") {
      this.#parse(chunk);
      return;
    }
    this.#rest.push(chunk);
    this.#restBytes += chunk.length;
    if (this.#state === "body") {
      if (this.#restBytes >= this.#headBytes + (this.#head?.contentLength ?? 0)) this.#parseRest();
    } else if (this.#restBytes > this.#host.limits.pipelinedBytes) {
      this.#socket.pause();
    }
  };

  /** Parses what has arrived since the last request. */
  #parseRest(): void {
    const bytes = this.#rest.length === 1 ? this.#rest[0] : Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    if (bytes !== undefined) this.#parse(bytes);
  }

  #parse(bytes: Buffer): void {
    const head = this.#head ?? this.#parseHead(bytes);
    if (head === undefined) {
      this.#release();
      this.#host.handOff(this.#socket, bytes);
      return;
    }
    const end = this.#headBytes + head.contentLength;
    if (bytes.length < end) {
      this.#awaitBody(head, bytes);
      return;
    }
    this.#head = undefined;
    if (bytes.length > end) {
      this.#rest.push(bytes.subarray(end));
      this.#restBytes = bytes.length - end;
    }
    this.#enter("busy");
    const body = end === this.#headBytes ? NO_BYTES : bytes.subarray(this.#headBytes, end);
    void this.#serve(head, new PlainRequest(this, head, body, this.#isLoopback));
  }

  /** The head at the start of `bytes`; undefined when it is not all there or not plain. */
  #parseHead(bytes: Buffer): RequestHead | undefined {
    const textEnd = bytes.indexOf(HEAD_END) + 2;
    if (textEnd === 1 || textEnd > this.#host.limits.headBytes) return undefined;
    this.#headBytes = textEnd + 2;
    return parseHead(bytes.toString("latin1", 0, textEnd));
  }

  #awaitBody(head: RequestHead, bytes: Buffer): void {
    const request = new PlainRequest(this, head, NO_BYTES, this.#isLoopback);
    if (
      head.contentLength > Math.min(this.#host.bodyLimit(request), this.#host.limits.bodyCapBytes)
    ) {
      this.#refuseBody(head);
      return;
    }
    this.#head = head;
    this.#rest.push(bytes);
    this.#restBytes = bytes.length;
    this.#enter("body");
  }

  async #serve(head: RequestHead, request: PlainRequest): Promise<void> {
    const { handler, bodyLimit } = this.#host;
    if (head.contentLength > bodyLimit(request)) {
      this.#refuseBody(head);
      return;
    }
    const response = await handler(request);
    this.#aborting = undefined;
    if (this.#socket.destroyed) return;
    const keepAlive = head.keepAlive && !this.#host.stopping && !this.#peerEnded;
    const flushed = writeAnswer(this.#socket, response, {
      method: head.method,
      keepAlive,
      date: this.#host.date,
    });
    if (!keepAlive) this.#close();
    else if (flushed) this.#next();
    else this.#enter("draining");
  }

  /** Answers without having read the body, so the connection cannot be used again. */
  #refuseBody({ method }: RequestHead): void {
    writeAnswer(this.#socket, BODY_TOO_LARGE, { method, keepAlive: false, date: this.#host.date });
    this.#close();
  }

  /** Closes after the answer. What the peer still sends is read and dropped, so that it can read. */
  #close(): void {
    this.#enter("draining");
    this.#rest = [];
    this.#socket.off("data", this.#onData);
    this.#socket.off("drain", this.#onDrain);
    this.#socket.resume();
    this.#socket.end();
    if (this.#peerEnded || this.#host.stopping) this.#socket.destroySoon();
  }

  #next(): void {
    this.#enter("idle");
    if (this.#restBytes > 0) this.#parseRest();
    if (this.#socket.isPaused() && this.#wantsMore()) this.#socket.resume();
  }

  #wantsMore(): boolean {
    if (this.#state === "handed off") return false;
    return this.#state === "body" || this.#restBytes <= this.#host.limits.pipelinedBytes;
  }

  #enter(state: State): void {
    this.#state = state;
    this.#sinceTick = this.#host.tick;
  }

  readonly #onDrain = (): void => {
    if (this.#state === "draining") this.#next();
  };

  /** The peer sends no more: whoever waits for it should stop, what is nearly done is still answered. */
  readonly #onEnd = (): void => {
    this.#peerEnded = true;
    if (this.#state === "busy") this.#aborting?.abort();
    else this.#socket.end();
  };

  readonly #onClose = (): void => {
    this.#aborting?.abort();
    this.#host.closed(this);
  };

  /** A broken connection closes; its "close" event does the rest. */
  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  /** Leaves the socket as if this connection had never touched it. */
  #release(): void {
    this.#enter("handed off");
    this.#socket.pause();
    this.#socket.off("data", this.#onData);
    this.#socket.off("end", this.#onEnd);
    this.#socket.off("drain", this.#onDrain);
    this.#socket.off("close", this.#onClose);
    this.#socket.off("error", this.#onError);
    this.#host.closed(this);
  }
}

class PlainRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: Uint8Array;
  readonly isLoopback: boolean;
  readonly #connection: Connection;
  readonly #head: RequestHead;

  constructor(connection: Connection, head: RequestHead, body: Buffer, isLoopback: boolean) {
    this.method = head.method;
    this.path = head.path;
    this.query = head.query;
    this.body = body;
    this.isLoopback = isLoopback;
    this.#connection = connection;
    this.#head = head;
  }

  get signal(): AbortSignal {
    return this.#connection.signal();
  }

  header(name: string): string | undefined {
    return headerOf(this.#head, name);
  }

  headers(): readonly (readonly [string, string])[] {
    return headersOf(this.#head);
  }
}
