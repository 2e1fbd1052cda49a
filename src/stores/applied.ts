import { readFile } from "node:fs/promises";
import type { Key } from "../kernel/tuple.ts";
import { parseRecords } from "./journal-record.ts";
import type { Writes } from "./journal-record.ts";
import type { Layer } from "./layer.ts";

/** Number of the last journal record whose writes the ordered file has. Sorts after every space. */
const APPLIED_KEY = "\xff\xffapplied" as Key;

/** Number of the last record that a file has. */
export function appliedOf(file: Pick<Layer, "get">): number {
  const value = file.get(APPLIED_KEY);
  return value === undefined ? 0 : Number(Buffer.from(value).toString());
}

/** Writes after which a file has all records up to a number. */
export function withApplied(writes: Writes, sequence: number): Writes {
  return new Map(writes).set(APPLIED_KEY, Buffer.from(String(sequence)));
}

/**
 * The writes of a whole segment's records after number `applied`, and the number of the last one. In
 * the order of keys, in which a tree takes them soonest.
 */
export async function writesOfSegment(path: string, applied: number): Promise<Writes> {
  const writes = new Map<Key, Uint8Array | "deleted">();
  let last = applied;
  for (const { sequence, writes: more } of parseRecords(await readFile(path), applied)) {
    if (sequence <= applied) continue;
    for (const [key, value] of more) writes.set(key, value);
    last = sequence;
  }
  const ordered = [...writes].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return withApplied(new Map(ordered), last);
}
