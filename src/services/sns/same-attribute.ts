import { isDeepStrictEqual } from "node:util";

/** Attributes of topics and subscriptions whose values are JSON. */
const JSON_ATTRIBUTES: ReadonlySet<string> = new Set([
  "ArchivePolicy",
  "DeliveryPolicy",
  "FilterPolicy",
  "Policy",
  "RedrivePolicy",
  "ReplayPolicy",
]);

/** Whether two values of an attribute mean the same; `b` was checked, and `a` if there is one. */
export function isSameAttribute(
  name: string,
  a: string | undefined,
  b: string | undefined,
): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || !JSON_ATTRIBUTES.has(name)) return false;
  // Tools write the same policy with other spaces, and its members in another order.
  return isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
}
