import type { UpdateStateMachineInput, UpdateStateMachineOutput } from "@aws-sdk/client-sfn";
import { assert, ServiceError } from "../../../kernel/errors.ts";
import { preparedTransaction } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Reader } from "../../../kernel/store.ts";
import {
  checkDefinition,
  checkEncryption,
  checkLogging,
  checkTracing,
  NO_LOGGING,
  wholeEncryption,
} from "../configuration.ts";
import { checkRoleArn } from "../arns.ts";
import type { Engine } from "../engine.ts";
import { stateMachineDeleting, validationError } from "../errors.ts";
import { REVISION } from "../keys.ts";
import { arnOfVersion, requireMachine, saveMachine } from "../machines.ts";
import type { MachineRecord, RevisionRecord } from "../records.ts";
import { publicationOf, publishVersion } from "../versions.ts";

/** What {@link check} found to be right; the wire takes no such member. */
type Input = UpdateStateMachineInput & { readonly isChecked?: true };

/** Gives a state machine a new revision; executions that run keep theirs. */
export function updateStateMachine(
  engine: Pick<Engine, "store" | "operations" | "random">,
): Operation<Input, UpdateStateMachineOutput> {
  const prepare = async (_context: Context, input: Input): Promise<Input> => {
    await check(engine, input, await engine.store.read((reader) => findActive(reader, input)));
    return { ...input, isChecked: true };
  };
  return preparedTransaction(prepare, async (context, input, tx) => {
    const machine = await findActive(tx, input);
    if (input.isChecked === undefined) await check(engine, input, machine);
    const value = await tx.get(REVISION.key(machine.uid, machine.revisionId));
    assert(value, "a machine's current revision is stored");
    const revision = revise(decodeRecord<RevisionRecord>(value), input, {
      revisionId: engine.random.uuid(),
      nowMs: context.nowMs,
    });
    const updated: MachineRecord = {
      ...machine,
      revisionId: revision.revisionId,
      updatedMs: context.nowMs,
    };
    tx.put(REVISION.key(machine.uid, revision.revisionId), encodeRecord(revision));
    saveMachine(tx, updated);
    const output = { updateDate: new Date(context.nowMs), revisionId: revision.revisionId };
    if (input.publish !== true) return output;
    const { version } = await publishVersion(tx, {
      machine: updated,
      description: input.versionDescription,
      nowMs: context.nowMs,
    });
    return { ...output, stateMachineVersionArn: arnOfVersion(machine, version) };
  });
}

async function findActive(reader: Reader, { stateMachineArn = "" }: Input): Promise<MachineRecord> {
  const machine = await requireMachine(reader, stateMachineArn);
  if (machine.status === "DELETING") throw stateMachineDeleting(stateMachineArn);
  return machine;
}

async function check(
  engine: Pick<Engine, "operations">,
  input: UpdateStateMachineInput,
  machine: MachineRecord,
): Promise<void> {
  const {
    definition,
    roleArn,
    loggingConfiguration,
    tracingConfiguration,
    encryptionConfiguration,
  } = input;
  const changes = [
    definition,
    roleArn,
    loggingConfiguration,
    tracingConfiguration,
    encryptionConfiguration,
  ];
  if (changes.every((change) => change === undefined)) {
    throw new ServiceError(
      "MissingRequiredParameter",
      "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration, or the EncryptionConfiguration must be specified",
    );
  }
  if (roleArn !== undefined) checkRoleArn(roleArn);
  if (input.versionDescription !== undefined && input.publish !== true) {
    throw validationError("Version description can only be set when publish is true");
  }
  if (loggingConfiguration !== undefined) checkLogging(loggingConfiguration);
  if (tracingConfiguration !== undefined) checkTracing(tracingConfiguration);
  if (encryptionConfiguration !== undefined) checkEncryption(encryptionConfiguration);
  if (definition !== undefined) await checkDefinition(engine, definition, machine.type);
}

function revise(
  current: RevisionRecord,
  input: UpdateStateMachineInput,
  made: { revisionId: string; nowMs: number },
): RevisionRecord {
  return {
    revisionId: made.revisionId,
    createdMs: made.nowMs,
    definition: input.definition ?? current.definition,
    roleArn: input.roleArn ?? current.roleArn,
    logging: {
      ...(input.loggingConfiguration ? NO_LOGGING : current.logging),
      ...input.loggingConfiguration,
    },
    tracing: input.tracingConfiguration ?? current.tracing,
    encryption: input.encryptionConfiguration
      ? wholeEncryption(input.encryptionConfiguration)
      : current.encryption,
    isInitial: false,
    ...publicationOf(input),
  };
}
