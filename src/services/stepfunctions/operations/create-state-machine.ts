import type { CreateStateMachineInput, CreateStateMachineOutput } from "@aws-sdk/client-sfn";
import { assert } from "../../../kernel/errors.ts";
import { preparedTransaction } from "../../../kernel/operation.ts";
import type { Context, Operation } from "../../../kernel/operation.ts";
import { decodeRecord, encodeRecord } from "../../../kernel/record.ts";
import type { Tx } from "../../../kernel/store.ts";
import { isDeepStrictEqual } from "node:util";
import {
  checkDefinition,
  checkEncryption,
  checkLogging,
  checkTracing,
  NO_LOGGING,
  NO_TRACING,
  OWNED_KEY,
  wholeEncryption,
} from "../configuration.ts";
import { checkRoleArn } from "../arns.ts";
import type { Engine } from "../engine.ts";
import { stateMachineAlreadyExists, stateMachineDeleting, validationError } from "../errors.ts";
import { REVISION } from "../keys.ts";
import { arnOfMachine, arnOfVersion, findMachine, saveMachine } from "../machines.ts";
import type { MachineRecord, RevisionRecord } from "../records.ts";
import { addTags } from "../tags.ts";
import { newUid } from "../uids.ts";
import { checkName } from "../validation.ts";
import { publicationOf, publishVersion } from "../versions.ts";

/** What {@link check} found to be right; the wire takes no such member. */
type Input = CreateStateMachineInput & { readonly isChecked?: true };

/** Makes a state machine, or answers the one there is when nothing but role and tags differs. */
export function createStateMachine(
  engine: Pick<Engine, "operations" | "random">,
): Operation<Input, CreateStateMachineOutput> {
  const prepare = async (_context: Context, input: Input): Promise<Input> => {
    await check(engine, input);
    return { ...input, isChecked: true };
  };
  return preparedTransaction(prepare, async (context, input, tx) => {
    if (input.isChecked === undefined) await check(engine, input);
    const { accountId, region } = context.caller;
    const existing = await findMachine(tx, { accountId, region, name: input.name ?? "" });
    const machine = existing ?? newMachine(engine, context, input);
    const revision = newRevision(machine, input);
    if (existing === undefined) {
      tx.put(REVISION.key(machine.uid, machine.revisionId), encodeRecord(revision));
      saveMachine(tx, machine);
      await addTags(tx, arnOfMachine(machine), input.tags ?? []);
    } else {
      await checkSame(tx, { machine, revision, type: input.type ?? "STANDARD" });
    }
    const creationDate = new Date(machine.createdMs);
    const stateMachineArn = arnOfMachine(machine);
    if (input.publish !== true) return { stateMachineArn, creationDate };
    const { version } = await publishVersion(tx, {
      machine,
      description: input.versionDescription,
      nowMs: context.nowMs,
    });
    return {
      stateMachineArn,
      creationDate,
      stateMachineVersionArn: arnOfVersion(machine, version),
    };
  });
}

async function check(
  engine: Pick<Engine, "operations">,
  input: CreateStateMachineInput,
): Promise<void> {
  checkName(input.name ?? "");
  checkRoleArn(input.roleArn ?? "");
  if (input.versionDescription !== undefined && input.publish !== true) {
    throw validationError("Version description can only be set when publish is true");
  }
  checkLogging(input.loggingConfiguration ?? NO_LOGGING);
  checkTracing(input.tracingConfiguration ?? NO_TRACING);
  checkEncryption(input.encryptionConfiguration ?? OWNED_KEY);
  await checkDefinition(engine, input.definition ?? "", input.type ?? "STANDARD");
}

function newMachine(
  engine: Pick<Engine, "random">,
  context: Context,
  input: CreateStateMachineInput,
): MachineRecord {
  const { accountId, region } = context.caller;
  return {
    accountId,
    region,
    uid: newUid(engine.random),
    name: input.name ?? "",
    type: input.type ?? "STANDARD",
    status: "ACTIVE",
    createdMs: context.nowMs,
    updatedMs: context.nowMs,
    revisionId: engine.random.uuid(),
    lastVersion: 0,
  };
}

function newRevision(machine: MachineRecord, input: CreateStateMachineInput): RevisionRecord {
  return {
    revisionId: machine.revisionId,
    definition: input.definition ?? "",
    roleArn: input.roleArn ?? "",
    createdMs: machine.createdMs,
    logging: { ...NO_LOGGING, ...input.loggingConfiguration },
    tracing: input.tracingConfiguration ?? NO_TRACING,
    encryption: wholeEncryption(input.encryptionConfiguration),
    isInitial: true,
    ...publicationOf(input),
  };
}

async function checkSame(
  tx: Tx,
  { machine, revision, type }: { machine: MachineRecord; revision: RevisionRecord; type: string },
): Promise<void> {
  const arn = arnOfMachine(machine);
  if (machine.status === "DELETING") throw stateMachineDeleting(arn);
  const value = await tx.get(REVISION.key(machine.uid, machine.revisionId));
  assert(value, "a machine's current revision is stored");
  const current = decodeRecord<RevisionRecord>(value);
  const what = (made: RevisionRecord): unknown => [
    made.definition,
    made.logging,
    made.tracing,
    made.encryption,
    made.publication,
  ];
  if (machine.type !== type || !isDeepStrictEqual(what(current), what(revision)))
    throw stateMachineAlreadyExists(arn);
}
