import { encodeRecord } from "../../kernel/record.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import { quotaExceeded } from "./errors.ts";
import { VERSION } from "./keys.ts";
import { MAX_VERSIONS } from "./limits.ts";
import { findVersion, saveMachine } from "./machines.ts";
import type { MachineRecord, RevisionRecord, VersionRecord } from "./records.ts";

/** What a request that makes a revision asks of a version of it, as the revision keeps it. */
export function publicationOf(input: {
  readonly publish?: boolean | undefined;
  readonly versionDescription?: string | undefined;
}): Pick<RevisionRecord, "publication"> {
  const { publish, versionDescription: description } = input;
  return publish === true
    ? { publication: { ...(description !== undefined && { description }) } }
    : {};
}

/** Makes a version of a machine's current revision, or answers the one there is. Throws ServiceQuotaExceededException. */
export async function publishVersion(
  tx: Tx,
  options: {
    readonly machine: MachineRecord;
    readonly description?: string | undefined;
    readonly nowMs: number;
  },
): Promise<VersionRecord> {
  const { machine, description, nowMs } = options;
  const existing = await currentVersion(tx, machine);
  if (existing !== undefined) return existing;
  const versions = await tx.range(VERSION.below(machine.uid), { limit: MAX_VERSIONS });
  if (versions.length >= MAX_VERSIONS) {
    throw quotaExceeded(`The state machine has reached its maximum of ${MAX_VERSIONS} versions.`);
  }
  const version: VersionRecord = {
    version: machine.lastVersion + 1,
    revisionId: machine.revisionId,
    ...(description !== undefined && { description }),
    createdMs: nowMs,
  };
  tx.put(VERSION.key(machine.uid, version.version), encodeRecord(version));
  saveMachine(tx, { ...machine, lastVersion: version.version });
  return version;
}

/** The version that was made of a machine's current revision, when there is one. */
async function currentVersion(
  reader: Reader,
  machine: MachineRecord,
): Promise<VersionRecord | undefined> {
  const last = await findVersion(reader, machine, machine.lastVersion);
  return last?.revisionId === machine.revisionId ? last : undefined;
}
