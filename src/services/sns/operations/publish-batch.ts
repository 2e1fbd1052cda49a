import type {
  BatchResultErrorEntry,
  PublishBatchInput,
  PublishBatchRequestEntry,
  PublishBatchResponse,
  PublishBatchResultEntry,
} from "@aws-sdk/client-sns";
import { ServiceError } from "../../../kernel/errors.ts";
import { conversation } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import type { Tx } from "../../../kernel/store.ts";
import { batchError } from "../errors.ts";
import { checkOrdering } from "../fifo.ts";
import { LIMITS } from "../limits.ts";
import { readMessage, sizeBytes } from "../message.ts";
import type { PublishedMessage } from "../message.ts";
import { presign } from "../outgoing.ts";
import type { Signatures } from "../outgoing.ts";
import { prepareTargets, publish } from "../publish.ts";
import type { Having, Sns } from "../sns.ts";
import { maximumMessageBytes, requireTopic } from "../topic.ts";
import { originOf } from "./publish.ts";

type Entry = Having<PublishBatchRequestEntry, "Id" | "Message">;
type Input = Having<PublishBatchInput, "TopicArn" | "PublishBatchRequestEntries">;

/** An entry that can be published, or what is wrong with it. */
type Candidate =
  | { readonly id: string; readonly message: PublishedMessage; readonly signatures: Signatures }
  | { readonly id: string; readonly error: ServiceError };

/** PublishBatch: the entries that are right go out in one transaction, in their order. */
export function publishBatch(sns: Sns): Operation<Input, PublishBatchResponse> {
  return conversation(async (context, { TopicArn, PublishBatchRequestEntries }) => {
    // The model's required members were checked with the input.
    const entries = PublishBatchRequestEntries as readonly Entry[];
    checkBatch(entries);
    const likely = await sns.routes.likely(sns.deps.store, TopicArn);
    await prepareTargets(sns, likely);
    const candidates = await Promise.all(
      entries.map(async (entry): Promise<Candidate> => {
        const read = readEntry(sns, context, entry);
        if ("error" in read) return read;
        const [signatures = new Map()] = await presign(sns, likely, [read.message]);
        return { ...read, signatures };
      }),
    );
    const bytes = entries.reduce((total, entry) => total + sizeBytes(entry), 0);
    return sns.deps.store.transact((tx) =>
      publishAll(sns, tx, { arn: TopicArn, candidates, bytes }),
    );
  });
}

function readEntry(
  sns: Sns,
  context: Context,
  entry: Entry,
): { readonly id: string } & (
  | { readonly message: PublishedMessage }
  | { readonly error: ServiceError }
) {
  try {
    return { id: entry.Id, message: readMessage(entry, originOf(sns, context)) };
  } catch (error) {
    if (error instanceof ServiceError) return { id: entry.Id, error };
    throw error;
  }
}

async function publishAll(
  sns: Sns,
  tx: Tx,
  batch: {
    readonly arn: string;
    readonly candidates: readonly Candidate[];
    readonly bytes: number;
  },
): Promise<PublishBatchResponse> {
  const topic = await requireTopic(tx, batch.arn);
  if (batch.bytes > maximumMessageBytes(topic)) throw batchError("TooLong");
  const Successful: PublishBatchResultEntry[] = [];
  const Failed: BatchResultErrorEntry[] = [];
  for (const candidate of batch.candidates) {
    const { id: Id } = candidate;
    if ("error" in candidate) {
      Failed.push(failedEntry(Id, candidate.error));
      continue;
    }
    try {
      checkOrdering(topic, candidate.message);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      Failed.push(failedEntry(Id, error));
      continue;
    }
    const receipt = await publish(sns, tx, topic, candidate);
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
