import { isTime } from "../kernel/clock.ts";
import type { OperatedClock } from "../kernel/clock.ts";
import { countDead } from "../kernel/dead-work.ts";
import { StoreUnavailable } from "../kernel/store.ts";
import type { Store } from "../kernel/store.ts";
import type { HttpHandler, HttpRequest, HttpResponse } from "../wire/http.ts";
import { isSameSecret } from "../wire/secrets.ts";
import { badRequest, json, withBody } from "./admin-page.ts";
import type { AdminOptions, AdminPage } from "./admin-page.ts";
import { DEAD_WORK_PAGES } from "./dead-work-pages.ts";
import { refusal } from "./http-answer.ts";
import { isLocalHost } from "./origin.ts";

/** Answers under `/_waystation/`: operators' pages, and the pages of services. */
export function adminHandler(options: AdminOptions): HttpHandler {
  return async (request) => {
    const page = Object.hasOwn(PAGES, request.path) ? PAGES[request.path] : undefined;
    if (page === undefined) return servicePage(options, request);
    const isRead = request.method === "GET" || request.method === "HEAD";
    // Health has no secrets, and those who watch over a server seldom run beside it.
    if (!request.path.endsWith("/health") && !isOperator(options, request)) return FORBIDDEN;
    if (isRead && page.get !== undefined) return page.get(options, request);
    if (request.method === "POST" && page.post !== undefined) return page.post(options, request);
    const allow = [page.get && "GET, HEAD", page.post && "POST"].filter(Boolean).join(", ");
    const answer = refusal(405, "MethodNotAllowed", `${request.path} takes ${allow}`);
    return { ...answer, headers: { ...answer.headers, allow } };
  };
}

const PAGES: Readonly<Record<string, AdminPage>> = {
  "/_waystation/health": { get: health },
  "/_localstack/health": { get: health },
  "/_waystation/info": { get: info },
  "/_waystation/metrics": {
    get: async ({ metrics, store }) => ({
      status: 200,
      headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      body: metrics.text(await deadWork(store)),
    }),
  },
  "/_waystation/clock": { get: async ({ clock }) => json(clockAnswer(clock)) },
  "/_waystation/clock/freeze": { post: moveClock((clock) => clock.freeze()) },
  "/_waystation/clock/resume": { post: moveClock((clock) => clock.resume()) },
  "/_waystation/clock/set": {
    post: moveClock((clock, { at }) => {
      const atMs = typeof at === "string" ? Date.parse(at) : at;
      return isTime(atMs) ? clock.set(atMs) : "`at` must be milliseconds of the epoch or ISO 8601";
    }),
  },
  "/_waystation/clock/advance": {
    post: moveClock((clock, { durationMs }) => {
      if (!isTime(durationMs)) return "`durationMs` must be a whole number from 0";
      return isTime(clock.now() + durationMs)
        ? clock.advance(durationMs)
        : "`durationMs` must end before the year 275760";
    }),
  },
  "/_waystation/reset": {
    post: async ({ reset }) => {
      await reset();
      return json({ reset: true });
    },
  },
  ...DEAD_WORK_PAGES,
};

const FORBIDDEN = refusal(403, "AccessDenied", "Only operators may ask for this");

function isOperator({ token }: AdminOptions, request: HttpRequest): boolean {
  if (token !== undefined)
    return isSameSecret(request.header("authorization") ?? "", `Bearer ${token}`);
  // A foreign name that resolves to this machine is a web page's way around its own origin.
  return request.isLoopback && isLocalHost(request.header("host") ?? "");
}

/** In the shape that tools probe: each service is "running" once it is loaded, else "available". */
async function health({ catalog, store, version }: AdminOptions): Promise<HttpResponse> {
  const services = Object.fromEntries(
    catalog
      .names()
      .map((name) => [publicName(name), catalog.loaded(name) ? "running" : "available"]),
  );
  const facts = { services, edition: "waystation", version };
  try {
    await store.check();
    return json({ status: "ok", ...facts });
  } catch {
    return { ...json({ status: "store unavailable", ...facts }), status: 503 };
  }
}

/** Tools know Step Functions by its endpoint's other name. */
function publicName(signingName: string): string {
  return signingName === "states" ? "stepfunctions" : signingName;
}

async function info(options: AdminOptions): Promise<HttpResponse> {
  const { catalog, clock, store, version, facts } = options;
  const clockState = clockAnswer(clock);
  return json({
    name: "waystation",
    version,
    ...facts,
    services: catalog.names(),
    clock: clockState,
    deadWork: await deadWork(store),
  });
}

/** How much work is dead, by kind; undefined while the store cannot say it. */
async function deadWork(store: Store): Promise<Readonly<Record<string, number>> | undefined> {
  try {
    return await store.read(countDead);
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined;
    throw error;
  }
}

function clockAnswer(clock: OperatedClock): Record<string, unknown> {
  const { mode, nowMs, offsetMs } = clock.state();
  return { mode, now: new Date(nowMs).toISOString(), nowMs, offsetMs };
}

/** A page that moves the clock; `move` answers what is wrong with the body, or moves. */
function moveClock(
  move: (clock: OperatedClock, body: Readonly<Record<string, unknown>>) => Promise<void> | string,
): NonNullable<AdminPage["post"]> {
  return ({ clock }, request) =>
    withBody(request, async (body) => {
      const moved = move(clock, body);
      if (typeof moved === "string") return badRequest(moved);
      await moved;
      return json(clockAnswer(clock));
    });
}

/** `/_waystation/<signing name>/...` is the service's own; it decides what is for everybody. */
async function servicePage(options: AdminOptions, request: HttpRequest): Promise<HttpResponse> {
  const [, name = "", path = ""] = /^\/_waystation\/([a-z-]+)(\/.*)$/.exec(request.path) ?? [];
  const page = await (
    await options.catalog.pages(name)
  )?.({
    method: request.method,
    path,
    query: new URLSearchParams(request.query),
    body: request.body,
    isOperator: isOperator(options, request),
  });
  if (page === undefined) return refusal(404, "NotFound", `There is no ${request.path}`);
  return { status: page.status, headers: { "content-type": page.contentType }, body: page.body };
}
