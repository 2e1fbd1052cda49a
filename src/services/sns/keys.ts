import { space } from "../../kernel/spaces.ts";
import type { Space } from "../../kernel/spaces.ts";

/**
 * Every kind of key that SNS writes. A *topic id* is unique for ever: a topic made again under the
 * same name has another, and what the old one had is removed in the background. A *sequence* orders
 * deliveries that are due together: the sequence number on FIFO topics, else time and message id.
 */
export const TOPIC: Space<[accountId: string, region: string, name: string]> = space({
  number: 48,
  name: "sns topic",
  layout: ["account", "region", "name"],
  value: "TopicRecord",
  lifetime: "until DeleteTopic",
});
export const SUBSCRIPTION: Space<[topicId: string, subscriptionId: string]> = space({
  number: 49,
  name: "sns subscription",
  layout: ["topic id", "subscription id"],
  value: "SubscriptionRecord",
  lifetime: "until Unsubscribe, expired unconfirmed, or gone with its topic",
});
export const OWNED_SUBSCRIPTION: Space<[ownerId: string, region: string, subscriptionArn: string]> =
  space({
    number: 50,
    name: "sns owned subscription",
    layout: ["owner's account", "region", "subscription ARN"],
    value: "OwnedRecord",
    lifetime: "as the subscription",
  });
export const SUBSCRIPTION_ENDPOINT: Space<[topicId: string, endpointHash: string]> = space({
  number: 51,
  name: "sns subscription endpoint",
  layout: ["topic id", "SHA-256 of protocol and endpoint"],
  value: "EndpointRecord",
  lifetime: "as the subscription",
});
/** Totals of a topic by {@link CountName}: a store sum. */
export const TOPIC_COUNT: Space<[topicId: string, name: CountName]> = space({
  number: 52,
  name: "sns topic count",
  layout: ["topic id", "confirmed, pending, deleted or filtered"],
  value: "sum",
  lifetime: "as the topic",
});
/** What is counted of a topic's subscriptions. */
export type CountName = "confirmed" | "pending" | "deleted" | "filtered";
export const TOKEN: Space<[token: string]> = space({
  number: 53,
  name: "sns confirmation token",
  layout: ["token"],
  value: "TokenRecord",
  lifetime: "2 days, or until its subscription goes",
});

/** A delivery waits in DELIVERY_DUE until its attempt; each attempt moves or removes it. */
export const DELIVERY_DUE: Space<[subscriptionId: string, dueAtMs: number, sequence: string]> =
  space({
    number: 54,
    name: "sns delivery due",
    layout: ["subscription id", "due at (ms)", "sequence"],
    value: "DeliveryState",
    lifetime: "until delivered or given up",
  });
export const DELIVERY_MESSAGE: Space<[subscriptionId: string, sequence: string]> = space({
  number: 55,
  name: "sns delivery message",
  layout: ["subscription id", "sequence"],
  value: "DeliveryMessage",
  lifetime: "as the delivery",
});
export const FANOUT: Space<[messageId: string]> = space({
  number: 56,
  name: "sns fanout",
  layout: ["message id"],
  value: "FanoutRecord",
  lifetime: "until every subscription of a large topic was served",
});

export const FIFO_SEQUENCE: Space<[topicId: string]> = space({
  number: 57,
  name: "sns fifo sequence",
  layout: ["topic id"],
  value: "SequenceRecord",
  lifetime: "as the topic",
});
export const DEDUPLICATION: Space<[topicId: string, scope: string, deduplicationId: string]> =
  space({
    number: 58,
    name: "sns deduplication",
    layout: ["topic id", "message group id or empty", "deduplication id"],
    value: "DeduplicationRecord",
    lifetime: "5 minutes after the publish, removed by later ones",
  });
export const DEDUPLICATION_EXPIRY: Space<
  [topicId: string, expiresAtMs: number, scope: string, deduplicationId: string]
> = space({
  number: 59,
  name: "sns deduplication expiry",
  layout: ["topic id", "expires at (ms)", "message group id or empty", "deduplication id"],
  value: "empty",
  lifetime: "as the deduplication",
});
export const ARCHIVE: Space<[topicId: string, publishedAtMs: number, sequence: string]> = space({
  number: 60,
  name: "sns archived message",
  layout: ["topic id", "published at (ms)", "sequence number"],
  value: "ArchivedMessage",
  lifetime: "the retention of the topic's archive policy",
});

export const OUTBOX: Space<[atMs: number, id: string]> = space({
  number: 61,
  name: "sns outbox",
  layout: ["at (ms)", "id"],
  value: "OutboxRecord",
  lifetime: "the last 10,000",
});
export const OUTBOX_COUNT: Space<[]> = space({
  number: 62,
  name: "sns outbox count",
  layout: [],
  value: "sum",
  lifetime: "for ever",
});
export const SIGNING_KEY: Space<[name: string]> = space({
  number: 63,
  name: "sns signing key",
  layout: ["current"],
  value: "SigningKeyRecord",
  lifetime: "from the first signature, for ever",
});

/** How many topics an account has in a region: a store sum. */
export const ACCOUNT_TOPICS: Space<[accountId: string, region: string]> = space({
  number: 70,
  name: "sns account topics",
  layout: ["account", "region"],
  value: "sum",
  lifetime: "for ever",
});

export const SMS_SETTINGS: Space<[accountId: string, region: string]> = space({
  number: 64,
  name: "sns sms settings",
  layout: ["account", "region"],
  value: "attributes",
  lifetime: "from SetSMSAttributes on",
});
export const PHONE_NUMBER: Space<[accountId: string, region: string, phoneNumber: string]> = space({
  number: 65,
  name: "sns phone number",
  layout: ["account", "region", "phone number"],
  value: "PhoneRecord",
  lifetime: "from its first opt-out on",
});
export const SANDBOX_NUMBER: Space<[accountId: string, region: string, phoneNumber: string]> =
  space({
    number: 66,
    name: "sns sandbox phone number",
    layout: ["account", "region", "phone number"],
    value: "SandboxRecord",
    lifetime: "until DeleteSMSSandboxPhoneNumber",
  });
export const PLATFORM_APPLICATION: Space<
  [accountId: string, region: string, platform: string, name: string]
> = space({
  number: 67,
  name: "sns platform application",
  layout: ["account", "region", "platform", "name"],
  value: "ApplicationRecord",
  lifetime: "until DeletePlatformApplication",
});
export const PLATFORM_ENDPOINT: Space<
  [accountId: string, region: string, platform: string, name: string, id: string]
> = space({
  number: 68,
  name: "sns platform endpoint",
  layout: ["account", "region", "platform", "application name", "id"],
  value: "EndpointRecord",
  lifetime: "until DeleteEndpoint or gone with its application",
});
export const PLATFORM_TOKEN: Space<
  [accountId: string, region: string, platform: string, name: string, tokenHash: string]
> = space({
  number: 69,
  name: "sns platform token",
  layout: ["account", "region", "platform", "application name", "SHA-256 of the token"],
  value: "the endpoint's id",
  lifetime: "as the endpoint",
});
