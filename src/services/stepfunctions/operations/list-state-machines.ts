import type { ListStateMachinesInput, ListStateMachinesOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { MACHINE } from "../keys.ts";
import { arnOfMachine } from "../machines.ts";
import { readPage } from "../page.ts";
import type { MachineRecord } from "../records.ts";

/** Lists the caller's state machines by name. */
export function listStateMachines(): Operation<ListStateMachinesInput, ListStateMachinesOutput> {
  return transaction(async (context, input, tx) => {
    const { accountId, region } = context.caller;
    const page = await readPage(tx, MACHINE.below(accountId, region), {
      ...input,
      nowMs: context.nowMs,
    });
    const stateMachines = page.entries.map(({ value }) => {
      const machine = decodeRecord<MachineRecord>(value);
      const { name, type, createdMs } = machine;
      return {
        stateMachineArn: arnOfMachine(machine),
        name,
        type,
        creationDate: new Date(createdMs),
      };
    });
    return { stateMachines, ...(page.nextToken !== undefined && { nextToken: page.nextToken }) };
  });
}
