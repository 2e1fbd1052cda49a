import { ServiceCatalog } from "./kernel/catalog.ts";
import { AdjustableClock, machineNow } from "./kernel/clock.ts";
import type { OperatedClock } from "./kernel/clock.ts";
import { loadingStore } from "./kernel/loading-store.ts";
import type { Log } from "./kernel/log.ts";
import type { ProtocolName } from "./kernel/model.ts";
import type { Deps, Settings } from "./kernel/operation.ts";
import type { Random } from "./kernel/random.ts";
import { clearAllButClock } from "./kernel/saved-clock.ts";
import type { Service } from "./kernel/service.ts";
import type { Store } from "./kernel/store.ts";
import { TargetRegistry } from "./kernel/targets.ts";
import { Waiters } from "./kernel/waiters.ts";
import { assertWhole } from "./kernel/unfinished-import.ts";
import { WorkRunner } from "./kernel/work-runner.ts";
import { workQueue } from "./kernel/work.ts";
import { awsBodyLimit, awsHandler } from "./listeners/aws.ts";
import type { Authenticate } from "./listeners/aws.ts";
import { listenHttp } from "./listeners/http.ts";
import { HTTP_LIMITS } from "./listeners/limits.ts";
import type { HttpLimits } from "./listeners/limits.ts";
import { Metrics } from "./listeners/metrics.ts";
import { guardOrigin, isLocalHost, refuseForeignGet } from "./listeners/origin.ts";
import type { ServiceRoute } from "./listeners/routes.ts";
import { systemRandom } from "./random.ts";
import { keptClock } from "./server-clock.ts";
import { OPTION_KINDS, serviceOptions } from "./service-options.ts";
import type { OptionKind } from "./service-options.ts";
import { packageVersion } from "./version.ts";
import type { HttpHandler } from "./wire/http.ts";
import type { ProtocolFactory } from "./wire/protocol.ts";
import { verifySignature } from "./wire/sigv4.ts";
import type { Secret } from "./wire/sigv4.ts";

/** A service that the server knows of before it is loaded. */
export interface ServiceEntry extends ServiceRoute {
  /** The options that it reads, by name. */
  readonly options?: Readonly<Record<string, OptionKind>>;
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
    options: {
      "sns.allowForeignRedirects": OPTION_KINDS.flag,
      "sns.allowMetadataAddresses": OPTION_KINDS.flag,
      "sns.certificateBaseUrl": OPTION_KINDS.url,
      "sns.emailFrom": OPTION_KINDS.text,
      "sns.httpTimeoutMs": OPTION_KINDS.milliseconds,
      "sns.smsSandbox": OPTION_KINDS.flag,
      "sns.smtpUrl": OPTION_KINDS.url,
    },
    load: async (deps) => (await import("./services/sns/service.ts")).sns(deps),
  },
  {
    signingName: "states",
    targetPrefix: "AWSStepFunctions",
    options: {
      "states.connections": OPTION_KINDS.objectOrFile,
      "states.objectFolder": OPTION_KINDS.folder,
    },
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
  /** Secret access keys by access key id: requests are verified by them, if there are any. */
  readonly credentials?: ReadonlyMap<string, string>;
  /** Bearer token of the admin's pages; without one they are for this machine only. */
  readonly token?: string;
  /** Options of services by name, for example `sns.smtpUrl`. */
  readonly serviceOptions: Readonly<Record<string, string>>;
  readonly log: Log;
  /** For tests; the machine's by default. */
  readonly clock?: AdjustableClock;
  readonly random?: Random;
  readonly limits?: HttpLimits;
  readonly services?: readonly ServiceEntry[];
  /** How long a node that shares the store may be silent before others take over its work; 15 s by default. */
  readonly nodeLifetimeMs?: number;
}

export interface Server {
  readonly url: string;
  readonly port: number;
  readonly clock: OperatedClock;
  readonly store: Store;
  /** Removes every resource. */
  reset(): Promise<void>;
  /** Ends waits with their empty answer, finishes what runs, flushes, and lets go of everything. */
  stop(): Promise<void>;
}

/**
 * Opens the store, starts the services' work and listens: the composition root. Throws
 * {@link UnsafeHost}, a `WrongServiceOption`, a `StoreUnavailable`, or the system's error, for
 * example `EADDRINUSE`.
 */
export async function startServer(given: ServerConfig): Promise<Server> {
  const config = { random: systemRandom(), limits: HTTP_LIMITS, services: SERVICES, ...given };
  if (!isLocalHost(config.host) && !config.credentials?.size) throw new UnsafeHost(config.host);
  const { log, random } = config;
  const kinds = new Map(config.services.flatMap(({ options = {} }) => Object.entries(options)));
  const option = serviceOptions(config.serviceOptions, kinds);
  const opened = await openStore(config.store, { log, random });
  const { store, now } = opened;
  const clock = config.clock ?? new AdjustableClock({ machineNow: now });
  try {
    await store.read(assertWhole);
    const ground = { ...opened, store: loadingStore(store), clock, option };
    const kept = keptClock({ ...ground, log });
    await kept.restore();
    return await serve(config, ground, kept);
  } catch (error) {
    clock.close();
    await store.close();
    throw error;
  }
}

/** The server would let everybody in who reaches the host. */
export class UnsafeHost extends Error {
  override readonly name = "UnsafeHost";

  constructor(host: string) {
    super(
      `${host || "Every address"} can be reached from other machines, so requests must be signed: ` +
        "configure credentials, or listen on 127.0.0.1",
    );
  }
}

/** A configuration that leaves nothing to be chosen. */
type CompleteConfig = ServerConfig & Required<Pick<ServerConfig, "random" | "limits" | "services">>;

/** What a server is built on. */
interface Ground extends OpenStore {
  readonly clock: AdjustableClock;
  readonly option: Settings["option"];
}

async function serve(config: CompleteConfig, ground: Ground, kept: OperatedClock): Promise<Server> {
  const { store, clock } = ground;
  const { log, random, limits, services } = config;
  const waiters = new Waiters(clock);
  store.onWake((wake) => waiters.wake(wake));
  // Nobody asks for it before the first request.
  let url = "";
  const publicUrl = (): string => config.publicUrl ?? url;
  const catalog = assemble({ config, ground, waiters, publicUrl });
  const reset = (): Promise<void> => clearAllButClock(store);
  const { port, listener } = await listenHttp({
    host: config.host,
    port: config.port,
    handler: frontDoor({ config, ground, catalog, clock: kept, reset, publicUrl }),
    bodyLimit: awsBodyLimit(services, catalog, limits),
    log,
    random,
    limits,
  });
  url = `http://${urlHost(config.host)}:${port}`;
  let worker: Worker;
  try {
    worker = await startWork(config, ground, catalog);
  } catch (error) {
    await listener.stop();
    throw error;
  }
  const stop = async (): Promise<void> => {
    waiters.close();
    await listener.stop();
    await worker.stop();
    clock.close();
    await store.close();
  };
  let stopped: Promise<void> | undefined;
  return { url, port, clock: kept, store, reset, stop: () => (stopped ??= stop()) };
}

/** What handles due work until it is stopped. */
interface Worker {
  stop(): Promise<void>;
}

/** Takes up what an earlier run, or a node that is gone, left behind, and handles what becomes due. */
async function startWork(
  { log, random, nodeLifetimeMs: lifetimeMs }: CompleteConfig,
  { store, clock, now, isShared }: Ground,
  catalog: ServiceCatalog,
): Promise<Worker> {
  const node = isShared ? random.uuid() : "local";
  const handlerOf = catalog.workHandler.bind(catalog);
  const runner = new WorkRunner({ store, clock, log, random, node, handlerOf });
  if (!isShared) {
    // Nobody else has this store open: what is leased was leased by a run that is over.
    await runner.releaseAll();
    await runner.start();
    return runner;
  }
  const { Nodes } = await import("./kernel/nodes.ts");
  const nodesClock = new AdjustableClock({ machineNow: now });
  const release = runner.release.bind(runner);
  const nodes = new Nodes({ store, clock: nodesClock, log, node, lifetimeMs, release });
  try {
    await nodes.start();
    await runner.start();
  } catch (error) {
    nodesClock.close();
    throw error;
  }
  return {
    async stop() {
      await runner.stop();
      // If it cannot say goodbye, others find it dead in time.
      await nodes.stop().catch((error: unknown) => log.warn("this node leaves unsaid", { error }));
      nodesClock.close();
    },
  };
}

/** The services, not loaded yet, with all that they will be given. */
function assemble(options: {
  readonly config: CompleteConfig;
  readonly ground: Ground;
  readonly waiters: Waiters;
  readonly publicUrl: () => string;
}): ServiceCatalog {
  const { config, ground, waiters, publicUrl } = options;
  const { random, services } = config;
  const { store, clock, option } = ground;
  const settings: Settings = {
    enforceQuotas: config.enforceQuotas,
    publicUrl,
    defaultRegion: config.region,
    option,
  };
  const loaders = Object.fromEntries(
    services.map((entry) => [entry.signingName, () => entry.load(deps)]),
  );
  const catalog = new ServiceCatalog({ store, clock, random, loaders, publicUrl });
  const targets = new TargetRegistry((name) => catalog.target(name));
  const deps: Deps = {
    store,
    clock,
    random,
    log: config.log,
    waiters,
    work: workQueue,
    targets,
    operations: catalog,
    settings,
  };
  return catalog;
}

/** Who answers a request: operators' pages, or an AWS API. */
function frontDoor(options: {
  readonly config: CompleteConfig;
  readonly ground: Ground;
  readonly catalog: ServiceCatalog;
  readonly clock: OperatedClock;
  readonly reset: () => Promise<void>;
  readonly publicUrl: () => string;
}): HttpHandler {
  const { config, ground, catalog, clock, reset, publicUrl } = options;
  const { credentials, token, services, region } = config;
  const metrics = new Metrics();
  const publicHost = config.publicUrl && new URL(config.publicUrl).host;
  const aws = awsHandler({
    clock: ground.clock,
    random: config.random,
    routes: services,
    catalog,
    protocols: loadProtocol,
    authenticate: credentials?.size
      ? authenticator(credentials)
      : (request) => refuseForeignGet(request, publicHost),
    metrics,
    log: config.log,
    defaultRegion: region,
  });
  let admin: Promise<HttpHandler> | undefined;
  const openAdmin = async (): Promise<HttpHandler> => {
    const { adminHandler } = await import("./listeners/admin.ts");
    const { store } = ground;
    const facts = { url: publicUrl(), store: config.store.kind, region };
    const secret = token === undefined ? {} : { token };
    const version = packageVersion();
    return adminHandler({ catalog, store, clock, metrics, reset, version, facts, ...secret });
  };
  return guardOrigin((request) => {
    if (!request.path.startsWith("/_")) return aws(request);
    admin ??= openAdmin();
    return admin.then((answer) => answer(request));
  });
}

/** Verifies who signed a request; clients sign with the machine's time, wherever the clock stands. */
function authenticator(credentials: ReadonlyMap<string, string>): Authenticate {
  const secretOf = (accessKeyId: string): Secret | undefined => {
    const secretAccessKey = credentials.get(accessKeyId);
    return secretAccessKey === undefined ? undefined : { secretAccessKey };
  };
  return (request) => verifySignature(request, { nowMs: machineNow(), secretOf });
}

/** A store with what its choice decides. */
export interface OpenStore {
  readonly store: Store;
  /** The time, in milliseconds of the epoch, that all who share the store agree on. */
  readonly now: () => number;
  /** Whether other nodes may have it open too. */
  readonly isShared: boolean;
}

/** Opens the store of a choice. Rejects with a {@link StoreUnavailable} that says why it cannot. */
export async function openStore(
  choice: StoreChoice,
  { log, random }: { readonly log: Log; readonly random: Random },
): Promise<OpenStore> {
  switch (choice.kind) {
    case "memory": {
      const { memoryStore } = await import("./stores/memory.ts");
      return { store: memoryStore(log), now: machineNow, isShared: false };
    }
    case "lmdb": {
      const { openLmdbStore } = await import("./stores/lmdb.ts");
      const store = await openLmdbStore({ path: choice.folder, log });
      return { store, now: machineNow, isShared: false };
    }
    case "postgres": {
      const { openPostgresStore } = await import("./stores/postgres/store.ts");
      const store = await openPostgresStore({ url: choice.url, log, random });
      return { store, now: () => machineNow() + store.clockOffsetMs(), isShared: true };
    }
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

/** How a host is written in a URL that reaches it. */
function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::" || host === "") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
