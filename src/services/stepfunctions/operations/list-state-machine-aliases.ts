import type {
  ListStateMachineAliasesInput,
  ListStateMachineAliasesOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import type { Reader } from "../../../kernel/store.ts";
import type { Key } from "../../../kernel/tuple.ts";
import { parseMachineArn, qualifiedArn } from "../arns.ts";
import { stateMachineDeleting, stateMachineDoesNotExist } from "../errors.ts";
import { ALIAS } from "../keys.ts";
import { MAX_ALIASES } from "../limits.ts";
import { arnOfAlias, findMachine, refuseLabel } from "../machines.ts";
import { afterToken, firstPage } from "../page.ts";
import type { AliasRecord, MachineRecord } from "../records.ts";

/** Lists the aliases of a state machine, or of one of its versions, the newest first. */
export function listStateMachineAliases(): Operation<
  ListStateMachineAliasesInput,
  ListStateMachineAliasesOutput
> {
  return transaction(async (context, input, tx) => {
    const arn = input.stateMachineArn ?? "";
    const ref = parseMachineArn(arn);
    refuseLabel(ref);
    const machine = await findMachine(tx, ref);
    if (machine === undefined || ref.alias !== undefined) throw stateMachineDoesNotExist(arn);
    if (machine.status === "DELETING") throw stateMachineDeleting(arn);
    const request = { ...input, reverse: true, nowMs: context.nowMs };
    const { from, to } = afterToken(ALIAS.below(machine.uid), request);
    const version =
      ref.version === undefined ? undefined : qualifiedArn(machine, machine.name, ref.version);
    const isOfVersion = ({ routing }: AliasRecord): boolean =>
      version === undefined || routing.some((item) => item.stateMachineVersionArn === version);
    const found = (await newestFirst(tx, machine)).filter(
      ({ key, alias }) => key >= from && key < to && isOfVersion(alias),
    );
    const { entries, ...next } = firstPage(found, request);
    const stateMachineAliases = entries.map(({ alias: { name, createdMs } }) => ({
      stateMachineAliasArn: arnOfAlias(machine, name),
      creationDate: new Date(createdMs),
    }));
    return { stateMachineAliases, ...next };
  });
}

/** A machine's aliases; their keys have their places in the order of time, for the tokens of pages. */
async function newestFirst(
  reader: Reader,
  machine: MachineRecord,
): Promise<{ key: Key; alias: AliasRecord }[]> {
  const entries = await reader.range(ALIAS.below(machine.uid), { limit: MAX_ALIASES });
  return entries
    .map(({ value }) => decodeRecord<AliasRecord>(value))
    .map((alias) => ({ key: ALIAS.key(machine.uid, timeAndName(alias)), alias }))
    .sort((one, other) => (one.key < other.key ? 1 : -1));
}

/** A text that sorts as the times do. */
function timeAndName({ createdMs, name }: AliasRecord): string {
  return `${new Date(createdMs).toISOString()} ${name}`;
}
