import type { JsonObject } from "./language/json.ts";
import { formatTimestamp } from "./language/timestamp.ts";
import type { ExecutionRecord, ProgressRecord } from "./records.ts";

/** What the context object says of an execution. */
export interface ContextFacts {
  readonly arn: string;
  readonly name: string;
  /** JSON text. */
  readonly input: string;
  readonly roleArn: string;
  readonly startMs: number;
  readonly redriveCount: number;
  readonly redriveMs?: number;
  readonly machineArn: string;
  readonly machineName: string;
}

/** `Execution` and `StateMachine` of the context object. */
export function contextObject(facts: ContextFacts): JsonObject {
  return {
    Execution: {
      Id: facts.arn,
      Input: JSON.parse(facts.input),
      Name: facts.name,
      RoleArn: facts.roleArn,
      StartTime: formatTimestamp(facts.startMs),
      RedriveCount: facts.redriveCount,
      ...(facts.redriveMs !== undefined && {
        RedriveTime: formatTimestamp(facts.redriveMs),
      }),
    },
    StateMachine: { Id: facts.machineArn, Name: facts.machineName },
  };
}

/** The context of a stored execution. */
export function contextOf(
  record: ExecutionRecord,
  progress: ProgressRecord,
  roleArn: string,
): JsonObject {
  const { redriveCount, redriveMs } = progress;
  return contextObject({
    ...record,
    roleArn,
    redriveCount,
    ...(redriveMs !== undefined && { redriveMs }),
  });
}
