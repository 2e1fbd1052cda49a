/// <reference lib="esnext.disposable" preserve="true" />
import type { OperatedClock } from "./kernel/clock.ts";
import type { StoreChoice } from "./server.ts";

/** How a Waystation is started from a program; nothing needs to be said. */
export interface WaystationOptions {
  /** 127.0.0.1 by default; any other than this machine's own needs credentials. */
  readonly host?: string;
  /** 0, which takes a free one, by default. */
  readonly port?: number;
  /** A folder to keep data in; without one, everything is in memory. */
  readonly data?: string;
  /** A `postgres://` URL to keep data at, instead of a folder. */
  readonly postgres?: string;
  /** Region of unsigned calls; `us-east-1` by default. */
  readonly region?: string;
  /** `aws` enforces AWS's limits on rates; `off` by default. */
  readonly quotas?: "aws" | "off";
  /** Where clients reach the server, when that is not the address it listens on. */
  readonly publicUrl?: string;
  /** Secret access keys by access key id. With them, every request must be signed by one. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Bearer token of `/_waystation`. */
  readonly token?: string;
  /** The least grave log entries to write to stderr; `silent` by default. */
  readonly logLevel?: "debug" | "info" | "warn" | "error" | "silent";
  /** Options of services by name, for example `sns.smtpUrl`. */
  readonly serviceOptions?: Readonly<Record<string, string>>;
}

const OPTIONS: Readonly<Record<keyof WaystationOptions, true>> = {
  host: true,
  port: true,
  data: true,
  postgres: true,
  region: true,
  quotas: true,
  publicUrl: true,
  credentials: true,
  token: true,
  logLevel: true,
  serviceOptions: true,
};

/** The time of a server, in milliseconds of the epoch; moving it runs what becomes due, in order. */
export interface WaystationClock {
  now(): number;
  /** Stops time where it is. */
  freeze(): Promise<void>;
  set(at: number | Date): Promise<void>;
  advance(durationMs: number): Promise<void>;
  /** Lets frozen time run on. */
  resume(): Promise<void>;
}

/** A running server. */
export interface Waystation extends AsyncDisposable {
  /** The endpoint for clients, for example `http://127.0.0.1:4566`. */
  readonly url: string;
  readonly port: number;
  readonly clock: WaystationClock;
  /** Removes every resource of every account. */
  reset(): Promise<void>;
  /** Ends long polls, finishes what runs, and leaves nothing behind. */
  stop(): Promise<void>;
}

/**
 * Starts a server in this process. Several may run side by side. Rejects with a `TypeError` for an
 * option that there is not: a misspelt `data` would keep nothing, and say nothing.
 */
export async function startWaystation(options: WaystationOptions = {}): Promise<Waystation> {
  checkNames(options);
  const [{ startServer }, { createLog }] = await Promise.all([
    import("./server.ts"),
    import("./log.ts"),
  ]);
  const server = await startServer({
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    store: storeOf(options),
    region: options.region ?? "us-east-1",
    enforceQuotas: options.quotas === "aws",
    credentials: new Map(Object.entries(options.credentials ?? {})),
    serviceOptions: options.serviceOptions ?? {},
    log: createLog({ level: options.logLevel ?? "silent", format: "text" }),
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  const { url, port } = server;
  const reset = (): Promise<void> => server.reset();
  const stop = (): Promise<void> => server.stop();
  return { url, port, clock: clockOf(server.clock), reset, stop, [Symbol.asyncDispose]: stop };
}

function checkNames(options: WaystationOptions): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown === undefined) return;
  const names = Object.keys(OPTIONS).join(", ");
  throw new TypeError(`startWaystation has no option "${unknown}"; there are ${names}`);
}

function storeOf({ data, postgres }: WaystationOptions): StoreChoice {
  if (postgres !== undefined) return { kind: "postgres", url: postgres };
  return data === undefined ? { kind: "memory" } : { kind: "lmdb", folder: data };
}

function clockOf(clock: OperatedClock): WaystationClock {
  return {
    now: () => clock.now(),
    freeze: () => clock.freeze(),
    set: (at) => clock.set(typeof at === "number" ? at : at.getTime()),
    advance: (durationMs) => clock.advance(durationMs),
    resume: () => clock.resume(),
  };
}
