import { readFile } from "node:fs/promises";
import type { Key } from "../kernel/tuple.ts";
import { parseRecords } from "./journal-record.ts";
import type { JournalRecord, Write, Writes } from "./journal-record.ts";
import type { Layer } from "./layer.ts";

/** Number of the last journal record whose writes the ordered file has. Sorts after every space. */
const APPLIED_KEY = "\xff\xffapplied" as Key;

/** Number of the last record that a file has. */
export function appliedOf(file: Pick<Layer, "get">): number {
  const value = file.get(APPLIED_KEY);
  return value === undefined ? 0 : Number(Buffer.from(value).toString());
}

/** Writes after which a file has all records up to a number. */
export function withApplied(writes: Writes, sequence: number): Write[] {
  return [...writes, [APPLIED_KEY, Buffer.from(String(sequence))]];
}

/** What records wrote, given in their order: of several writes of one key the last one. */
export function writesOf(records: readonly JournalRecord[]): Writes {
  const latest = new Map<Key, Write[1]>();
  for (const { writes } of records) {
    for (const [key, slot] of writes) latest.set(key, slot);
  }
  return latest;
}

/**
 * The writes of a whole segment's records after number `applied`, and the number of the last one. In
 * the order of keys, in which a tree takes them soonest.
 */
export async function writesOfSegment(path: string, applied: number): Promise<Write[]> {
  const all = parseRecords(await readFile(path), applied);
  const records = all.filter(({ sequence }) => sequence > applied);
  const ordered = [...writesOf(records)].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return withApplied(ordered, records.at(-1)?.sequence ?? applied);
}
