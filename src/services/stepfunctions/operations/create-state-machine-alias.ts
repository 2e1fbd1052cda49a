import type {
  CreateStateMachineAliasInput,
  CreateStateMachineAliasOutput,
} from "@aws-sdk/client-sfn";
import { isDeepStrictEqual } from "node:util";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { encodeRecord } from "../../../kernel/record.ts";
import { conflict, quotaExceeded, stateMachineDeleting } from "../errors.ts";
import { ALIAS } from "../keys.ts";
import { MAX_ALIASES } from "../limits.ts";
import { arnOfAlias, arnOfMachine, findAlias, holdMachine } from "../machines.ts";
import type { AliasRecord } from "../records.ts";
import { checkRouting } from "../routing.ts";

/** Makes an alias, or answers the one there is when it is the same. */
export function createStateMachineAlias(): Operation<
  CreateStateMachineAliasInput,
  CreateStateMachineAliasOutput
> {
  return transaction(async (context, input, tx) => {
    const { name = "", description, routingConfiguration = [] } = input;
    const machine = await checkRouting(tx, routingConfiguration);
    if (machine.status === "DELETING") throw stateMachineDeleting(arnOfMachine(machine));
    const alias: AliasRecord = {
      name,
      ...(description !== undefined && { description }),
      routing: routingConfiguration,
      createdMs: context.nowMs,
      updatedMs: context.nowMs,
    };
    const stateMachineAliasArn = arnOfAlias(machine, name);
    const existing = await findAlias(tx, machine, name);
    if (existing !== undefined) {
      const isSame =
        existing.description === description &&
        isDeepStrictEqual(existing.routing, routingConfiguration);
      if (!isSame) throw conflict(`State Machine Alias already exists: '${stateMachineAliasArn}'`);
      return { stateMachineAliasArn, creationDate: new Date(existing.createdMs) };
    }
    if ((await tx.range(ALIAS.below(machine.uid), { limit: MAX_ALIASES })).length >= MAX_ALIASES) {
      throw quotaExceeded(`The state machine has reached its maximum of ${MAX_ALIASES} aliases.`);
    }
    holdMachine(tx, machine);
    tx.put(ALIAS.key(machine.uid, name), encodeRecord(alias));
    return { stateMachineAliasArn, creationDate: new Date(context.nowMs) };
  });
}
