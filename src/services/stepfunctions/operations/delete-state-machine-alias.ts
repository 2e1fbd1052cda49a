import type {
  DeleteStateMachineAliasInput,
  DeleteStateMachineAliasOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { ALIAS } from "../keys.ts";
import { requireAlias } from "../machines.ts";

/** Deletes an alias. */
export function deleteStateMachineAlias(): Operation<
  DeleteStateMachineAliasInput,
  DeleteStateMachineAliasOutput
> {
  return transaction(async (_context, input, tx) => {
    const { machine, alias } = await requireAlias(tx, input.stateMachineAliasArn ?? "");
    tx.delete(ALIAS.key(machine.uid, alias.name));
    return {};
  });
}
