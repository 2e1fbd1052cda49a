import { callerOf } from "../../../src/kernel/caller.ts";
import { ServiceCatalog } from "../../../src/kernel/catalog.ts";
import { AdjustableClock } from "../../../src/kernel/clock.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import type { Deps } from "../../../src/kernel/operation.ts";
import type { Random } from "../../../src/kernel/random.ts";
import type { Store } from "../../../src/kernel/store.ts";
import { TargetRegistry } from "../../../src/kernel/targets.ts";
import { Waiters } from "../../../src/kernel/waiters.ts";
import { WorkRunner } from "../../../src/kernel/work-runner.ts";
import { workQueue } from "../../../src/kernel/work.ts";
import { systemRandom } from "../../../src/random.ts";
import { sqs } from "../../../src/services/sqs/service.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { START_MS } from "./fixture.ts";

/** SQS in this process, without sockets: thousands of calls a second. */
export interface LocalSqs {
  readonly store: Store;
  readonly clock: AdjustableClock;
  /** Calls an operation as a client would, validation included. */
  call<Output>(operation: string, input: object): Promise<Output>;
  close(): Promise<void>;
}

export async function openLocalSqs(
  store: Store = memoryStore(silentLog),
  random: Random = systemRandom(),
): Promise<LocalSqs> {
  const clock = new AdjustableClock({ frozenAtMs: START_MS });
  const waiters = new Waiters(clock);
  store.onWake((wake) => waiters.wake(wake));
  const publicUrl = (): string => "http://localhost";
  const loaders = { sqs: () => Promise.resolve(sqs(deps)) };
  const catalog = new ServiceCatalog({ loaders, store, clock, random, publicUrl });
  const settings = {
    enforceQuotas: false,
    publicUrl,
    defaultRegion: "us-east-1",
    option: () => undefined,
  };
  const deps: Deps = {
    store,
    clock,
    random,
    log: silentLog,
    waiters,
    work: workQueue,
    targets: new TargetRegistry((name) => catalog.target(name)),
    operations: catalog,
    settings,
  };
  const handlerOf = catalog.workHandler.bind(catalog);
  const runner = new WorkRunner({ store, clock, log: silentLog, random, node: "local", handlerOf });
  await runner.start();
  const caller = callerOf("key", "us-east-1");
  return {
    store,
    clock,
    // What an operation answers is what the caller says it is.
    call: <Output>(operation: string, input: object): Promise<Output> =>
      catalog.call({ service: "sqs", operation, input, caller }) as Promise<Output>,
    async close() {
      waiters.close();
      await runner.stop();
      clock.close();
      await store.close();
    },
  };
}
