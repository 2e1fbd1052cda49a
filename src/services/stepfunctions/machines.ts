import { decodeRecord, encodeRecord } from "../../kernel/record.ts";
import type { Random } from "../../kernel/random.ts";
import type { Reader, Tx } from "../../kernel/store.ts";
import { machineArn, parseMachineArn, qualifiedArn } from "./arns.ts";
import type { MachineRef } from "./arns.ts";
import { resourceNotFound, stateMachineDoesNotExist, validationError } from "./errors.ts";
import { ALIAS, MACHINE, VERSION } from "./keys.ts";
import type { AliasRecord, MachineRecord, VersionRecord } from "./records.ts";

/** A state machine's record; undefined when there is none. */
export async function findMachine(
  reader: Reader,
  ref: Omit<MachineRef, "version">,
): Promise<MachineRecord | undefined> {
  const value = await reader.get(MACHINE.key(ref.accountId, ref.region, ref.name));
  return value && decodeRecord<MachineRecord>(value);
}

/** Writes a machine as it is now. */
export function saveMachine(tx: Tx, machine: MachineRecord): void {
  tx.put(MACHINE.key(machine.accountId, machine.region, machine.name), encodeRecord(machine));
}

/**
 * Has this transaction exclude every other that changes the versions or aliases of the machine it read: what
 * is decided on lists of them is not checked at the commit, but what was read of the machine is.
 */
export function holdMachine(tx: Tx, machine: MachineRecord): void {
  saveMachine(tx, machine);
}

/** A state machine by its plain ARN. Throws InvalidArn, ValidationException, StateMachineDoesNotExist. */
export async function requireMachine(reader: Reader, arn: string): Promise<MachineRecord> {
  const ref = parseMachineArn(arn);
  refuseLabel(ref);
  const machine = await findMachine(reader, ref);
  if (machine === undefined || ref.version !== undefined || ref.alias !== undefined) {
    throw stateMachineDoesNotExist(arn);
  }
  return machine;
}

/** Operations that know no Distributed Map inside a machine refuse its ARN so. */
export function refuseLabel(ref: MachineRef): void {
  if (ref.label === undefined) return;
  throw validationError(
    "Labelled state machine ARNs are not supported by this API",
    "API_DOES_NOT_SUPPORT_LABELED_ARNS",
  );
}

/** What an ARN of a state machine, version or alias stands for. */
export interface ResolvedMachine {
  readonly machine: MachineRecord;
  readonly revisionId: string;
  readonly version?: VersionRecord;
  readonly alias?: AliasRecord;
}

/** Finds the revision that a plain or qualified ARN stands for; an alias chooses by weight. */
export async function resolveMachine(
  reader: Reader,
  arn: string,
  random: Random,
): Promise<ResolvedMachine> {
  const ref = parseMachineArn(arn);
  refuseLabel(ref);
  const machine = await findMachine(reader, ref);
  if (machine === undefined) throw stateMachineDoesNotExist(arn);
  if (ref.version !== undefined) {
    const version = await findVersion(reader, machine, ref.version);
    if (version === undefined) throw stateMachineDoesNotExist(arn);
    return { machine, revisionId: version.revisionId, version };
  }
  if (ref.alias === undefined) return { machine, revisionId: machine.revisionId };
  const alias = await findAlias(reader, machine, ref.alias);
  if (alias === undefined) throw stateMachineDoesNotExist(arn);
  const version = await findVersion(reader, machine, chooseVersion(alias, random));
  if (version === undefined) throw stateMachineDoesNotExist(arn);
  return { machine, revisionId: version.revisionId, version, alias };
}

/** A version of a machine; undefined when there is none. */
export async function findVersion(
  reader: Reader,
  machine: MachineRecord,
  version: number,
): Promise<VersionRecord | undefined> {
  // An ARN may have any digits at its end.
  if (!Number.isSafeInteger(version)) return undefined;
  const value = await reader.get(VERSION.key(machine.uid, version));
  return value && decodeRecord<VersionRecord>(value);
}

/** An alias of a machine; undefined when there is none. */
export async function findAlias(
  reader: Reader,
  machine: MachineRecord,
  name: string,
): Promise<AliasRecord | undefined> {
  const value = await reader.get(ALIAS.key(machine.uid, name));
  return value && decodeRecord<AliasRecord>(value);
}

/** An alias and its machine by the alias's ARN. Throws InvalidArn, ResourceNotFound. */
export async function requireAlias(
  reader: Reader,
  arn: string,
): Promise<{ machine: MachineRecord; alias: AliasRecord }> {
  const ref = parseMachineArn(arn);
  const machine = await findMachine(reader, ref);
  const alias =
    machine && ref.alias !== undefined ? await findAlias(reader, machine, ref.alias) : undefined;
  if (machine === undefined || alias === undefined) throw resourceNotFound(arn);
  return { machine, alias };
}

/** The ARN of a stored machine. */
export const arnOfMachine = (machine: MachineRecord): string => machineArn(machine, machine.name);

/** The ARN of a version of a stored machine. */
export const arnOfVersion = (machine: MachineRecord, version: number): string =>
  qualifiedArn(machine, machine.name, version);

/** The ARN of an alias of a stored machine. */
export const arnOfAlias = (machine: MachineRecord, alias: string): string =>
  qualifiedArn(machine, machine.name, alias);

/** The version number that an alias sends an execution to. */
function chooseVersion(alias: AliasRecord, random: Random): number {
  const [first, second] = alias.routing;
  const chosen =
    second === undefined || random.fraction() * 100 < (first?.weight ?? 0) ? first : second;
  return parseMachineArn(chosen?.stateMachineVersionArn ?? "").version ?? 0;
}
