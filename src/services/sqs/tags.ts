import { invalidParameter } from "./errors.ts";
import { LIMITS } from "./limits.ts";

const TAG_RULE = "letters, digits, spaces and _ . : / = + - @, and must not start with aws:.";

/** Throws InvalidParameterValue unless the queue of a name can have these tags. */
export function checkTags(queueName: string, tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.length > LIMITS.tags) {
    throw invalidParameter(`Too many tags added for queue ${queueName}.`);
  }
  for (const [key, value] of entries) {
    if (key === "" || key.length > LIMITS.tagKeyLength || !isTagText(key)) {
      throw invalidParameter(
        `Tag key ${key.slice(0, 200)} is invalid: it must be 1 to ${LIMITS.tagKeyLength} ${TAG_RULE}`,
      );
    }
    if (value.length > LIMITS.tagValueLength || !isTagText(value)) {
      throw invalidParameter(
        `Tag value of ${key} is invalid: it must be at most ${LIMITS.tagValueLength} ${TAG_RULE}`,
      );
    }
  }
}

/** What tags may hold by "Amazon SQS standard queue quotas", Queue tag. */
function isTagText(text: string): boolean {
  return /^[\p{L}\p{N}\p{Z}_.:/=+\-@]*$/u.test(text) && !/^aws:/i.test(text);
}
