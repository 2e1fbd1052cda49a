import type { Key } from "../../kernel/tuple.ts";
import type { Statement, Value } from "./driver.ts";
import { bytesArray, int8Array, keyArray, xidArray } from "./encoding.ts";
import type { PendingWrites } from "./pending-writes.ts";
import type { Found } from "./requests.ts";
import type { Lane } from "./session.ts";

/** What a group commits: its writes, and the reads that they depend on. */
export interface Commit {
  readonly writes: PendingWrites;
  readonly reads: ReadonlySet<Key>;
  readonly claimed: ReadonlySet<Key>;
  readonly found: ReadonlyMap<Key, Found>;
}

/** See `commit_group` in the schema. */
export const COMMIT_GROUP: Statement = {
  name: "commit_group",
  text: `SELECT commit_group(${Array.from({ length: 19 }, (_, at) => `$${at + 1}`).join(", ")})`,
};

const NOTHING: Uint8Array = new Uint8Array();

/** The values of {@link COMMIT_GROUP}; every array in key order. */
export function commitValues(lane: Lane, commit: Commit): Value[] {
  const shared = lists();
  const changed = lists();
  const removed = lists();
  const fresh = lists();
  const put = lists();
  const blind = lists();
  const deleted = lists();
  const keys = new Set<Key>(commit.reads);
  for (const key of commit.writes.entries.keys()) keys.add(key);
  for (const key of [...keys].sort()) {
    const written = commit.writes.entries.has(key);
    const value = commit.writes.entries.get(key);
    if (!commit.reads.has(key)) {
      if (value !== undefined) push(put, key, value);
      else push(commit.claimed.has(key) ? deleted : blind, key);
      continue;
    }
    const version = commit.found.get(key)?.version ?? 0;
    if (version === 0) {
      push(fresh, key, value ?? NOTHING);
      if (value === undefined) push(deleted, key);
    } else if (!written) push(shared, key, NOTHING, version);
    else if (value === undefined) push(removed, key, NOTHING, version);
    else push(changed, key, value, version);
  }
  const { cleared, added, amounts } = totalChanges(commit.writes);
  return [
    String(lane.id),
    String(lane.sequence + 1),
    lane.slot,
    keyArray(shared.keys),
    xidArray(shared.versions),
    keyArray(changed.keys),
    bytesArray(changed.values),
    xidArray(changed.versions),
    keyArray(removed.keys),
    xidArray(removed.versions),
    keyArray(fresh.keys),
    bytesArray(fresh.values),
    keyArray(put.keys),
    bytesArray(put.values),
    keyArray(blind.keys),
    keyArray(deleted.keys),
    keyArray(cleared),
    keyArray(added),
    int8Array(amounts),
  ];
}

interface Lists {
  readonly keys: Key[];
  readonly values: Uint8Array[];
  readonly versions: number[];
}

function lists(): Lists {
  return { keys: [], values: [], versions: [] };
}

function push(to: Lists, key: Key, value: Uint8Array = NOTHING, version = 0): void {
  to.keys.push(key);
  to.values.push(value);
  to.versions.push(version);
}

function totalChanges(writes: PendingWrites): { cleared: Key[]; added: Key[]; amounts: number[] } {
  const cleared: Key[] = [];
  const added: Key[] = [];
  const amounts: number[] = [];
  for (const key of [...writes.totals.keys()].sort()) {
    const change = writes.totals.get(key);
    if (change?.cleared) cleared.push(key);
    if (!change?.amount) continue;
    added.push(key);
    amounts.push(change.amount);
  }
  return { cleared, added, amounts };
}
