import type { Deps } from "../../kernel/operation.ts";
import type { Reader } from "../../kernel/store.ts";
import type { Outbound } from "../../outbound.ts";
import { decodeRecord } from "../../kernel/record.ts";
import { assert } from "../../kernel/errors.ts";
import type { Cursors } from "./distributed/cursor.ts";
import type { MapRunRecords } from "./execution/map-runs.ts";
import type { Definitions, ParsedRevision } from "./definitions.ts";
import { REVISION } from "./keys.ts";
import type { RevisionRecord } from "./records.ts";

/** What every part of this service works with. */
export interface Engine extends Deps {
  readonly definitions: Definitions;
  readonly cursors: Cursors;
  readonly mapRuns: MapRunRecords;
  readonly outbound: Outbound;
}

/** A revision's definition, parsed once. */
export async function revisionOf(
  engine: Pick<Engine, "definitions">,
  reader: Reader,
  { machineUid, revisionId }: { readonly machineUid: string; readonly revisionId: string },
): Promise<ParsedRevision> {
  const found = engine.definitions.find(machineUid, revisionId);
  if (found !== undefined) return found;
  const value = await reader.get(REVISION.key(machineUid, revisionId));
  assert(value, `the revision ${machineUid}/${revisionId} is stored`);
  return engine.definitions.add(machineUid, decodeRecord<RevisionRecord>(value));
}
