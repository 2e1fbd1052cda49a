import type { UpdateMapRunInput, UpdateMapRunOutput } from "@aws-sdk/client-sfn";
import { transaction } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { driveMapRun, saveProgress } from "../execution/lifecycle.ts";
import { requireMapRun } from "../execution/map-runs.ts";
import type { Engine } from "../engine.ts";
import { validationError } from "../errors.ts";

/** Changes how many children of a running map run may run at once, and how many may fail. */
export function updateMapRun(engine: Engine): Operation<UpdateMapRunInput, UpdateMapRunOutput> {
  return transaction(async (_context, input, tx) => {
    const { maxConcurrency, toleratedFailureCount, toleratedFailurePercentage } = input;
    const { record, progress } = await requireMapRun(tx, input.mapRunArn ?? "");
    if (progress.status !== "RUNNING") {
      throw validationError(
        "A Map Run that has completed cannot be updated",
        "CANNOT_UPDATE_COMPLETED_MAP_RUN",
      );
    }
    saveProgress(tx, record.uid, {
      ...progress,
      ...(maxConcurrency !== undefined && { maxConcurrency }),
      ...(toleratedFailureCount !== undefined && { toleratedFailureCount }),
      ...(toleratedFailurePercentage !== undefined && { toleratedFailurePercentage }),
    });
    await driveMapRun(tx, engine, record.uid);
    return {};
  });
}
