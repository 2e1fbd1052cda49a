import type {
  BatchResultErrorEntry,
  PublishBatchInput,
  PublishBatchRequestEntry,
  PublishBatchResponse,
  PublishBatchResultEntry,
} from "@aws-sdk/client-sns";
import { ServiceError } from "../../../kernel/errors.ts";
import { preparedTransaction } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import type { Tx } from "../../../kernel/store.ts";
import { batchError } from "../errors.ts";
import { FanoutBudget } from "../publish/fanout.ts";
import { checkOrdering } from "../publish/fifo.ts";
import { LIMITS } from "../limits.ts";
import { readBodies, readMessage, sizeBytes } from "../message.ts";
import type { PublishedMessage } from "../message.ts";
import { presign } from "../publish/outgoing.ts";
import type { Signatures } from "../publish/outgoing.ts";
import { publish } from "../publish/publish.ts";
import type { Publication } from "../publish/publish.ts";
import type { Having, Sns } from "../sns.ts";
import { maximumMessageBytes, parseTopicArnOf, requireTopic } from "../topic.ts";
import type { TopicRecord } from "../topic.ts";
import { originOf } from "./publish.ts";

type Entry = Having<PublishBatchRequestEntry, "Id" | "Message">;
/** Filled in by {@link prepare}; the wire takes no such member. */
type Input = Having<PublishBatchInput, "TopicArn" | "PublishBatchRequestEntries"> & {
  readonly ready?: readonly Candidate[];
};

/** An entry that can be published, or what is wrong with it. */
type Candidate =
  | ({ readonly id: string } & Publication)
  | { readonly id: string; readonly error: ServiceError };

/** PublishBatch: the entries that are right go out in one transaction, in their order. */
export function publishBatch(sns: Sns): Operation<Input, PublishBatchResponse> {
  return preparedTransaction(
    (context, input) => prepare(sns, context, input),
    async (context, input, tx) => {
      const entries = entriesOf(input);
      const ready =
        input.ready ??
        entries.map((entry) => withSignatures(readEntry(sns, context, entry), new Map()));
      const bytes = entries.reduce((total, entry) => total + sizeBytes(entry), 0);
      const topic = await requireTopic(tx, input.TopicArn, context.caller);
      return publishAll(sns, tx, topic, { candidates: ready, bytes });
    },
  );
}

/** Checks the entries and signs them. */
async function prepare(sns: Sns, context: Context, input: Input): Promise<Input> {
  const entries = entriesOf(input);
  const address = parseTopicArnOf(context.caller, input.TopicArn);
  const likely = await sns.routes.likely(sns.deps.store, address);
  const ready = await Promise.all(
    entries.map(async (entry) => {
      const read = readEntry(sns, context, entry);
      return "error" in read
        ? read
        : withSignatures(read, await presign(sns, likely, read.message));
    }),
  );
  return { ...input, ready };
}

type ReadEntry = { readonly id: string } & (
  | { readonly message: PublishedMessage }
  | { readonly error: ServiceError }
);

function withSignatures(entry: ReadEntry, signatures: Signatures): Candidate {
  return "error" in entry ? entry : { ...entry, signatures };
}

/** The entries of a batch that is one. */
function entriesOf({ PublishBatchRequestEntries }: Input): readonly Entry[] {
  // The model's required members were checked with the input.
  const entries = PublishBatchRequestEntries as readonly Entry[];
  checkBatch(entries);
  return entries;
}

/** A structure that is none fails the whole batch, anything else its entry. */
function readEntry(sns: Sns, context: Context, entry: Entry): ReadEntry {
  const bodies = readBodies(entry);
  try {
    return { id: entry.Id, message: readMessage(entry, originOf(sns, context), bodies) };
  } catch (error) {
    if (error instanceof ServiceError) return { id: entry.Id, error };
    throw error;
  }
}

async function publishAll(
  sns: Sns,
  tx: Tx,
  topic: TopicRecord,
  batch: {
    readonly candidates: readonly Candidate[];
    readonly bytes: number;
  },
): Promise<PublishBatchResponse> {
  if (batch.bytes > maximumMessageBytes(topic)) throw batchError("TooLong");
  // An entry that has no place in the topic's order fails the whole batch.
  for (const each of batch.candidates) if ("message" in each) checkOrdering(topic, each.message);
  const Successful: PublishBatchResultEntry[] = [];
  const Failed: BatchResultErrorEntry[] = [];
  const budget = new FanoutBudget();
  for (const candidate of batch.candidates) {
    const { id: Id } = candidate;
    if ("error" in candidate) {
      Failed.push(failedEntry(Id, candidate.error));
      continue;
    }
    const receipt = await publish(sns, tx, topic, { ...candidate, budget });
    Successful.push({
      Id,
      MessageId: receipt.messageId,
      SequenceNumber: receipt.sequenceNumber,
    });
  }
  return { Successful, Failed };
}

/** Codes in batch answers are those of Query: without "Exception". */
function failedEntry(Id: string, error: ServiceError): BatchResultErrorEntry {
  const Code =
    error.code === "InvalidParameterValueException"
      ? "ParameterValueInvalid"
      : error.code.replace(/Exception$/, "");
  return { Id, Code, Message: error.message, SenderFault: true };
}

const ENTRY_ID = /^[A-Za-z0-9_-]+$/;

function checkBatch(entries: readonly Entry[]): void {
  if (entries.length === 0) throw batchError("Empty");
  if (entries.length > LIMITS.batchEntries) throw batchError("TooMany");
  const ids = entries.map((entry) => entry.Id);
  if (ids.some((id) => !ENTRY_ID.test(id) || id.length > LIMITS.batchEntryIdLength)) {
    throw batchError("InvalidId");
  }
  if (new Set(ids).size < ids.length) throw batchError("NotDistinct");
}
