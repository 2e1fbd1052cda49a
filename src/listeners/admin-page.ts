import type { ServiceCatalog } from "../kernel/catalog.ts";
import type { OperatedClock } from "../kernel/clock.ts";
import type { Store } from "../kernel/store.ts";
import type { HttpRequest, HttpResponse } from "../wire/http.ts";
import { refusal } from "./http-answer.ts";
import type { Metrics } from "./metrics.ts";

export interface AdminOptions {
  readonly catalog: ServiceCatalog;
  readonly store: Store;
  readonly clock: OperatedClock;
  readonly metrics: Metrics;
  readonly reset: () => Promise<void>;
  /** What `Authorization: Bearer` must bring; without one, only this machine is let in. */
  readonly token?: string;
  readonly version: string;
  /** What `info` says besides. */
  readonly facts: Readonly<Record<string, unknown>>;
}

type Answer = (options: AdminOptions, request: HttpRequest) => Promise<HttpResponse>;

/** What an operators' page answers to each method that it takes. */
export interface AdminPage {
  readonly get?: Answer;
  readonly post?: Answer;
}

/** An answer that people read too. */
export function json(value: unknown): HttpResponse {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: `${JSON.stringify(value, undefined, 2)}\n`,
  };
}

/** The 400 of a page that was asked for something that it cannot do. */
export function badRequest(message: string): HttpResponse {
  return refusal(400, "BadRequest", message);
}

/** Answers what `answer` makes of a body that is a JSON object; no body is an empty one. */
export async function withBody(
  request: HttpRequest,
  answer: (body: Readonly<Record<string, unknown>>) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const body = parseBody(request.body);
  return body === undefined ? badRequest("The body must be a JSON object") : answer(body);
}

function parseBody(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  if (bytes.byteLength === 0) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
