import { invalidParameter, tagLimitExceeded } from "./errors.ts";
import { LIMITS } from "./limits.ts";

interface TagInput {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

const CHARACTERS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The tags of a request by key. Throws InvalidParameter or TagLimitExceeded. */
export function readTags(tags: readonly TagInput[]): Readonly<Record<string, string>> {
  const read: [string, string][] = [];
  for (const { Key: key = "", Value: value = "" } of tags) {
    if (key === "" || key.length > LIMITS.tagKeyLength || value.length > LIMITS.tagValueLength) {
      throw invalidParameter("Tags Reason: a key or value is too short or too long");
    }
    if (!CHARACTERS.test(key) || !CHARACTERS.test(value)) {
      throw invalidParameter(
        "Tags Reason: keys and values have letters, digits, spaces and _.:/=+-@ only",
      );
    }
    if (key.toLowerCase().startsWith("aws:")) {
      throw invalidParameter("Tags Reason: keys must not begin with aws:");
    }
    read.push([key, value]);
  }
  const keys = new Set(read.map(([key]) => key));
  if (keys.size < read.length) throw invalidParameter("Duplicated keys are not allowed.");
  if (keys.size > LIMITS.tags) throw tagLimitExceeded();
  return Object.fromEntries(read);
}

/** Tags in the shape of answers. */
export function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** Whether both are the same tags. */
export function sameTags(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
