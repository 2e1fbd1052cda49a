import assert from "node:assert/strict";
import { test } from "node:test";
import { inMemory, Workshop } from "./workshop.ts";

// On one store only: the interpreter counts the events, and so many of them take a while.
test("a history of 25,000 events ends the execution [history limit]", async () => {
  const workshop = await Workshop.open(await inMemory());
  try {
    const ran = await workshop.run({
      StartAt: "A",
      States: {
        A: { Type: "Pass", Next: "B" },
        B: {
          Type: "Choice",
          Choices: [{ Variable: "$.x", IsPresent: true, Next: "S" }],
          Default: "A",
        },
        S: { Type: "Succeed" },
      },
    });
    assert.deepEqual([ran.status, ran.error], ["FAILED", "States.Runtime"]);
    assert.match(ran.cause ?? "", /maximum number of history events \(25000\)/);
    const { events = [] } = await workshop.sfn.getExecutionHistory({
      executionArn: ran.arn,
      reverseOrder: true,
      maxResults: 1,
    });
    assert.deepEqual([events[0]?.id, events[0]?.type], [25_000, "ExecutionFailed"]);
  } finally {
    await workshop.close();
  }
});
