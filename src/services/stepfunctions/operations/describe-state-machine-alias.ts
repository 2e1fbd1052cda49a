import type {
  DescribeStateMachineAliasInput,
  DescribeStateMachineAliasOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { arnOfAlias, requireAlias } from "../machines.ts";

/** Describes an alias. */
export function describeStateMachineAlias(): Operation<
  DescribeStateMachineAliasInput,
  DescribeStateMachineAliasOutput
> {
  return transaction(async (_context, input, tx) => {
    const { machine, alias } = await requireAlias(tx, input.stateMachineAliasArn ?? "");
    return {
      stateMachineAliasArn: arnOfAlias(machine, alias.name),
      name: alias.name,
      ...(alias.description !== undefined && { description: alias.description }),
      routingConfiguration: [...alias.routing],
      creationDate: new Date(alias.createdMs),
      updateDate: new Date(alias.updatedMs),
    };
  });
}
