import { createServer, ServerResponse } from "node:http";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import type { HttpHandler, HttpRequest, HttpResponse } from "../wire/http.ts";
import { BODY_TOO_LARGE, headerValue, refusal } from "./http-answer.ts";
import type { HttpLimits } from "./limits.ts";
import { isLoopbackAddress } from "./loopback.ts";

export interface FallbackOptions {
  readonly handler: HttpHandler;
  readonly limits: HttpLimits;
  readonly bodyLimit: (request: HttpRequest) => number;
}

/** Serves with node:http every connection whose requests are not the plain case. */
export interface Fallback {
  /** Goes on with a connection whose unread `bytes` have arrived already. */
  take(socket: Socket, bytes: Buffer): void;
  /** How many connections it has. */
  readonly connections: number;
  /** Closes idle connections and tells what runs to hurry. */
  stop(): void;
  destroy(): void;
}

const DECODERS = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** Makes the node:http side of a listener. It never listens itself. */
export function createFallback(options: FallbackOptions): Fallback {
  const { limits } = options;
  const sockets = new Set<Socket>();
  const exchanges = new Exchanges(options);
  const server = createServer({
    maxHeaderSize: limits.headBytes,
    headersTimeout: limits.headMs,
    requestTimeout: limits.bodyMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: limits.sweepMs,
  });
  const serve = (message: IncomingMessage, answer: ServerResponse): void =>
    exchanges.serve(message, answer);
  server.on("request", serve);
  server.on("checkContinue", serve);
  server.on("clientError", refuseClient);
  // A server that does not listen itself starts to watch over its timeouts only when told.
  server.emit("listening");

  return {
    take(socket, bytes) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      server.emit("connection", socket);
      if (bytes.length > 0) socket.unshift(bytes);
      socket.resume();
    },
    get connections() {
      return sockets.size;
    },
    stop() {
      exchanges.stop();
      server.close();
      server.closeIdleConnections();
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The requests that are being answered. */
class Exchanges {
  readonly #options: FallbackOptions;
  readonly #running = new Set<AbortController>();
  #stopping = false;

  constructor(options: FallbackOptions) {
    this.#options = options;
  }

  serve(message: IncomingMessage, answer: ServerResponse): void {
    // What follows a request that closed its connection was not asked.
    if (closing.has(message.socket)) return;
    if (hasTwoHosts(message)) {
      closeWith(answer, TWO_HOSTS);
      return;
    }
    const aborting = new AbortController();
    this.#running.add(aborting);
    if (this.#stopping) aborting.abort();
    answer.once("close", () => {
      this.#running.delete(aborting);
      aborting.abort();
    });
    this.#respond(message, answer, aborting.signal).catch(() => {
      // Reading failed: the client left, or the parser refused the rest and has answered already.
      if (message.socket.writable) message.destroy();
    });
  }

  /** Lets what runs finish, telling it to hurry. */
  stop(): void {
    this.#stopping = true;
    for (const aborting of this.#running) aborting.abort();
  }

  async #respond(
    message: IncomingMessage,
    answer: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { handler, bodyLimit, limits } = this.#options;
    const request = new NodeRequest(message, signal);
    const limit = Math.min(bodyLimit(request), limits.bodyCapBytes);
    const body = await readBody(message, answer, { limit, pauseMs: limits.bodyPauseMs });
    if (!(body instanceof Uint8Array)) {
      closeWith(answer, body);
      return;
    }
    request.body = body;
    const response = await handler(request);
    if (this.#stopping) answer.setHeader("connection", "close");
    answer.setTimeout(limits.answerMs); // nobody listens for it, so it destroys the socket
    send(answer, response);
  }
}

/** Connections that end with the answer which is being written. */
const closing = new WeakSet<Socket>();

const TWO_HOSTS = refusal(400, "BadRequest", "The request has more than one Host header");

function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  const isHost = (name: string, at: number): boolean =>
    at % 2 === 0 && name.toLowerCase() === "host";
  return rawHeaders.findIndex(isHost) !== rawHeaders.findLastIndex(isHost);
}

/** Answers a request whose rest is not read, so that the connection cannot be used again. */
function closeWith(answer: ServerResponse, response: HttpResponse): void {
  if (answer.socket) closing.add(answer.socket);
  answer.setHeader("connection", "close");
  send(answer, response);
}

/** The decoded body, or the refusal of it. */
async function readBody(
  message: IncomingMessage,
  answer: ServerResponse,
  { limit, pauseMs }: { readonly limit: number; readonly pauseMs: number },
): Promise<Uint8Array | HttpResponse> {
  const { headers } = message;
  if (Number(headers["content-length"] ?? 0) > limit) return BODY_TOO_LARGE;
  if (headers.expect?.toLowerCase() === "100-continue") answer.writeContinue();
  message.setTimeout(pauseMs, () => message.destroy());
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of message as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit) return BODY_TOO_LARGE;
    parts.push(part);
  }
  message.setTimeout(0);
  return decompress(Buffer.concat(parts), headers["content-encoding"], limit);
}

async function decompress(
  body: Buffer,
  encoding: string | undefined,
  limit: number,
): Promise<Uint8Array | HttpResponse> {
  const name = encoding?.trim().toLowerCase() ?? "identity";
  if (name === "identity" || name === "" || name === "aws-chunked") return body;
  if (name !== "gzip" && name !== "deflate") {
    return refusal(415, "UnsupportedMediaType", "The content encoding is not gzip or deflate");
  }
  try {
    return await DECODERS[name](body, { maxOutputLength: limit });
  } catch (error) {
    if (error instanceof RangeError) return BODY_TOO_LARGE;
    return refusal(400, "BadRequest", `The request body is no ${name} data`);
  }
}

function send(answer: ServerResponse, { status, headers, body }: HttpResponse): void {
  for (const [name, value] of Object.entries(headers)) {
    answer.setHeader(name, headerValue(value));
  }
  answer.statusCode = status;
  answer.end(body);
}

/** Bytes that are no HTTP, a head that is too large, or a request that never ended. */
function refuseClient(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Once an answer has begun, nothing can be said any more.
  const hasBegun = "_httpMessage" in socket && isSent(socket._httpMessage);
  if (!socket.writable || error.code === "ECONNRESET" || hasBegun) {
    socket.destroy();
    return;
  }
  socket.end(`HTTP/1.1 ${statusOf(error.code)}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}

/** Node names the answer that a socket is busy with in this undocumented way only. */
function isSent(answer: unknown): boolean {
  return answer instanceof ServerResponse && answer.headersSent;
}

function statusOf(code: string | undefined): string {
  if (code === "HPE_HEADER_OVERFLOW") return "431 Request Header Fields Too Large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "408 Request Timeout";
  return "400 Bad Request";
}

class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly isLoopback: boolean;
  readonly signal: AbortSignal;
  body: Uint8Array = new Uint8Array(0);
  readonly #message: IncomingMessage;

  constructor(message: IncomingMessage, signal: AbortSignal) {
    // A client that takes this for a proxy sends the whole URL (RFC 9112, 3.2.2).
    const target = (message.url ?? "/").replace(/^https?:\/\/[^/?]*(?:\/|(?=\?|$))/i, "/");
    const question = target.indexOf("?");
    this.method = message.method ?? "GET";
    this.path = question === -1 ? target : target.slice(0, question);
    this.query = question === -1 ? "" : target.slice(question + 1);
    this.isLoopback = isLoopbackAddress(message.socket.remoteAddress ?? "");
    this.signal = signal;
    this.#message = message;
  }

  header(name: string): string | undefined {
    return this.#message.headersDistinct[name]?.join(", ");
  }

  headers(): readonly (readonly [string, string])[] {
    const raw = this.#message.rawHeaders;
    return Array.from({ length: raw.length / 2 }, (_, at) => [
      raw[2 * at] ?? "",
      raw[2 * at + 1] ?? "",
    ]);
  }
}
