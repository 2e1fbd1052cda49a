import type {
  ListStateMachineAliasesInput,
  ListStateMachineAliasesOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { parseMachineArn, qualifiedArn } from "../arns.ts";
import { stateMachineDoesNotExist } from "../errors.ts";
import { ALIAS } from "../keys.ts";
import { arnOfAlias, findMachine, refuseLabel } from "../machines.ts";
import { readPage } from "../page.ts";
import type { AliasRecord } from "../records.ts";

/** Lists the aliases of a state machine, or of one of its versions. */
export function listStateMachineAliases(): Operation<
  ListStateMachineAliasesInput,
  ListStateMachineAliasesOutput
> {
  return transaction(async (_context, input, tx) => {
    const arn = input.stateMachineArn ?? "";
    const ref = parseMachineArn(arn);
    refuseLabel(ref);
    const machine = await findMachine(tx, ref);
    if (machine === undefined || ref.alias !== undefined) throw stateMachineDoesNotExist(arn);
    const page = await readPage(tx, ALIAS.below(machine.uid), input);
    const version =
      ref.version === undefined ? undefined : qualifiedArn(machine, machine.name, ref.version);
    const stateMachineAliases = page.entries
      .map(({ value }) => decodeRecord<AliasRecord>(value))
      .filter(
        ({ routing }) =>
          version === undefined || routing.some((item) => item.stateMachineVersionArn === version),
      )
      .map(({ name, createdMs }) => ({
        stateMachineAliasArn: arnOfAlias(machine, name),
        creationDate: new Date(createdMs),
      }));
    return {
      stateMachineAliases,
      ...(page.nextToken !== undefined && { nextToken: page.nextToken }),
    };
  });
}
