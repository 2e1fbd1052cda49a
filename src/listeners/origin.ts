import { ServiceError } from "../kernel/errors.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../wire/http.ts";
import { refusal } from "./http-answer.ts";
import { isLoopbackAddress } from "./loopback.ts";

/**
 * Lets web pages of this machine in (CORS), and keeps all others out: a browser would send any
 * page's requests to a port on loopback, where nobody has to sign.
 */
export function guardOrigin(handler: HttpHandler): HttpHandler {
  return (request) => {
    const origin = request.header("origin");
    return origin === undefined ? handler(request) : answerPage(handler, request, origin);
  };
}

async function answerPage(
  handler: HttpHandler,
  request: HttpRequest,
  origin: string,
): Promise<HttpResponse> {
  if (!isLocalOrigin(origin)) {
    return refusal(403, "AccessDenied", "Requests of web pages from elsewhere are refused");
  }
  const response = isPreflight(request) ? preflight(request) : await handler(request);
  return { ...response, headers: { ...response.headers, ...allow(origin) } };
}

/**
 * Throws `AccessDenied` for a GET that a page from elsewhere had the browser send: such a one brings no
 * Origin header, but says where it comes from (Sec-Fetch-Site), or names a host that is not this
 * machine's and only resolves to it. `publicHost` is one more that is.
 */
export function refuseForeignGet(request: HttpRequest, publicHost: string | undefined): void {
  if (request.method !== "GET" && request.method !== "HEAD") return;
  if (request.header("origin") !== undefined) return; // guardOrigin has looked at it
  const site = request.header("sec-fetch-site") ?? "none";
  const host = request.header("host") ?? "localhost";
  const isHere = isLocalHost(host);
  const isFromHere = isHere ? site !== "cross-site" : site === "none" || site === "same-origin";
  if (isFromHere && (isHere || host === publicHost)) return;
  throw new ServiceError("AccessDenied", "Requests of web pages from elsewhere are refused");
}

/** Whether a host, with or without a port, names this machine: `localhost`, `*.localhost`, 127.x, ::1. */
export function isLocalHost(host: string): boolean {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  if (name === "localhost" || name.endsWith(".localhost")) return true;
  return isLoopbackAddress(name.replace(/^\[(.*)\]$/, "$1"));
}

/** Whether an Origin header names a page that this machine serves. */
export function isLocalOrigin(origin: string): boolean {
  const host = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1];
  return host !== undefined && isLocalHost(host);
}

function isPreflight(request: HttpRequest): boolean {
  return (
    request.method === "OPTIONS" && request.header("access-control-request-method") !== undefined
  );
}

function preflight(request: HttpRequest): HttpResponse {
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
      "access-control-allow-headers": request.header("access-control-request-headers") ?? "*",
      "access-control-max-age": "600",
    },
    body: "",
  };
}

function allow(origin: string): Record<string, string> {
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": "x-amzn-requestid, x-amzn-query-error, date",
    vary: "Origin",
  };
}
