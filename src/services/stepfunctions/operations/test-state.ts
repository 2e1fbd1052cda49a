import type { TestStateInput, TestStateOutput } from "@aws-sdk/client-sfn";
import { conversation } from "../../../kernel/operation.ts";
import type { Operation } from "../../../kernel/operation.ts";
import { checkRoleArn } from "../arns.ts";
import type { Engine } from "../engine.ts";
import { failureOf } from "../interpreter/protocol.ts";
import { checkInput } from "../execution/start.ts";
import { inspect } from "../test-state/inspect.ts";
import { runTest } from "../test-state/run.ts";
import type { Tested } from "../test-state/run.ts";

/** Runs one state, for real or with a mock of its work, and shows what its fields did. */
export function testState(engine: Engine): Operation<TestStateInput, TestStateOutput> {
  return conversation(async (context, input) => {
    check(input);
    const { caller, signal } = context;
    const roleArn = input.roleArn ?? caller.principalArn;
    const tested = await runTest(engine, input, {
      caller: { ...caller, principalArn: roleArn },
      signal,
    });
    const level = input.inspectionLevel ?? "INFO";
    // What is still the input is told as it came.
    const text = (value: unknown): string =>
      value === tested.given.input ? (input.input ?? "{}") : JSON.stringify(value);
    return {
      ...outcomeOf(tested, text),
      ...(level !== "INFO" && { inspectionData: inspect(tested, { level, text }) }),
    };
  });
}

function check({ input, roleArn }: TestStateInput): void {
  if (roleArn !== undefined) checkRoleArn(roleArn);
  checkInput(input ?? "{}");
}

function outcomeOf({ thread, failure }: Tested, text: (value: unknown) => string): TestStateOutput {
  const { phase } = thread;
  const why = failureOf(failure ?? {});
  if (phase.kind === "retrying") return { status: "RETRIABLE", ...why };
  const hasLeft = phase.kind === "done" || (phase.kind === "entering" && thread.enteredEvent === 0);
  if (!hasLeft) return { status: "FAILED", ...why };
  const output = text(thread.data.input);
  const next = phase.kind === "entering" ? { nextState: thread.state } : {};
  if (failure !== undefined) return { status: "CAUGHT_ERROR", output, ...next, ...why };
  return { status: "SUCCEEDED", output, ...next };
}
