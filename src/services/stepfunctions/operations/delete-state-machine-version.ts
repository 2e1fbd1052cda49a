import type {
  DeleteStateMachineVersionInput,
  DeleteStateMachineVersionOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { parseMachineArn } from "../arns.ts";
import { conflict, validationError } from "../errors.ts";
import { ALIAS, VERSION } from "../keys.ts";
import { MAX_ALIASES } from "../limits.ts";
import { arnOfVersion, findMachine, findVersion, holdMachine } from "../machines.ts";
import type { AliasRecord } from "../records.ts";

/** Deletes a version that no alias points to; one that does not exist is deleted already. */
export function deleteStateMachineVersion(): Operation<
  DeleteStateMachineVersionInput,
  DeleteStateMachineVersionOutput
> {
  return transaction(async (_context, input, tx) => {
    const ref = parseMachineArn(input.stateMachineVersionArn ?? "");
    if (ref.version === undefined) throw validationError("The ARN is not a version ARN");
    const machine = await findMachine(tx, ref);
    const version = machine && (await findVersion(tx, machine, ref.version));
    if (machine === undefined || version === undefined) return {};
    const arn = arnOfVersion(machine, ref.version);
    const entries = await tx.range(ALIAS.below(machine.uid), { limit: MAX_ALIASES });
    const users = entries
      .map(({ value }) => decodeRecord<AliasRecord>(value))
      .filter(({ routing }) =>
        routing.some(({ stateMachineVersionArn }) => stateMachineVersionArn === arn),
      )
      .map(({ name }) => name);
    if (users.length > 0) {
      throw conflict(
        `Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [${users.join(", ")}]`,
      );
    }
    holdMachine(tx, machine);
    tx.delete(VERSION.key(machine.uid, ref.version));
    return {};
  });
}
