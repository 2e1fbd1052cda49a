import type { Pattern } from "../../../kernel/matching/pattern.ts";
import { isEmptyPattern, matchesPattern } from "../../../kernel/matching/pattern.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Reader, Store } from "../../../kernel/store.ts";
import { keyAfter } from "../../../kernel/tuple.ts";
import { comparableAttributes, compileFilterPolicy } from "./filter-policy.ts";
import type { FilterScope } from "./filter-policy.ts";
import { SUBSCRIPTION } from "../keys.ts";
import { LIMITS } from "../limits.ts";
import { bodyFor } from "../message.ts";
import type { PublishedMessage } from "../message.ts";
import { subscriptionArn } from "../subscription.ts";
import type { SubscriptionProtocol, SubscriptionRecord } from "../subscription.ts";
import { findTopic, topicArn } from "../topic.ts";
import type { TopicAddress, TopicRecord } from "../topic.ts";

/** A confirmed subscription, ready to take messages. */
export interface Route {
  readonly subscription: SubscriptionRecord;
  readonly arn: string;
  readonly isRaw: boolean;
  readonly accepts: (message: FilterView) => boolean;
}

/** The first routes of a topic: all of them, unless it has very many. */
export interface RouteList {
  readonly topic: TopicRecord;
  readonly routes: readonly Route[];
  /** The subscription after which the rest begins; absent when this is all. */
  readonly goesOnAfter?: string;
}

/** A message as filter policies see it; parsed once, when the first of them looks. */
export interface FilterView {
  /** Undefined when they can not be compared. */
  attributes(): Readonly<Record<string, unknown>> | undefined;
  /** The parsed body, undefined when it is no JSON. */
  body(protocol: SubscriptionProtocol): unknown;
}

/**
 * The routes of topics, kept decoded and compiled while the topic's revision stays the same. What
 * is kept is bounded; the topics used longest ago go first.
 */
export class Routes {
  /** By topic ARN. */
  readonly #kept = new Map<string, RouteList>();
  #count = 0;

  /** The routes of a topic as `reader` sees it. */
  async of(reader: Reader, topic: TopicRecord): Promise<RouteList> {
    const arn = topicArn(topic);
    const kept = this.#kept.get(arn);
    if (kept?.topic.id === topic.id && kept.topic.revision === topic.revision) {
      this.#kept.delete(arn);
      this.#kept.set(arn, kept);
      return { ...kept, topic };
    }
    const page = await routesAfter(reader, topic.id, undefined);
    const list = { topic, ...page };
    this.#keep(arn, list);
    return list;
  }

  /** The routes of a topic as they were last: good for preparing what a transaction may need. */
  async likely(store: Store, address: TopicAddress): Promise<RouteList | undefined> {
    const kept = this.#kept.get(topicArn(address));
    if (kept !== undefined) return kept;
    return store.read(async (reader) => {
      const topic = await findTopic(reader, address);
      return topic && this.of(reader, topic);
    });
  }

  #keep(arn: string, list: RouteList): void {
    this.#forget(arn);
    this.#kept.set(arn, list);
    this.#count += list.routes.length + 1;
    for (const oldest of this.#kept.keys()) {
      if (this.#count <= LIMITS.cachedRoutes) return;
      this.#forget(oldest);
    }
  }

  #forget(arn: string): void {
    const kept = this.#kept.get(arn);
    if (kept === undefined) return;
    this.#kept.delete(arn);
    this.#count -= kept.routes.length + 1;
  }
}

/** A bounded number of a topic's routes, after a subscription or from the first. */
export async function routesAfter(
  reader: Reader,
  topicId: string,
  after: string | undefined,
): Promise<Pick<RouteList, "routes" | "goesOnAfter">> {
  const all = SUBSCRIPTION.below(topicId);
  const from = after === undefined ? all.from : keyAfter(SUBSCRIPTION.key(topicId, after));
  const limit = LIMITS.routesPerTopic;
  const entries = await reader.range({ from, to: all.to }, { limit });
  const subscriptions = entries.map((entry) => decodeRecord<SubscriptionRecord>(entry.value));
  const routes = subscriptions.filter((each) => !each.isPending).map(routeOf);
  const last = subscriptions.at(-1);
  return entries.length < limit || last === undefined
    ? { routes }
    : { routes, goesOnAfter: last.id };
}

/** A message as filter policies see it. */
export function filterView(message: PublishedMessage): FilterView {
  let compared: { readonly attributes: ReturnType<typeof comparableAttributes> } | undefined;
  const bodies = new Map<string, unknown>();
  return {
    attributes: () =>
      (compared ??= { attributes: comparableAttributes(message.attributes) }).attributes,
    body: (protocol) => {
      const text = bodyFor(message, protocol);
      if (!bodies.has(text)) bodies.set(text, parsed(text));
      return bodies.get(text);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The route of a confirmed subscription. */
export function routeOf(subscription: SubscriptionRecord): Route {
  const { attributes } = subscription;
  return {
    subscription,
    arn: subscriptionArn(subscription),
    isRaw: attributes["RawMessageDelivery"] === "true",
    accepts: filterOf(subscription),
  };
}

function filterOf({ attributes, protocol }: SubscriptionRecord): (message: FilterView) => boolean {
  const { FilterPolicy: policy, FilterPolicyScope: scopeText } = attributes;
  if (policy === undefined) return () => true;
  const scope: FilterScope = scopeText === "MessageBody" ? "MessageBody" : "MessageAttributes";
  let pattern: Pattern | undefined;
  return (message) => {
    pattern ??= compileFilterPolicy(policy, scope);
    if (isEmptyPattern(pattern)) return true;
    if (scope === "MessageBody") return matchesPattern(pattern, message.body(protocol));
    const attributes = message.attributes();
    // "Key matching": even what must not exist is matched only where there is something else.
    return (
      attributes !== undefined &&
      Object.keys(attributes).length > 0 &&
      matchesPattern(pattern, attributes)
    );
  };
}
