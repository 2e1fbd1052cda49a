import type { DescribeStateMachineInput, DescribeStateMachineOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { labelledArn, parseMachineArn } from "../arns.ts";
import { NO_DEFINITION } from "../configuration.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import { stateMachineDoesNotExist } from "../errors.ts";
import { arnOfMachine, arnOfVersion, findMachine, resolveMachine } from "../machines.ts";
import { graphAt } from "../interpreter/transition.ts";
import { findLabelled, processorText } from "../processor.ts";
import { variableReferences } from "../variable-references.ts";

/** Describes a state machine's current revision, a version, or a Distributed Map's processor. */
export function describeStateMachine(
  engine: Engine,
): Operation<DescribeStateMachineInput, DescribeStateMachineOutput> {
  return transaction(async (_context, input, tx) => {
    const arn = input.stateMachineArn ?? "";
    const ref = parseMachineArn(arn);
    const labelled = ref.label === undefined ? undefined : await findMachine(tx, ref);
    if (ref.label !== undefined && labelled === undefined) throw stateMachineDoesNotExist(arn);
    const resolved = labelled
      ? { machine: labelled, revisionId: labelled.revisionId }
      : await resolveMachine(tx, arn, engine.random);
    const { machine, revisionId, version } = resolved;
    const { record, definition } = await revisionOf(engine, tx, {
      machineUid: machine.uid,
      revisionId,
    });
    const graph = ref.label === undefined ? undefined : findLabelled(definition, ref.label);
    if (ref.label !== undefined && graph === undefined) throw stateMachineDoesNotExist(arn);
    const withData = input.includedData !== "METADATA_ONLY";
    return {
      stateMachineArn:
        ref.label !== undefined
          ? labelledArn(machine, machine.name, ref.label)
          : version === undefined
            ? arnOfMachine(machine)
            : arnOfVersion(machine, version.version),
      name: machine.name,
      status: machine.status,
      definition: !withData
        ? NO_DEFINITION
        : graph === undefined
          ? record.definition
          : processorText(record.definition, graph),
      roleArn: record.roleArn,
      type: machine.type,
      creationDate: new Date(version?.createdMs ?? machine.createdMs),
      loggingConfiguration: record.logging,
      tracingConfiguration: record.tracing,
      encryptionConfiguration: record.encryption,
      ...(ref.label !== undefined && { label: ref.label }),
      ...(withData && {
        variableReferences: variableReferences(graph ? graphAt(definition, graph) : definition),
      }),
      ...(!record.isInitial && { revisionId }),
      ...(version?.description !== undefined && { description: version.description }),
    };
  });
}
