import type { Tag } from "@aws-sdk/client-sfn";
import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import { parseActivityArn, resourceKind, wrongKind } from "./arns.ts";
import { resourceNotFound, tooManyTags, validationError } from "./errors.ts";
import { ACTIVITY, TAGS } from "./keys.ts";
import { MAX_TAGS } from "./limits.ts";
import { requireMachine } from "./machines.ts";
import type { TagsRecord } from "./records.ts";
import { ServiceError } from "../../kernel/errors.ts";

/** The tags of a resource, by key. */
export async function readTags(
  reader: Reader,
  arn: string,
): Promise<Readonly<Record<string, string>>> {
  const value = await reader.get(TAGS.key(arn));
  return value === undefined ? {} : decodeRecord<TagsRecord>(value).tags;
}

/** Adds tags to a resource's. Throws TooManyTags, ValidationException. */
export async function addTags(tx: Tx, arn: string, added: readonly Tag[]): Promise<void> {
  const tags: Record<string, string> = { ...(await readTags(tx, arn)) };
  for (const { key = "", value = "" } of added) {
    checkTag(key, value);
    tags[key] = value;
  }
  if (Object.keys(tags).length > MAX_TAGS) throw tooManyTags(arn);
  writeTags(tx, arn, tags);
}

const TAG_TEXT = /^[\p{L}\p{N}\s_.:/=+\-@]*$/u;

function checkTag(key: string, value: string): void {
  if (!TAG_TEXT.test(key) || !TAG_TEXT.test(value)) {
    throw validationError(
      "Tags may only contain Unicode letters, digits, white space, or these symbols: _ . : / = + - @",
    );
  }
  if (/^aws:/i.test(key)) throw validationError("Tag keys that begin with 'aws:' are reserved");
}

/** Replaces the tags of a resource. */
export function writeTags(tx: Tx, arn: string, tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length === 0) tx.delete(TAGS.key(arn));
  else tx.put(TAGS.key(arn), encodeRecord({ tags } satisfies TagsRecord));
}

/** Throws ResourceNotFound or InvalidArn unless `arn` is a state machine or activity that exists. */
export async function checkTaggable(reader: Reader, arn: string): Promise<void> {
  const kind = resourceKind(arn);
  if (kind === "activity") {
    const { accountId, region, name } = parseActivityArn(arn);
    if ((await reader.get(ACTIVITY.key(accountId, region, name))) === undefined)
      throw resourceNotFound(arn);
    return;
  }
  if (kind !== "stateMachine") throw wrongKind(kind);
  try {
    await requireMachine(reader, arn);
  } catch (error) {
    const isAbsent = error instanceof ServiceError && error.code === "StateMachineDoesNotExist";
    throw isAbsent ? resourceNotFound(arn) : error;
  }
}
