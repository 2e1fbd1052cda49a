import { parsePolicy } from "../../kernel/resource-policy.ts";
import { invalidParameter } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/** Actions on a topic, which its policy can allow or deny; "AddPermission" in the API reference. */
const ACTIONS = new Set([
  "AddPermission",
  "DeleteTopic",
  "GetDataProtectionPolicy",
  "GetTopicAttributes",
  "ListSubscriptionsByTopic",
  "ListTagsForResource",
  "Publish",
  "PutDataProtectionPolicy",
  "Receive",
  "RemovePermission",
  "SetTopicAttributes",
  "Subscribe",
]);
const LOWER_CASE_ACTIONS = new Set([...ACTIONS].map((name) => name.toLowerCase()));

/** Throws InvalidParameter unless AddPermission can grant these actions, named without `SNS:`. */
export function checkGrantable(actions: readonly string[]): void {
  if (!actions.every((action) => ACTIONS.has(action))) throw outOfScope();
}

/** Throws InvalidParameter unless `text` is a policy that a topic can have. */
export function checkPolicy(text: string): void {
  if (text === "") throw invalidParameter("Policy is empty");
  const statements = parsePolicy(text)?.Statement;
  if (statements === undefined || Buffer.byteLength(text) > LIMITS.policyBytes) {
    throw invalidParameter("Policy Error: null");
  }
  const actions = statements.flatMap(({ Action }) => Action ?? []);
  if (!actions.every(isInScope)) throw outOfScope();
}

/** A wildcard for all actions names some that are not on a topic, such as CreateTopic. */
function isInScope(action: unknown): boolean {
  if (typeof action !== "string") return false;
  const [, name = ""] = /^sns:(.*)$/i.exec(action) ?? [];
  if (name.includes("*")) return !/^\*+$/.test(name);
  return LOWER_CASE_ACTIONS.has(name.toLowerCase());
}

function outOfScope(): Error {
  return invalidParameter("Policy statement action out of service scope!");
}
