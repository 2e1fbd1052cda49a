import type { ServiceError } from "../../kernel/errors.ts";
import {
  fifoAttribute,
  invalidAttributeName,
  invalidAttributeValue,
  twoEncryptions,
} from "./errors.ts";
import { LIMITS } from "./limits.ts";
import { checkPolicy } from "./policy.ts";
import type { QueueAttributes, QueueRecord } from "./queue.ts";
import { parseRedriveAllowPolicy, parseRedrivePolicy } from "./redrive-policy.ts";

type Values = Readonly<Record<string, string>>;
type Changes = { -readonly [Name in keyof QueueAttributes]?: QueueAttributes[Name] | undefined };

/** How one attribute of the API is read into a queue and shown again. */
interface AttributeRule {
  /** Reads the text into `changes`; an empty text removes what can be absent. */
  readonly read: (text: string, changes: Changes) => void;
  /** The text that GetQueueAttributes shows; undefined when it is not shown. */
  readonly show: (queue: QueueAttributes) => string | undefined;
  readonly fifoOnly?: true;
}

const STANDARD_DEFAULTS: QueueAttributes = {
  delaySeconds: 0,
  maximumMessageSize: LIMITS.messageBytes,
  messageRetentionPeriod: 345_600,
  receiveMessageWaitTimeSeconds: 0,
  visibilityTimeout: 30,
  sqsManagedSseEnabled: true,
};

const FIFO_DEFAULTS: QueueAttributes = {
  ...STANDARD_DEFAULTS,
  contentBasedDeduplication: false,
  deduplicationScope: "queue",
  fifoThroughputLimit: "perQueue",
};

/** What a new queue has before the caller's attributes. */
export function defaultAttributes(isFifo: boolean): QueueAttributes {
  return isFifo ? FIFO_DEFAULTS : STANDARD_DEFAULTS;
}

const RULES: Readonly<Record<string, AttributeRule>> = {
  DelaySeconds: integer("delaySeconds", 0, LIMITS.delaySeconds),
  MaximumMessageSize: integer("maximumMessageSize", 1_024, LIMITS.messageBytes),
  MessageRetentionPeriod: integer("messageRetentionPeriod", 60, 1_209_600),
  ReceiveMessageWaitTimeSeconds: integer("receiveMessageWaitTimeSeconds", 0, LIMITS.waitSeconds),
  VisibilityTimeout: integer("visibilityTimeout", 0, LIMITS.visibilitySeconds),
  Policy: {
    read: (text, changes) => {
      if (text !== "") checkPolicy(text);
      changes.policy = text === "" ? undefined : text;
    },
    show: (queue) => queue.policy,
  },
  RedrivePolicy: {
    read: (text, changes) => {
      changes.redrivePolicy = text === "" ? undefined : parseRedrivePolicy(text);
    },
    show: ({ redrivePolicy }) => redrivePolicy && JSON.stringify(redrivePolicy),
  },
  RedriveAllowPolicy: {
    read: (text, changes) => {
      changes.redriveAllowPolicy = text === "" ? undefined : parseRedriveAllowPolicy(text);
    },
    show: ({ redriveAllowPolicy }) => redriveAllowPolicy && JSON.stringify(redriveAllowPolicy),
  },
  KmsMasterKeyId: {
    read: (text, changes) => {
      changes.kmsMasterKeyId = text === "" ? undefined : text;
    },
    show: (queue) => queue.kmsMasterKeyId,
  },
  KmsDataKeyReusePeriodSeconds: {
    ...integer("kmsDataKeyReusePeriodSeconds", 60, 86_400),
    // Shown with its default once the queue has a key.
    show: (queue) =>
      queue.kmsMasterKeyId === undefined
        ? undefined
        : String(queue.kmsDataKeyReusePeriodSeconds ?? 300),
  },
  SqsManagedSseEnabled: boolean("sqsManagedSseEnabled"),
  ContentBasedDeduplication: { ...boolean("contentBasedDeduplication"), fifoOnly: true },
  DeduplicationScope: {
    ...choice("deduplicationScope", ["queue", "messageGroup"]),
    fifoOnly: true,
  },
  FifoThroughputLimit: {
    ...choice("fifoThroughputLimit", ["perQueue", "perMessageGroupId"]),
    fifoOnly: true,
  },
};

const READ_ONLY = new Set([
  "QueueArn",
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesNotVisible",
  "ApproximateNumberOfMessagesDelayed",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
]);

/** What only FIFO queues have since there are any; what came later is no unknown name to others. */
const UNKNOWN_WITHOUT_FIFO = new Set(["FifoQueue", "ContentBasedDeduplication"]);

/** True when a create asks for a FIFO queue. Throws InvalidAttributeValue for what is no boolean. */
export function asksForFifo(values: Values): boolean {
  const text = values["FifoQueue"];
  if (text === undefined) return false;
  if (!/^(true|false)$/i.test(text)) throw invalidAttributeValue("FifoQueue");
  // A standard queue has no such attribute: "false" is refused, as AWS does.
  if (/^false$/i.test(text)) throw invalidAttributeName("FifoQueue");
  return true;
}

/**
 * `current` with the attributes of a request applied. Throws InvalidAttributeName for unknown and
 * read-only ones, InvalidAttributeValue for values out of range.
 */
export function applyAttributes<Queue extends QueueAttributes>(
  current: Queue,
  values: Values,
  isFifo: boolean,
): Queue {
  const changes: Changes = {};
  for (const [name, text] of Object.entries(values)) {
    if (name === "FifoQueue" && isFifo) {
      const reason = "Modifying queue type is not supported.";
      if (!/^true$/i.test(text)) throw invalidAttributeValue("FifoQueue", reason);
      continue;
    }
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    if (rule === undefined || READ_ONLY.has(name)) throw invalidAttributeName(name);
    if (rule.fifoOnly && !isFifo) throw onlyWithFifo(name);
    rule.read(text, changes);
  }
  chooseEncryption(changes);
  const merged: Queue = { ...current, ...changes };
  if (merged.fifoThroughputLimit === "perMessageGroupId" && merged.deduplicationScope === "queue") {
    throw invalidAttributeValue(
      "FifoThroughputLimit",
      "To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope must be messageGroup.",
    );
  }
  return merged;
}

function onlyWithFifo(name: string): ServiceError {
  return UNKNOWN_WITHOUT_FIFO.has(name) ? invalidAttributeName(name) : fifoAttribute(name);
}

/** A queue is encrypted in one way: choosing one gives up the other. */
function chooseEncryption(changes: Changes): void {
  if (changes.kmsMasterKeyId !== undefined) {
    if (changes.sqsManagedSseEnabled === true) {
      throw twoEncryptions();
    }
    changes.sqsManagedSseEnabled = false;
  } else if (changes.sqsManagedSseEnabled === true) {
    changes.kmsMasterKeyId = undefined;
  }
}

/** The text of each attribute that a queue shows, by name. */
export function showAttributes(queue: QueueRecord): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, rule] of Object.entries(RULES)) {
    const text = rule.fifoOnly && !queue.isFifo ? undefined : rule.show(queue);
    if (text !== undefined) shown[name] = text;
  }
  if (queue.isFifo) shown["FifoQueue"] = "true";
  return shown;
}

/** The first of the given attributes whose value differs between two queues; undefined if none. */
export function firstDifference(
  names: Iterable<string>,
  existing: QueueAttributes,
  wanted: QueueAttributes,
): string | undefined {
  for (const name of names) {
    const rule = RULES[name];
    if (rule !== undefined && rule.show(existing) !== rule.show(wanted)) return name;
  }
  return undefined;
}

/** Whether GetQueueAttributes knows an attribute of this name for queues of this kind. */
export function isAttributeName(name: string, isFifo: boolean): boolean {
  if (UNKNOWN_WITHOUT_FIFO.has(name)) return isFifo;
  return name === "All" || READ_ONLY.has(name) || Object.hasOwn(RULES, name);
}

type NumberName = {
  [Name in keyof QueueAttributes]-?: number extends QueueAttributes[Name] ? Name : never;
}[keyof QueueAttributes];
type BooleanName = "sqsManagedSseEnabled" | "contentBasedDeduplication";

function integer(name: NumberName, least: number, most: number): AttributeRule {
  const shownName = name[0]?.toUpperCase() + name.slice(1);
  return {
    read: (text, changes) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= least && value <= most)) throw invalidAttributeValue(shownName);
      changes[name] = value;
    },
    show: (queue) => (queue[name] === undefined ? undefined : String(queue[name])),
  };
}

function boolean(name: BooleanName): AttributeRule {
  const shownName = name[0]?.toUpperCase() + name.slice(1);
  return {
    read: (text, changes) => {
      if (!/^(true|false)$/i.test(text)) throw invalidAttributeValue(shownName);
      changes[name] = text.toLowerCase() === "true";
    },
    show: (queue) => (queue[name] === undefined ? undefined : String(queue[name])),
  };
}

function choice<Name extends "deduplicationScope" | "fifoThroughputLimit">(
  name: Name,
  values: readonly NonNullable<QueueAttributes[Name]>[],
): AttributeRule {
  const shownName = name[0]?.toUpperCase() + name.slice(1);
  return {
    read: (text, changes) => {
      const value = values.find((each) => each === text);
      if (value === undefined) throw invalidAttributeValue(shownName, "not a supported value.");
      Object.assign(changes, { [name]: value });
    },
    show: (queue) => queue[name],
  };
}
