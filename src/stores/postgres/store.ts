import type { ConnectionOptions as TlsOptions } from "node:tls";
import { machineNow } from "../../kernel/clock.ts";
import { silentLog } from "../../kernel/log.ts";
import type { Log } from "../../kernel/log.ts";
import type { Random } from "../../kernel/random.ts";
import { StoreUnavailable } from "../../kernel/store.ts";
import type { Snapshot, Store, Tx, Wake } from "../../kernel/store.ts";
import type { Key } from "../../kernel/tuple.ts";
import { clearStatement } from "./clear.ts";
import { Lanes } from "./lanes.ts";
import { READ_IDLE_TIMEOUT_MS } from "./limits.ts";
import { Reach } from "./pool.ts";
import { migrate } from "./schema.ts";
import { openSession } from "./session.ts";
import type { SessionOptions } from "./session.ts";
import { Snapshots } from "./snapshots.ts";
import { Vacuum } from "./vacuum.ts";
import { Wakes } from "./wakes.ts";

export interface PostgresStoreOptions {
  /**
   * `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=…`. The options below
   * may be parameters, too: `schema`, `pool_size`, `statement_timeout_ms`, `connect_timeout_ms`.
   */
  readonly url: string;
  readonly random: Random;
  readonly log?: Log;
  /** The PostgreSQL schema that holds everything; `waystation` when absent. */
  readonly schema?: string | undefined;
  /** How many connections this node opens at most, at least 3; 8 when absent. */
  readonly poolSize?: number | undefined;
  /** How TLS is done, instead of what `sslmode` in the URL says. */
  readonly tls?: TlsOptions;
  /** A statement that takes longer is given up; 10 seconds when absent. */
  readonly statementTimeoutMs?: number | undefined;
  /** 3 seconds when absent. */
  readonly connectTimeoutMs?: number | undefined;
  /** This machine's time, in milliseconds of the epoch. */
  readonly machineNow?: () => number;
}

/** A store that many nodes share, and whose clock rules them all. */
export interface PostgresStore extends Store {
  /** How far the database's clock is ahead of this machine's, in milliseconds. */
  clockOffsetMs(): number;
}

const DEFAULT_POOL_SIZE = 8;
const MIN_POOL_SIZE = 3;
const MAX_LANES = 4;
/** How much later than PostgreSQL itself this side gives a statement up. */
const ANSWER_GRACE_MS = 2_000;

/**
 * Opens the store, creating or migrating its tables. Throws a {@link StoreUnavailable} when the
 * database cannot be reached or was written by a newer version, or the options cannot be used.
 */
export async function openPostgresStore(given: PostgresStoreOptions): Promise<PostgresStore> {
  const options = withUrlOptions(given);
  if (options.poolSize !== undefined && options.poolSize < MIN_POOL_SIZE) {
    throw new StoreUnavailable(
      `pool_size is at least ${MIN_POOL_SIZE}, not ${options.poolSize}: one connection listens, one writes, one reads`,
    );
  }
  const { statementTimeoutMs = 10_000, connectTimeoutMs = 3_000, schema = "waystation" } = options;
  const session: SessionOptions = {
    url: options.url,
    tls: options.tls,
    schema,
    statementTimeoutMs,
    idleTimeoutMs: statementTimeoutMs,
    connectTimeoutMs,
    answerTimeoutMs: statementTimeoutMs + ANSWER_GRACE_MS,
    applicationName: "waystation",
  };
  await prepareSchema(session);
  const store = new OpenPostgresStore(options, session);
  await store.open();
  return store;
}

/** Takes this store's own options out of the URL. */
function withUrlOptions(given: PostgresStoreOptions): PostgresStoreOptions {
  const url = parseUrl(given.url);
  const take = (name: string): string | undefined => {
    const value = url.searchParams.get(name) ?? undefined;
    url.searchParams.delete(name);
    return value;
  };
  const takeNumber = (name: string): number | undefined => {
    const value = take(name);
    if (value === undefined) return undefined;
    if (/^[1-9][0-9]{0,8}$/.test(value)) return Number(value);
    throw new StoreUnavailable(`${name} in the PostgreSQL URL is a positive number, not ${value}`);
  };
  const inUrl = {
    schema: take("schema"),
    poolSize: takeNumber("pool_size"),
    statementTimeoutMs: takeNumber("statement_timeout_ms"),
    connectTimeoutMs: takeNumber("connect_timeout_ms"),
  };
  return {
    ...given,
    url: url.href,
    schema: given.schema ?? inUrl.schema,
    poolSize: given.poolSize ?? inUrl.poolSize,
    statementTimeoutMs: given.statementTimeoutMs ?? inUrl.statementTimeoutMs,
    connectTimeoutMs: given.connectTimeoutMs ?? inUrl.connectTimeoutMs,
  };
}

/** The one place of a URL's text that names hosts. */
const HOSTS = /^[a-z]+:\/\/(?:[^/?#]*@)?([^/?#]*)/i;

/** Says nothing of the URL itself in its errors, which may hold a password. */
function parseUrl(text: string): URL {
  const hosts = HOSTS.exec(text)?.[1] ?? "";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (hosts.includes(",") || url?.searchParams.get("host")?.includes(",")) {
    throw new StoreUnavailable(
      "the PostgreSQL URL names several hosts: give one name that always leads to the primary, as a failover needs it",
    );
  }
  if (url !== undefined) return url;
  throw new StoreUnavailable(
    "the PostgreSQL URL cannot be read: postgres://user:password@host:port/database, with special characters of user and password as %XX",
  );
}

async function prepareSchema(session: SessionOptions): Promise<void> {
  try {
    const connection = await openSession(session);
    try {
      await migrate(connection, session.schema);
    } finally {
      await connection.end();
    }
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new StoreUnavailable(message, { cause: error });
  }
}

class OpenPostgresStore implements PostgresStore {
  readonly #log: Log;
  readonly #listeners: ((wake: Wake) => void)[] = [];
  readonly #lanes: Lanes;
  readonly #snapshots: Snapshots;
  readonly #wakes: Wakes;
  readonly #vacuum: Vacuum;
  #checking: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: PostgresStoreOptions, session: SessionOptions) {
    const { random, log = silentLog, poolSize = DEFAULT_POOL_SIZE } = options;
    const now = options.machineNow ?? machineNow;
    // One of them listens.
    const size = poolSize - 1;
    const lanes = Math.min(MAX_LANES, Math.ceil(size / 2));
    this.#log = log;
    const reach = new Reach({ log, machineNow: now });
    this.#wakes = new Wakes({
      session,
      reach,
      log,
      id: random.uuid(),
      machineNow: now,
      tell: (wake) => this.#tell(wake),
    });
    this.#vacuum = new Vacuum({ session, log, machineNow: now });
    this.#lanes = new Lanes({
      session,
      reach,
      size: lanes,
      log,
      random,
      machineNow: now,
      onCommit: (wakes, deadRows) => {
        for (const wake of wakes) this.#tell(wake);
        if (wakes.length > 0) this.#wakes.send(wakes);
        this.#vacuum.count(deadRows);
      },
    });
    // Whoever exports writes to a disk or a network between two reads.
    const patient = { ...session, idleTimeoutMs: READ_IDLE_TIMEOUT_MS };
    this.#snapshots = new Snapshots({ session: patient, reach, size: size - lanes });
  }

  open(): Promise<void> {
    return this.#wakes.open();
  }

  transact<Result>(body: (tx: Tx) => Promise<Result>): Promise<Result> {
    return this.#lanes.transact(body);
  }

  read<Result>(body: (reader: Snapshot) => Promise<Result>): Promise<Result> {
    return this.#snapshots.read(body);
  }

  onWake(listener: (wake: Wake) => void): void {
    this.#listeners.push(listener);
  }

  clear(kept: readonly Key[] = []): Promise<void> {
    return this.#snapshots.run(clearStatement(kept));
  }

  /** One at a time, however many ask. */
  check(): Promise<void> {
    this.#checking ??= this.#snapshots.run({ text: "SELECT 1" }).finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  clockOffsetMs(): number {
    return this.#wakes.clockOffsetMs;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#lanes.close(), this.#snapshots.close()]);
    await Promise.all([this.#wakes.close(), this.#vacuum.close()]);
  }

  #tell(wake: Wake): void {
    for (const listener of this.#listeners) {
      try {
        listener(wake);
      } catch (error) {
        this.#log.error("a listener of wake-ups failed", { error });
      }
    }
  }
}
