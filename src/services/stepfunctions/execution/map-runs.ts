import { decodeRecord } from "../../../kernel/record.ts";
import type { Reader } from "../../../kernel/store.ts";
import { checkMapRunArn } from "../arns.ts";
import { resourceNotFound } from "../errors.ts";
import { MAP_RUN, MAP_RUN_PROGRESS } from "../keys.ts";
import type { MapRunProgress, MapRunRecord } from "../records.ts";
import { uidOf } from "../uids.ts";

/** A map run as it is stored. */
export interface StoredMapRun {
  readonly record: MapRunRecord;
  readonly progress: MapRunProgress;
}

/** How many map runs' records a node keeps. */
const MAX_RECORDS = 64;

/** Records of the map runs that this node looks after: they never change, and are as long as their items. */
export class MapRunRecords {
  readonly #records = new Map<string, MapRunRecord>();

  find(uid: string): MapRunRecord | undefined {
    return this.#records.get(uid);
  }

  keep(record: MapRunRecord): void {
    this.#records.set(record.uid, record);
    for (const oldest of this.#records.keys()) {
      if (this.#records.size <= MAX_RECORDS) break;
      this.#records.delete(oldest);
    }
  }

  forget(uid: string): void {
    this.#records.delete(uid);
  }
}

/** The map run of an ARN. Throws InvalidArn, ResourceNotFound. */
export async function requireMapRun(reader: Reader, arn: string): Promise<StoredMapRun> {
  checkMapRunArn(arn);
  const found = await findMapRun(reader, uidOf(arn));
  if (found === undefined) throw resourceNotFound(arn);
  return found;
}

/** The map run with a uid; undefined when there is none. */
export async function findMapRun(reader: Reader, uid: string): Promise<StoredMapRun | undefined> {
  const [record, progress] = await reader.getMany([MAP_RUN.key(uid), MAP_RUN_PROGRESS.key(uid)]);
  if (record === undefined || progress === undefined) return undefined;
  return {
    record: decodeRecord<MapRunRecord>(record),
    progress: decodeRecord<MapRunProgress>(progress),
  };
}
