import type { Tx } from "../../../kernel/store.ts";
import type { DueWork } from "../../../kernel/work.ts";
import type { Engine } from "../engine.ts";
import { ALIAS, EXECUTION_BY_STATUS, MACHINE, TAGS, VERSION } from "../keys.ts";
import { arnOfMachine } from "../machines.ts";
import type { MachineRecord } from "../records.ts";
import { removeRange } from "./expire.ts";
import { stopExecution } from "./stop.ts";

/** How many executions are looked up at once to be stopped. */
const CHUNK = 200;

/** Stops what runs of a state machine that is being deleted, then removes it. */
export async function deleteMachine(
  engine: Engine,
  item: DueWork,
  signal: AbortSignal,
): Promise<(tx: Tx) => Promise<void>> {
  // Scheduled by this service only.
  const machine = item.payload as MachineRecord;
  for (;;) {
    const running = await engine.store.read((reader) =>
      reader.range(EXECUTION_BY_STATUS.below(machine.uid, "RUNNING"), { limit: CHUNK }),
    );
    if (running.length === 0) break;
    for (const { key } of running) {
      if (signal.aborted) throw new Error("the node stops");
      const [, , , uid] = EXECUTION_BY_STATUS.parts(key);
      await engine.store.transact((tx) => stopExecution(tx, engine, { uid, failure: {} }));
    }
  }
  await removeRange(engine, VERSION.below(machine.uid), signal);
  await removeRange(engine, ALIAS.below(machine.uid), signal);
  return async (tx) => {
    tx.delete(MACHINE.key(machine.accountId, machine.region, machine.name));
    tx.delete(TAGS.key(arnOfMachine(machine)));
    return Promise.resolve();
  };
}
