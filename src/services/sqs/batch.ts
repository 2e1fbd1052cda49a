import type { BatchResultErrorEntry } from "@aws-sdk/client-sqs";
import { ServiceError } from "../../kernel/errors.ts";
import { emptyBatch } from "./errors.ts";
import { LIMITS } from "./limits.ts";

interface BatchEntry {
  readonly Id: string | undefined;
}

/** Throws what SQS answers for a batch that is empty, too long, or whose ids are not in order. */
export function checkBatch(entries: readonly BatchEntry[], operation: string): void {
  if (entries.length === 0) throw emptyBatch(operation);
  if (entries.length > LIMITS.batchEntries) {
    throw new ServiceError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${LIMITS.batchEntries}. You have sent ${entries.length}.`,
    );
  }
  const ids = new Set<string>();
  for (const { Id: id = "" } of entries) {
    if (!/^[A-Za-z0-9_-]+$/.test(id) || id.length > LIMITS.batchEntryIdLength) {
      throw new ServiceError(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores." +
          " It can be at most 80 letters long.",
      );
    }
    if (ids.has(id)) throw new ServiceError("BatchEntryIdsNotDistinct", `Id ${id} repeated.`);
    ids.add(id);
  }
}

/** What a batch answers: an entry that is refused does not keep the others from succeeding. */
export interface BatchAnswer<Done> {
  /** Undefined when nothing succeeded: SQS leaves an empty list out, though it is required. */
  Successful: (Done & { Id: string | undefined })[] | undefined;
  /** Undefined when nothing failed. */
  Failed: BatchResultErrorEntry[] | undefined;
}

/** Performs each entry by itself, in order. */
export async function performEach<Entry extends BatchEntry, Done extends object>(
  entries: readonly Entry[],
  perform: (entry: Entry) => Promise<Done>,
): Promise<BatchAnswer<Done>> {
  const Successful: NonNullable<BatchAnswer<Done>["Successful"]> = [];
  const Failed: BatchResultErrorEntry[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...(await perform(entry)) });
    } catch (error) {
      Failed.push(failedEntry(entry.Id, error));
    }
  }
  return {
    Successful: Successful.length > 0 ? Successful : undefined,
    Failed: Failed.length > 0 ? Failed : undefined,
  };
}

/** What a batch answers for an entry that failed. Anything but a refusal is thrown on. */
function failedEntry(id: string | undefined, error: unknown): BatchResultErrorEntry {
  if (!(error instanceof ServiceError)) throw error;
  return {
    Id: id,
    SenderFault: true,
    Code: error.queryCode ?? error.code,
    Message: error.message,
  };
}
