import type {
  PublishStateMachineVersionInput,
  PublishStateMachineVersionOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import { conflict, stateMachineDeleting } from "../errors.ts";
import { arnOfVersion, requireMachine } from "../machines.ts";
import { publishVersion } from "../versions.ts";

/** Makes a version of the current revision, or answers the one there is. */
export function publishStateMachineVersion(
  engine: Engine,
): Operation<PublishStateMachineVersionInput, PublishStateMachineVersionOutput> {
  return transaction(async (context, input, tx) => {
    const arn = input.stateMachineArn ?? "";
    const machine = await requireMachine(tx, arn);
    if (machine.status === "DELETING") throw stateMachineDeleting(arn);
    const { record } = await revisionOf(engine, tx, {
      machineUid: machine.uid,
      revisionId: machine.revisionId,
    });
    // The first revision has no id of its own on the wire.
    const current = record.isInitial ? "INITIAL" : machine.revisionId;
    if (input.revisionId !== undefined && input.revisionId !== current) {
      throw conflict(
        `Failed to publish the State Machine version for revision ${input.revisionId}. The current State Machine revision is ${current}.`,
      );
    }
    const version = await publishVersion(tx, {
      machine,
      description: input.description,
      nowMs: context.nowMs,
    });
    return {
      creationDate: new Date(version.createdMs),
      stateMachineVersionArn: arnOfVersion(machine, version.version),
    };
  });
}
