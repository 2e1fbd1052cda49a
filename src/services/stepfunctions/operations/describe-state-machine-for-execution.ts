import type {
  DescribeStateMachineForExecutionInput,
  DescribeStateMachineForExecutionOutput,
} from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { parseMachineArn } from "../arns.ts";
import { NO_DEFINITION } from "../configuration.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import { requireExecution } from "../execution/executions.ts";
import { graphAt } from "../interpreter/transition.ts";
import { processorText } from "../processor.ts";
import { variableReferences } from "../variable-references.ts";

/** Describes the state machine as it was when the execution started. */
export function describeStateMachineForExecution(
  engine: Engine,
): Operation<DescribeStateMachineForExecutionInput, DescribeStateMachineForExecutionOutput> {
  return transaction(async (_context, input, tx) => {
    const { record } = await requireExecution(tx, input.executionArn ?? "");
    const { record: revision, definition } = await revisionOf(engine, tx, record);
    const { mapRun } = record;
    const graph = mapRun === undefined ? definition : graphAt(definition, mapRun.graph);
    const { label } = parseMachineArn(record.machineArn);
    const text =
      mapRun === undefined ? revision.definition : processorText(revision.definition, mapRun.graph);
    return {
      stateMachineArn: record.machineArn,
      name: record.machineName,
      definition: input.includedData === "METADATA_ONLY" ? NO_DEFINITION : text,
      roleArn: revision.roleArn,
      updateDate: new Date(revision.createdMs),
      loggingConfiguration: revision.logging,
      tracingConfiguration: revision.tracing,
      encryptionConfiguration: revision.encryption,
      ...(mapRun !== undefined && { mapRunArn: mapRun.arn }),
      ...(label !== undefined && { label }),
      ...(!revision.isInitial && { revisionId: revision.revisionId }),
      ...(input.includedData !== "METADATA_ONLY" && {
        variableReferences: variableReferences(graph),
      }),
    };
  });
}
