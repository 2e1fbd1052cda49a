import { listDead, removeDead, retryDead, WORK_DEAD } from "../kernel/dead-work.ts";
import type { DeadItem, DeadSelection } from "../kernel/dead-work.ts";
import type { Key, KeyRange } from "../kernel/tuple.ts";
import type { HttpRequest, HttpResponse } from "../wire/http.ts";
import { badRequest, json, withBody } from "./admin-page.ts";
import type { AdminOptions, AdminPage } from "./admin-page.ts";
import { refusal } from "./http-answer.ts";
import { DEAD_WORK_PAGE, DEAD_WORK_PAYLOAD_CHARACTERS } from "./limits.ts";

/** Where operators see the work that was given up, have it tried again or remove it. */
export const DEAD_WORK_PAGES: Readonly<Record<string, AdminPage>> = {
  "/_waystation/work/dead": { get: list },
  "/_waystation/work/dead/retry": {
    post: decide(async ({ store, clock }, which) => ({
      retried: await retryDead(store, which, clock.now()),
    })),
  },
  "/_waystation/work/dead/remove": {
    post: decide(async ({ store }, which) => ({ removed: await removeDead(store, which) })),
  },
};

async function list({ store }: AdminOptions, request: HttpRequest): Promise<HttpResponse> {
  const query = new URLSearchParams(request.query);
  const range = rangeFrom(query.get("kind"), query.get("next"));
  if (range === undefined) return badRequest("`next` must be what an earlier page answered");
  const { items, next } = await store.read((reader) => listDead(reader, range, DEAD_WORK_PAGE));
  const token =
    next === undefined ? {} : { next: Buffer.from(next, "latin1").toString("base64url") };
  return json({ dead: items.map(shown), ...token });
}

/** What is left to list; undefined when the token is none of this list. */
function rangeFrom(kind: string | null, token: string | null): KeyRange | undefined {
  const all = kind === null ? WORK_DEAD.below() : WORK_DEAD.below(kind);
  if (token === null) return all;
  // Whether it is a key of this list is looked at next.
  const from = Buffer.from(token, "base64url").toString("latin1") as Key;
  return from >= all.from && from < all.to ? { from, to: all.to } : undefined;
}

function shown({ kind, id, failures, error, diedAtMs, payload }: DeadItem): object {
  return {
    kind,
    id,
    diedAt: new Date(diedAtMs).toISOString(),
    attempts: failures,
    reason: error,
    payload: shownPayload(payload),
  };
}

/** A long one as the beginning of its text. */
function shownPayload(payload: unknown): unknown {
  const text = JSON.stringify(payload) ?? "";
  if (text.length <= DEAD_WORK_PAYLOAD_CHARACTERS) return payload;
  return `${text.slice(0, DEAD_WORK_PAYLOAD_CHARACTERS)}…`;
}

/** A page that does something with one item, or with all of a kind, and answers how many there were. */
function decide(
  act: (options: AdminOptions, which: DeadSelection) => Promise<Readonly<Record<string, number>>>,
): NonNullable<AdminPage["post"]> {
  return (options, request) =>
    withBody(request, async ({ kind, id }) => {
      if (typeof kind !== "string" || !(id === undefined || typeof id === "string")) {
        return badRequest("`kind` must be a string, and `id` too where it is one item");
      }
      const done = await act(options, { kind, id });
      if (id !== undefined && Object.values(done)[0] === 0) {
        return refusal(404, "NotFound", "There is no such dead work");
      }
      return json(done);
    });
}
