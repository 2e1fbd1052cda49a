import assert from "node:assert/strict";
import { test } from "node:test";
import { callerOf } from "../../../src/kernel/caller.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import type { Context } from "../../../src/kernel/operation.ts";
import type { OperationRegistry } from "../../../src/kernel/registry.ts";
import { systemRandom } from "../../../src/random.ts";
import { constrained } from "../../../src/services/stepfunctions/constraints.ts";
import { createStateMachine } from "../../../src/services/stepfunctions/operations/create-state-machine.ts";
import { updateStateMachine } from "../../../src/services/stepfunctions/operations/update-state-machine.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { ROLE, START_MS } from "./workshop.ts";

test("no transaction waits for the services that a definition names [CreateStateMachine, UpdateStateMachine]", async () => {
  const store = memoryStore(silentLog);
  let transactions = 0;
  let looks = 0;
  const operations: OperationRegistry = {
    call: () => Promise.reject(new Error("nothing is called")),
    callWithin: () => Promise.reject(new Error("nothing is called")),
    isTransaction: () => Promise.resolve(false),
    async modelOf() {
      assert.equal(transactions, 0, "a service is looked at outside of transactions");
      looks += 1;
      return undefined;
    },
  };
  const context: Context = {
    caller: callerOf("key", "us-east-1"),
    requestId: "r",
    baseUrl: "http://localhost",
    nowMs: START_MS,
    signal: new AbortController().signal,
  };
  const send = { Type: "Task", Resource: "arn:aws:states:::sqs:sendMessage", End: true };
  const definition = JSON.stringify({ StartAt: "S", States: { S: { ...send, Parameters: {} } } });
  const engine = { store, operations, random: systemRandom() };
  const service = constrained({
    CreateStateMachine: createStateMachine(engine),
    UpdateStateMachine: updateStateMachine(engine),
  });
  const call = async (name: string, given: object) => {
    const operation = service[name];
    assert.ok(operation?.kind === "transaction");
    const input = (await operation.prepare?.(context, given)) ?? given;
    return store.transact(async (tx) => {
      transactions += 1;
      const output = await operation.run(context, input, tx);
      transactions -= 1;
      return output;
    });
  };
  const made = await call("CreateStateMachine", { name: "m", definition, roleArn: ROLE });
  const { stateMachineArn } = made;
  await call("UpdateStateMachine", { stateMachineArn, definition });
  assert.equal(looks, 2);
  await store.close();
});
