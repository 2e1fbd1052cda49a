import type { Socket } from "node:net";
import type { Log } from "../kernel/log.ts";
import type { Random } from "../kernel/random.ts";
import { StoreUnavailable } from "../kernel/store.ts";
import type { HttpHandler, HttpResponse } from "../wire/http.ts";

export interface AnswerFrame {
  readonly method: string;
  readonly keepAlive: boolean;
  /** Value of the `date` header. */
  readonly date: string;
}

/** Reason phrases, which nobody reads (RFC 9112, 4); node:http has all, but takes long to load. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [200, "OK"],
  [204, "No Content"],
  [400, "Bad Request"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [413, "Content Too Large"],
  [500, "Internal Server Error"],
  [503, "Service Unavailable"],
]);

/** Writes a whole answer in one piece. False when the peer should read before more is written. */
export function writeAnswer(socket: Socket, response: HttpResponse, frame: AnswerFrame): boolean {
  const { status, body } = response;
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  let head = `HTTP/1.1 ${status} ${REASONS.get(status) ?? ""}\r\n`;
  for (const [name, value] of Object.entries(response.headers)) {
    head += `${name}: ${headerValue(value)}\r\n`;
  }
  if (status !== 204 && status !== 304) head += `content-length: ${length}\r\n`;
  head += frame.keepAlive
    ? `date: ${frame.date}\r\n\r\n`
    : `date: ${frame.date}\r\nconnection: close\r\n\r\n`;
  if (length === 0 || frame.method === "HEAD" || status === 204 || status === 304) {
    return socket.write(head, "latin1");
  }
  // Text of one byte per character needs no encoder.
  if (typeof body === "string")
    return socket.write(head + body, body.length === length ? "latin1" : "utf8");
  socket.cork();
  socket.write(head, "latin1");
  const flushed = socket.write(body);
  socket.uncork();
  return flushed;
}

/** Anything else in a header would let its author write headers, or an answer, of their own. */
const SAFE = /^[\t\x20-\x7e]*$/;
const UNSAFE = /[^\t\x20-\x7e]/g;

/** A value that is safe to write in a header. */
export function headerValue(value: string): string {
  return SAFE.test(value) ? value : value.replaceAll(UNSAFE, "?");
}

/**
 * Answers for a handler that fails: a 503 while the store cannot serve, else a 500 that says nothing
 * but where to look in the log.
 */
export function guarded(
  handler: HttpHandler,
  { log, random }: { log: Log; random: Random },
): HttpHandler {
  return async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      const requestId = random.uuid();
      const fields = { requestId, method: request.method, path: request.path, error };
      if (error instanceof StoreUnavailable) {
        log.error("store unavailable", fields);
        return refusal(503, "ServiceUnavailable", error.message);
      }
      log.error("request failed", fields);
      return refusal(500, "InternalFailure", `Internal error, see the log of request ${requestId}`);
    }
  };
}

/** An answer of the listener itself, before any service is known. */
export function refusal(status: number, code: string, message: string): HttpResponse {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ __type: code, message }),
  };
}

export const BODY_TOO_LARGE: HttpResponse = refusal(
  413,
  "RequestEntityTooLarge",
  "The request body is larger than this service takes",
);
