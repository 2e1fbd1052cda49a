import { ServiceCatalog } from "../../../src/kernel/catalog.ts";
import { AdjustableClock } from "../../../src/kernel/clock.ts";
import { silentLog } from "../../../src/kernel/log.ts";
import type { Deps } from "../../../src/kernel/operation.ts";
import { TargetRegistry } from "../../../src/kernel/targets.ts";
import { Waiters } from "../../../src/kernel/waiters.ts";
import { workQueue } from "../../../src/kernel/work.ts";
import { systemRandom } from "../../../src/random.ts";
import { Routes } from "../../../src/services/sns/publish/routes.ts";
import { Signer } from "../../../src/services/sns/signing/signer.ts";
import type { Sns } from "../../../src/services/sns/sns.ts";
import { memoryStore } from "../../../src/stores/memory.ts";

/**
 * The parts of SNS in memory, without a server; `served` are the targets that got something, as long
 * as `target` is not broken.
 */
export function partsInMemory(): {
  readonly sns: Sns;
  readonly clock: AdjustableClock;
  readonly served: string[];
  readonly target: { isBroken: boolean };
} {
  const clock = new AdjustableClock({ frozenAtMs: 0 });
  const store = memoryStore(silentLog);
  const random = systemRandom();
  const served: string[] = [];
  const target = {
    isBroken: false,
    deliver: async (_tx: unknown, arn: string) => {
      if (target.isBroken) throw new Error("a bug");
      served.push(arn);
      return { messageId: "m" };
    },
  };
  const deps: Deps = {
    store,
    clock,
    random,
    log: silentLog,
    waiters: new Waiters(clock),
    work: workQueue,
    targets: new TargetRegistry(() => target),
    operations: new ServiceCatalog({ loaders: {}, store, clock, random, publicUrl: () => "" }),
    settings: {
      enforceQuotas: false,
      publicUrl: () => "http://localhost",
      defaultRegion: "us-east-1",
      option: () => undefined,
    },
  };
  return { sns: { deps, routes: new Routes(), signer: new Signer(deps) }, clock, served, target };
}
