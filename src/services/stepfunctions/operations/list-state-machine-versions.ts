import type {
  ListStateMachineVersionsInput,
  ListStateMachineVersionsOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { parseMachineArn } from "../arns.ts";
import { VERSION } from "../keys.ts";
import { arnOfVersion, findMachine, refuseLabel } from "../machines.ts";
import { readPage } from "../page.ts";
import type { VersionRecord } from "../records.ts";

/** Lists a state machine's versions, the newest first. */
export function listStateMachineVersions(): Operation<
  ListStateMachineVersionsInput,
  ListStateMachineVersionsOutput
> {
  return transaction(async (context, input, tx) => {
    const ref = parseMachineArn(input.stateMachineArn ?? "");
    refuseLabel(ref);
    const machine = await findMachine(tx, ref);
    // The one list of what a machine has that knows no StateMachineDoesNotExist.
    if (machine === undefined || ref.version !== undefined || ref.alias !== undefined)
      return { stateMachineVersions: [] };
    const page = await readPage(tx, VERSION.below(machine.uid), {
      ...input,
      reverse: true,
      nowMs: context.nowMs,
    });
    const stateMachineVersions = page.entries.map(({ value }) => {
      const { version, createdMs } = decodeRecord<VersionRecord>(value);
      return {
        stateMachineVersionArn: arnOfVersion(machine, version),
        creationDate: new Date(createdMs),
      };
    });
    return {
      stateMachineVersions,
      ...(page.nextToken !== undefined && { nextToken: page.nextToken }),
    };
  });
}
