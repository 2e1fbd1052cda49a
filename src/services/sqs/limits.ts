/**
 * Every number that SQS documents: Amazon SQS quotas, and the valid values of its API Reference.
 */
export const LIMITS = {
  queueNameLength: 80,
  accountIdLength: 12,
  /** Longer than any that AWS has. */
  regionLength: 32,
  /** Bytes of a message with its attributes, and of all messages of a batch. */
  messageBytes: 1_048_576,
  messageAttributes: 10,
  attributeNameLength: 256,
  attributeTypeLength: 256,
  /** Of an attribute of type Number. */
  numberDigits: 38,
  leastNumber: 1e-128,
  greatestNumber: 1e126,
  groupIdLength: 128,
  deduplicationIdLength: 128,
  receiveAttemptIdLength: 128,
  /** Longer than any that this server gives out. */
  receiptHandleLength: 1_000,
  batchEntries: 10,
  batchEntryIdLength: 80,
  receiveMessages: 10,
  waitSeconds: 20,
  visibilitySeconds: 43_200,
  delaySeconds: 900,
  inFlightMessages: 120_000,
  tags: 50,
  tagKeyLength: 128,
  tagValueLength: 256,
  listQueues: 1_000,
  moveTasksListed: 10,
  moveRatePerSecond: 500,
  maxReceiveCount: 1_000,
  redriveAllowSources: 10,
  permissionLabelLength: 80,
  policyBytes: 8_192,
  policyStatements: 20,
  policyPrincipals: 50,
  statementActions: 7,
  statementConditions: 10,
} as const;

/** How long a deduplication id and a receive attempt id are remembered. */
export const DEDUPLICATION_MS = 300_000;
/** How long a deleted queue's name is not to be had, and a queue is not purged again. */
export const QUEUE_PAUSE_MS = 60_000;
/** The largest request: 1 MiB of messages, which JSON in ASCII (as of botocore) and forms treble. */
export const MAX_REQUEST_BYTES = 4_194_304;

/** Calls per second on a FIFO queue (of one kind), or on a message group in high-throughput mode. */
export const FIFO_CALLS_PER_SECOND = 300;

/** Messages that one transaction promotes, drops, expires or moves in the background. */
export const BACKGROUND_CHUNK = 200;
/** Bytes of messages after which such a transaction ends, though there are fewer. */
export const BACKGROUND_BYTES: number = 4 * 1_048_576;
/** The most messages that it reads at once. */
export const BACKGROUND_PAGE = 32;
/** Until a move task looks again for what another transaction held. */
export const HELD_PAUSE_MS = 100;
/** The shortest time between two looks for expired messages of a queue. */
export const RETENTION_PAUSE_MS = 1_000;
/** How often a receive looks again when all that it met was expired or dead-lettered. */
export const RECEIVE_ROUNDS = 10;
