/**
 * Every number of SNS: "Amazon SNS endpoints and quotas" in the AWS General Reference, the developer
 * guide's "Publishing large messages", and the API reference. Those without a source are our own.
 */
export const LIMITS = {
  topicNameLength: 256,
  /** Bytes of body and attributes, of one message or a batch, unless the topic says otherwise. */
  messageBytes: 262_144,
  /** What a topic's MaximumMessageSize may be. */
  smallestMaximumMessageBytes: 1_024,
  largestMaximumMessageBytes: 1_048_576,
  /** Subscriptions of a topic that takes more than {@link LIMITS.messageBytes}. */
  largeMessageSubscriptions: 100,
  fifoSubscriptions: 100,
  /** Enforced when quotas are. */
  subscriptions: 12_500_000,
  topics: 100_000,
  filterPoliciesPerTopic: 200,
  subjectLength: 100,
  displayNameLength: 100,
  attributeNameLength: 256,
  /** What a raw message to a queue may carry; more make it undeliverable. */
  rawQueueAttributes: 10,
  groupIdLength: 128,
  deduplicationIdLength: 128,
  batchEntries: 10,
  batchEntryIdLength: 80,
  pageSize: 100,
  tags: 50,
  tagKeyLength: 128,
  tagValueLength: 256,
  policyBytes: 30_720,
  filterPolicyBytes: 262_144,
  filterPolicyKeys: 5,
  filterPolicyCombinations: 150,
  filterPolicyLargestNumber: 1e9,
  filterPolicyDecimals: 5,
  endpointLength: 2_048,
  smsLength: 1_600,
  archiveDays: 365,
  originationNumbersPage: 30,
  customUserDataBytes: 2_048,
  /** Of a device token on iOS, and of any other. */
  appleTokenDigits: 400,
  tokenBytes: 8_192,
  /** Deliveries, and bytes of them, that the publishing transaction makes itself; the rest is work. */
  fanoutPerTransaction: 500,
  fanoutBytesPerTransaction: 4_194_304,
  /** Subscriptions of a topic that are looked at together. */
  routesPerTopic: 5_000,
  /** Archived messages that one transaction replays. */
  replayPerTransaction: 100,
  /** Expired deduplication ids and archived messages that a publish sweeps. */
  sweptPerPublish: 4,
  /** Entries that one transaction removes in the background. */
  removedPerTransaction: 500,
  /** Subscriptions whose decoded form is kept in memory, over all topics. */
  cachedRoutes: 20_000,
  /** Signatures kept for other subscriptions of the same message, and the texts they are kept for. */
  rememberedSignatures: 1_024,
  rememberedSignatureLength: 16_384,
  outboxEntries: 10_000,
  outboxPage: 100,
  /** Attempts that one subscription has under way at once on a node, and one that did not answer. */
  attemptsAtOnce: 16,
  attemptsAtOnceToSilent: 4,
  /** Bytes of messages that are attempted at once on a node, and what an attempt counts at least. */
  attemptBytes: 67_108_864,
  smallestAttemptBytes: 16_384,
  /** Subscriptions that are remembered for not having answered. */
  rememberedSilent: 10_000,
  /** Deliveries read at once, and attempts after which a pump lets others run. */
  deliveriesRead: 64,
  attemptsPerRun: 1_024,
  /** Connections to one host, which many subscriptions may share. */
  connectionsPerHost: 512,
  /** Subscriptions pumped at once on a node. */
  pumpsAtOnce: 4_096,
  /** The largest message, percent-encoded in a form, with room for attributes. */
  requestBytes: 4_194_304,
  /** Bytes of a web hook's answer that are read. */
  responseBytes: 65_536,
  redirects: 3,
} as const;

/** How long SNS remembers a deduplication id. */
export const DEDUPLICATION_MS: number = 5 * 60_000;
/** How long a confirmation token is valid, and a pending subscription kept. */
export const CONFIRMATION_MS: number = 2 * 24 * 3_600_000;
/** A phone number can opt in once in this time. */
export const OPT_IN_AGAIN_MS: number = 30 * 24 * 3_600_000;
/** How long a web hook has to answer. */
export const HTTP_TIMEOUT_MS: number = 15_000;
/** How long a pump runs before it lets others run. */
export const PUMP_RUN_MS: number = 10_000;
/** A day. */
export const DAY_MS: number = 24 * 3_600_000;
/** How often an archive is swept. */
export const ARCHIVE_SWEEP_MS: number = 3_600_000;
