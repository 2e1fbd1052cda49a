import type { PageAnswer, PageHandler } from "../../kernel/service.ts";
import { callerOf } from "../../kernel/caller.ts";
import { readOutbox } from "./delivery/outbox.ts";
import { findPhone, phoneNumberOf, putPhone } from "./mobile/sms.ts";
import type { Sns } from "./sns.ts";

const OUTBOX_PATH = "/outbox";
const OPT_OUT_PATH = "/opt-out";

/**
 * For everybody, the certificate that signatures are checked with. For operators, the outbox, and
 * the way in which a phone's owner opts out: `POST /_waystation/sns/opt-out?phoneNumber=…`.
 */
export function snsPages(sns: Sns): PageHandler {
  return async ({ method, path, query, isOperator }) => {
    const isForOperators = path === OUTBOX_PATH || path === OPT_OUT_PATH;
    if (isForOperators && !isOperator) {
      return json(403, { message: "Only operators may ask for this" });
    }
    if (method === "POST" && path === OPT_OUT_PATH) return optOut(sns, query);
    if (method !== "GET") return undefined;
    if (path === OUTBOX_PATH) return json(200, { messages: await readOutbox(sns) });
    const certificate = await sns.signer.certificateAt(path);
    if (certificate === undefined) return undefined;
    return { status: 200, contentType: "application/x-pem-file", body: certificate };
  };
}

async function optOut(sns: Sns, query: URLSearchParams): Promise<PageAnswer> {
  const region = query.get("region") ?? sns.deps.settings.defaultRegion;
  const owner = callerOf(query.get("accountId") ?? "", region);
  const number = phoneNumberOf(query.get("phoneNumber") ?? "");
  if (number === undefined) {
    return json(400, { message: "phoneNumber must be in E.164 form" });
  }
  await sns.deps.store.transact(async (tx) => {
    const phone = await findPhone(tx, owner, number);
    putPhone(tx, owner, number, { ...phone, isOptedOut: true });
  });
  return json(200, { phoneNumber: number, isOptedOut: true });
}

function json(status: number, body: object): PageAnswer {
  return { status, contentType: "application/json", body: JSON.stringify(body) };
}
