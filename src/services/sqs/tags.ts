import { invalidParameter } from "./errors.ts";
import { LIMITS } from "./limits.ts";

/** Throws InvalidParameterValue unless the queue of a name can have these tags. */
export function checkTags(queueName: string, tags: Readonly<Record<string, string>>): void {
  const entries = Object.entries(tags);
  if (entries.length > LIMITS.tags) {
    throw invalidParameter(`Too many tags added for queue ${queueName}.`);
  }
  for (const [key, value] of entries) {
    if (key === "" || key.length > LIMITS.tagKeyLength || /^aws:/i.test(key)) {
      throw invalidParameter(
        `Tag key ${key.slice(0, 200)} is invalid: it must be 1 to ${LIMITS.tagKeyLength} characters and must not start with aws:.`,
      );
    }
    if (value.length > LIMITS.tagValueLength) {
      throw invalidParameter(
        `Tag value of ${key} is invalid: it must be at most ${LIMITS.tagValueLength} characters.`,
      );
    }
  }
}
