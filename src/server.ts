import { ServiceCatalog } from "./kernel/catalog.ts";
import { AdjustableClock } from "./kernel/clock.ts";
import type { ClockState } from "./kernel/clock.ts";
import type { Log } from "./kernel/log.ts";
import type { ProtocolName } from "./kernel/model.ts";
import type { Deps, Settings } from "./kernel/operation.ts";
import type { Random } from "./kernel/random.ts";
import { restoreClock, saveClock } from "./kernel/saved-clock.ts";
import type { Service } from "./kernel/service.ts";
import type { Store } from "./kernel/store.ts";
import { TargetRegistry } from "./kernel/targets.ts";
import { Waiters } from "./kernel/waiters.ts";
import { WorkRunner } from "./kernel/work-runner.ts";
import { workQueue } from "./kernel/work.ts";
import { awsBodyLimit, awsHandler } from "./listeners/aws.ts";
import { listenHttp } from "./listeners/http.ts";
import { HTTP_LIMITS } from "./listeners/limits.ts";
import type { HttpLimits } from "./listeners/limits.ts";
import { Metrics } from "./listeners/metrics.ts";
import type { ServiceRoute } from "./listeners/routes.ts";
import { systemRandom } from "./random.ts";
import type { ProtocolFactory } from "./wire/protocol.ts";

/** A service that the server knows of before it is loaded. */
export interface ServiceEntry extends ServiceRoute {
  readonly load: (deps: Deps) => Promise<Service>;
}

const SERVICES: readonly ServiceEntry[] = [
  {
    signingName: "sqs",
    targetPrefix: "AmazonSQS",
    version: "2012-11-05",
    path: /^\/(?:queue\/[^/]+\/)?\d{12}\/[^/]+\/?$/,
    load: async (deps) => (await import("./services/sqs/service.ts")).sqs(deps),
  },
  {
    signingName: "sns",
    version: "2010-03-31",
    load: async (deps) => (await import("./services/sns/service.ts")).sns(deps),
  },
  {
    signingName: "states",
    targetPrefix: "AWSStepFunctions",
    load: async (deps) => (await import("./services/stepfunctions/service.ts")).stepFunctions(deps),
  },
];

/** Which store keeps the data, and where. */
export type StoreChoice =
  | { readonly kind: "memory" }
  | { readonly kind: "lmdb"; readonly folder: string }
  | { readonly kind: "postgres"; readonly url: string };

export interface ServerConfig {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly store: StoreChoice;
  readonly region: string;
  readonly enforceQuotas: boolean;
  /** Where clients reach the server, when that is not the host and port it listens on. */
  readonly publicUrl?: string;
  /** Options of services by name, for example `sns.smtpUrl`. */
  readonly serviceOptions: Readonly<Record<string, string>>;
  readonly log: Log;
  /** For tests; the machine's by default. */
  readonly clock?: AdjustableClock;
  readonly random?: Random;
  readonly limits?: HttpLimits;
  readonly services?: readonly ServiceEntry[];
}

/** The server's time, which can be moved for every service at once; moves are kept in the store. */
export interface ServerClock {
  now(): number;
  state(): ClockState;
  freeze(): Promise<void>;
  /** Moves to a time, running what becomes due on the way, in order. */
  set(atMs: number): Promise<void>;
  /** Moves forward, running what becomes due on the way, in order. */
  advance(durationMs: number): Promise<void>;
  resume(): Promise<void>;
}

export interface Server {
  readonly url: string;
  readonly port: number;
  readonly clock: ServerClock;
  readonly store: Store;
  /** Removes every resource. */
  reset(): Promise<void>;
  /** Ends waits with their empty answer, finishes what runs, flushes, and lets go of everything. */
  stop(): Promise<void>;
}

/** Leases of a store that only one process opens. */
const ONLY_NODE = "local";

/** Opens the store, starts the services' work and listens: the composition root. */
export async function startServer(config: ServerConfig): Promise<Server> {
  const { log, random = systemRandom(), clock = new AdjustableClock() } = config;
  const store = await openStore(config.store, log);
  try {
    await restoreClock(store, clock);
    return await serve({ ...config, random, clock }, store);
  } catch (error) {
    clock.close();
    await store.close();
    throw error;
  }
}

type FullConfig = ServerConfig & { readonly random: Random; readonly clock: AdjustableClock };

async function serve(config: FullConfig, store: Store): Promise<Server> {
  const { log, random, clock, services = SERVICES, limits = HTTP_LIMITS } = config;
  let url = config.publicUrl ?? "";
  const waiters = new Waiters(clock);
  const catalog: ServiceCatalog = new ServiceCatalog({
    loaders: Object.fromEntries(
      services.map((entry) => [entry.signingName, () => entry.load(deps)]),
    ),
    store,
    clock,
    random,
    publicUrl: () => url,
  });
  const targets = new TargetRegistry((name) => catalog.target(name));
  const settings: Settings = {
    enforceQuotas: config.enforceQuotas,
    publicUrl: () => url,
    defaultRegion: config.region,
    option: (name) =>
      Object.hasOwn(config.serviceOptions, name) ? config.serviceOptions[name] : undefined,
  };
  const deps: Deps = {
    store,
    clock,
    random,
    log,
    waiters,
    work: workQueue,
    targets,
    operations: catalog,
    settings,
  };
  store.onWake((wake) => waiters.wake(wake));
  const node = config.store.kind === "postgres" ? random.uuid() : ONLY_NODE;
  const runner = new WorkRunner({
    store,
    clock,
    log,
    random,
    node,
    handlerOf: (kind) => catalog.workHandler(kind),
  });
  const metrics = new Metrics();
  const { port, listener } = await listenHttp({
    host: config.host,
    port: config.port,
    handler: awsHandler({
      routes: services,
      catalog,
      protocols: loadProtocol,
      metrics,
      clock,
      random,
      log,
      defaultRegion: config.region,
    }),
    bodyLimit: awsBodyLimit(services, limits.bodyBytes),
    log,
    random,
    limits,
  });
  const address = `http://${urlHost(config.host)}:${port}`;
  if (config.publicUrl === undefined) url = address;
  if (node === ONLY_NODE) await runner.release(ONLY_NODE);
  await runner.start();

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    waiters.close();
    await listener.stop();
    await runner.stop();
    clock.close();
    await store.close();
  };
  return {
    url: address,
    port,
    clock: keptClock(store, clock),
    store,
    reset: () => store.clear(),
    stop: () => (stopped ??= stop()),
  };
}

async function openStore(choice: StoreChoice, log: Log): Promise<Store> {
  switch (choice.kind) {
    case "memory":
      return (await import("./stores/memory.ts")).memoryStore(log);
    case "lmdb":
      return (await import("./stores/lmdb.ts")).openLmdbStore({ folder: choice.folder, log });
    case "postgres":
      return (await import("./stores/postgres/store.ts")).openPostgresStore({
        url: choice.url,
        log,
      });
  }
}

function loadProtocol(name: ProtocolName): Promise<ProtocolFactory> | undefined {
  switch (name) {
    case "awsJson1_0":
      return import("./wire/aws-json.ts").then((wire) => wire.awsJson1_0);
    case "awsJson1_1":
      return import("./wire/aws-json.ts").then((wire) => wire.awsJson1_1);
    case "awsQuery":
      return import("./wire/aws-query.ts").then((wire) => wire.awsQuery);
    default:
      return undefined;
  }
}

/** The clock as the outside moves it: every move is kept, so that a restart goes on from there. */
function keptClock(store: Store, clock: AdjustableClock): ServerClock {
  const keep = (): Promise<void> => saveClock(store, clock);
  return {
    now: () => clock.now(),
    state: () => clock.state(),
    freeze: () => {
      clock.freeze();
      return keep();
    },
    set: (atMs) => clock.set(atMs).then(keep),
    advance: (durationMs) => clock.advance(durationMs).then(keep),
    resume: () => {
      clock.resume();
      return keep();
    },
  };
}

/** How a host is written in a URL that reaches it. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::" || host === "") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
