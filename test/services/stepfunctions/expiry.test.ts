import assert from "node:assert/strict";
import { test } from "node:test";
import {
  EXECUTION,
  HISTORY,
  MAP_RUN,
  MAP_RUN_BY_EXECUTION,
  MAP_RUN_PROGRESS,
  MAP_RUN_RESULT,
  PROGRESS,
} from "../../../src/services/stepfunctions/keys.ts";
import { inMemory, Workshop } from "./workshop.ts";

/** More map runs than are looked up at once. */
const MAP_RUNS = 520;
const RETENTION_SECONDS = 90 * 86_400;

test("90 days after its end nothing is left of an execution, however many map runs it had", async () => {
  const workshop = await Workshop.open(await inMemory());
  const left = (): Promise<number> =>
    workshop.server.store.read(async (reader) => {
      let count = 0;
      for (const range of [
        EXECUTION.below(),
        PROGRESS.below(),
        HISTORY.below(),
        MAP_RUN.below(),
        MAP_RUN_BY_EXECUTION.below(),
        MAP_RUN_PROGRESS.below(),
        MAP_RUN_RESULT.below(),
      ])
        count += (await reader.range(range, { limit: 10_000 })).length;
      return count;
    });
  const each = {
    Type: "Map",
    ItemProcessor: {
      ProcessorConfig: { Mode: "DISTRIBUTED", ExecutionType: "EXPRESS" },
      StartAt: "P",
      States: { P: { Type: "Pass", End: true } },
    },
    End: true,
  };
  try {
    const items = Array.from({ length: MAP_RUNS }, () => [1]);
    const ran = await workshop.run(
      {
        StartAt: "All",
        States: {
          All: {
            Type: "Map",
            ItemProcessor: { StartAt: "Each", States: { Each: each } },
            End: true,
          },
        },
      },
      items,
    );
    assert.deepEqual([ran.status, ran.output], ["SUCCEEDED", items], ran.cause);
    assert.ok((await left()) > 5 * MAP_RUNS);
    await workshop.advance(RETENTION_SECONDS);
    assert.equal(await left(), 0);
  } finally {
    await workshop.close();
  }
});
