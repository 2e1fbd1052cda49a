import { decodeRecord } from "./record.ts";
import { space } from "./spaces.ts";
import type { Space } from "./spaces.ts";
import { StoreUnavailable } from "./store.ts";
import type { Reader } from "./store.ts";

/** Says that the store does not hold all of what is imported into it. */
export const UNFINISHED_IMPORT: Space<[]> = space({
  number: 7,
  name: "unfinished import",
  layout: [],
  value: "UnfinishedImport",
  lifetime: "from before an import's first entry until its last one, with which it goes",
});

export interface UnfinishedImport {
  /** When the import began, by which it knows itself. */
  readonly startedAtMs: number;
}

/** The import that is under way, or was cut off. */
export async function unfinishedImport(reader: Reader): Promise<UnfinishedImport | undefined> {
  const value = await reader.get(UNFINISHED_IMPORT.key());
  return value && decodeRecord<UnfinishedImport>(value);
}

/** Throws a {@link StoreUnavailable} while only a part of an import is there. */
export async function assertWhole(reader: Reader): Promise<void> {
  const unfinished = await unfinishedImport(reader);
  if (unfinished === undefined) return;
  throw new StoreUnavailable(
    `an import that began at ${new Date(unfinished.startedAtMs).toISOString()} has not ended: ` +
      "wait for it, or import again if it was cut off",
  );
}
