import { callerOf } from "../../../kernel/caller.ts";
import type { Tx } from "../../../kernel/store.ts";
import type { DueWork } from "../../../kernel/work.ts";
import type { Owner } from "../arns.ts";
import { contextObject } from "../context.ts";
import { revisionOf } from "../engine.ts";
import type { Engine } from "../engine.ts";
import type { Outcome } from "../interpreter/protocol.ts";
import { startedEvent } from "../execution/start.ts";
import { runExpress } from "./express.ts";

/** An Express execution to be run: payload of the work of an asynchronous one. */
export interface ExpressRequest extends Owner {
  readonly arn: string;
  readonly name: string;
  readonly machineUid: string;
  readonly machineArn: string;
  readonly machineName: string;
  readonly revisionId: string;
  /** JSON text. */
  readonly input: string;
  readonly startMs: number;
}

/** Runs an asynchronous Express execution: at least once, as its work is done again after a crash. */
export async function performExpress(
  engine: Engine,
  item: DueWork,
  signal: AbortSignal,
): Promise<(tx: Tx) => Promise<void>> {
  // Scheduled by this service only.
  await runRequest(engine, item.payload as ExpressRequest, signal);
  return async () => {};
}

/** Runs an Express execution to its end. Rejects when `signal` aborts. */
export async function runRequest(
  engine: Engine,
  request: ExpressRequest,
  signal: AbortSignal,
): Promise<Outcome> {
  const loaded = engine.store.read((reader) => revisionOf(engine, reader, request));
  const { definition, record } = await engine.clock.track(loaded);
  const { accountId, region } = request;
  return runExpress(
    engine,
    {
      arn: request.arn,
      definition,
      context: contextObject({ ...request, roleArn: record.roleArn, redriveCount: 0 }),
      caller: { ...callerOf(accountId, region), principalArn: record.roleArn },
      input: JSON.parse(request.input),
      started: startedEvent(request, record.roleArn),
      logging: record.logging,
    },
    signal,
  );
}
