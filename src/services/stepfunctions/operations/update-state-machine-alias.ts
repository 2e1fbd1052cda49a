import type {
  UpdateStateMachineAliasInput,
  UpdateStateMachineAliasOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { encodeRecord } from "../../../kernel/record.ts";
import { validationError } from "../errors.ts";
import { ALIAS } from "../keys.ts";
import { holdMachine, requireAlias } from "../machines.ts";
import type { AliasRecord } from "../records.ts";
import { checkRouting } from "../routing.ts";

/** Changes an alias's description or routing. */
export function updateStateMachineAlias(): Operation<
  UpdateStateMachineAliasInput,
  UpdateStateMachineAliasOutput
> {
  return transaction(async (context, input, tx) => {
    const { description, routingConfiguration } = input;
    if (description === undefined && routingConfiguration === undefined) {
      throw validationError(
        "Either description or routingConfiguration must be specified",
        "MISSING_REQUIRED_PARAMETER",
      );
    }
    const { machine, alias } = await requireAlias(tx, input.stateMachineAliasArn ?? "");
    if (
      routingConfiguration !== undefined &&
      (await checkRouting(tx, routingConfiguration)).uid !== machine.uid
    ) {
      throw validationError(
        "The versions must be of the alias's state machine",
        "INVALID_ROUTING_CONFIGURATION",
      );
    }
    const updated: AliasRecord = {
      ...alias,
      ...(description !== undefined && { description }),
      ...(routingConfiguration !== undefined && { routing: routingConfiguration }),
      updatedMs: context.nowMs,
    };
    holdMachine(tx, machine);
    tx.put(ALIAS.key(machine.uid, alias.name), encodeRecord(updated));
    return { updateDate: new Date(context.nowMs) };
  });
}
