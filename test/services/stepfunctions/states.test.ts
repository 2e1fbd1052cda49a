import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Workshop } from "./workshop.ts";

let workshop: Workshop;
before(async () => {
  workshop = await Workshop.open();
});
after(() => workshop.close());

test("Pass hands on its input, its result, and what its paths select [Pass state]", async () => {
  const ran = await workshop.run(
    {
      StartAt: "A",
      States: {
        A: { Type: "Pass", Result: { b: 1 }, ResultPath: "$.added", Next: "B" },
        B: { Type: "Pass", Parameters: { "c.$": "$.added.b", d: 2 }, End: true },
      },
    },
    { a: 1 },
  );
  assert.equal(ran.status, "SUCCEEDED");
  assert.deepEqual(ran.output, { c: 1, d: 2 });
  assert.deepEqual(await workshop.types(ran.arn), [
    "ExecutionStarted",
    "PassStateEntered",
    "PassStateExited",
    "PassStateEntered",
    "PassStateExited",
    "ExecutionSucceeded",
  ]);
  const history = await workshop.history(ran.arn);
  assert.deepEqual(
    history.map((event) => event.id),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(
    history.map((event) => event.previousEventId),
    [0, 0, 2, 3, 4, 5],
  );
  assert.equal(history[2]?.stateExitedEventDetails?.output, '{"a":1,"added":{"b":1}}');
});
