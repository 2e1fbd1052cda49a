import type {
  ListStateMachineVersionsInput,
  ListStateMachineVersionsOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { decodeRecord } from "../../../kernel/record.ts";
import { VERSION } from "../keys.ts";
import { arnOfVersion, requireMachine } from "../machines.ts";
import { readPage } from "../page.ts";
import type { VersionRecord } from "../records.ts";

/** Lists a state machine's versions, the newest first. */
export function listStateMachineVersions(): Operation<
  ListStateMachineVersionsInput,
  ListStateMachineVersionsOutput
> {
  return transaction(async (_context, input, tx) => {
    const machine = await requireMachine(tx, input.stateMachineArn ?? "");
    const page = await readPage(tx, VERSION.below(machine.uid), { ...input, reverse: true });
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
