import { Socket } from "node:net";
import type { ConnectionOptions as TlsOptions } from "node:tls";
import type { Client } from "pg";

/** A named statement is prepared once per connection; one without a name is sent as plain text. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
}

/** What a statement takes; bytes travel in PostgreSQL's binary format. */
export type Value = string | number | Uint8Array;

export interface Reply {
  /** Columns in PostgreSQL's text format; bytea as `\x` and hexadecimal digits. */
  readonly rows: readonly (readonly (string | null)[])[];
  /** The first word of the command's tag; `ROLLBACK` after a COMMIT of a failed transaction. */
  readonly command: string;
}

export interface DriverOptions {
  /** `postgres://user:password@host:port/database?sslmode=…`. */
  readonly url: string;
  readonly tls?: TlsOptions | undefined;
  /** How long the server may take to let a connection in, and to let it go. */
  readonly connectTimeoutMs: number;
  /** A connection that owes answers and gives none for this long is given up. */
  readonly answerTimeoutMs: number;
  readonly applicationName: string;
}

/** The connection is gone; what was sent and not answered may have happened or not. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** PostgreSQL refused a statement; `sqlState` says why. */
export class StatementFailed extends Error {
  override readonly name = "StatementFailed";
  readonly sqlState: string;

  constructor(message: string, sqlState: string, cause: unknown) {
    super(message, { cause });
    this.sqlState = sqlState;
  }
}

/** The server ended the connection (57P: shutdown, crash, starting up), or it is unusable (08, 25P03). */
const ENDING_STATES = /^(57P|08|25P03|25P04|25006)/;

/** One connection. Statements that are run without waiting in between travel together. */
export class Connection {
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #watchdog: NodeJS.Timeout;
  readonly #goodbyeTimeoutMs: number;
  #unanswered = 0;
  #corked = false;
  #lost: ConnectionLost | undefined;
  #lostListeners: (() => void)[] = [];

  constructor(client: Client, socket: Socket, options: DriverOptions) {
    const { answerTimeoutMs, connectTimeoutMs } = options;
    this.#client = client;
    this.#socket = socket;
    this.#goodbyeTimeoutMs = connectTimeoutMs;
    this.#watchdog = setTimeout(() => {
      if (this.#unanswered > 0) this.#lose(new Error("no answer in time"));
    }, answerTimeoutMs).unref();
    client.on("error", (error) => this.#lose(error));
    client.on("end", () => this.#lose(new Error("the connection ended")));
  }

  /** Set once the connection is of no use any more. */
  get lost(): ConnectionLost | undefined {
    return this.#lost;
  }

  /** Runs a statement; rejects with {@link StatementFailed} or {@link ConnectionLost}. */
  async run(statement: Statement, values: readonly Value[] = []): Promise<Reply> {
    if (this.#lost) throw this.#lost;
    this.#sendTogether();
    // It waits for the next answer: what is asked meanwhile gives a silent server no more time.
    if (this.#unanswered === 0) this.#watchdog.refresh();
    this.#unanswered += 1;
    try {
      const result = await this.#client.query<(string | null)[]>({
        ...statement,
        values: [...values],
        rowMode: "array",
        types: TEXT_TYPES,
      });
      return { rows: result.rows, command: result.command };
    } catch (error) {
      throw this.#explain(error);
    } finally {
      this.#unanswered -= 1;
      if (this.#unanswered > 0) this.#watchdog.refresh();
    }
  }

  /** Calls `listener` with the payload of each notification. */
  onNotification(listener: (payload: string) => void): void {
    this.#client.on("notification", ({ payload }) => listener(payload ?? ""));
  }

  /** Calls `listener` when the connection is lost, but not when this side lets it go. */
  onLost(listener: () => void): void {
    if (this.#lost) listener();
    else this.#lostListeners.push(listener);
  }

  /** Lets the connection go after what was sent has been answered. */
  async end(): Promise<void> {
    this.#lostListeners = [];
    clearTimeout(this.#watchdog);
    if (this.#lost) return;
    // A server that the network does not reach any more never answers the goodbye.
    const late = setTimeout(() => this.#socket.destroy(), this.#goodbyeTimeoutMs);
    await this.#client.end();
    clearTimeout(late);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#lostListeners = [];
    this.#lose(new Error("given up"));
  }

  #sendTogether(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }

  #explain(error: unknown): Error {
    const sqlState = sqlStateOf(error);
    const message = error instanceof Error ? error.message : String(error);
    if (sqlState !== undefined && !ENDING_STATES.test(sqlState)) {
      return new StatementFailed(message, sqlState, error);
    }
    this.#lose(error);
    return this.#lost ?? new ConnectionLost(message, { cause: error });
  }

  #lose(error: unknown): void {
    if (this.#lost) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#lost = new ConnectionLost(`the connection to PostgreSQL is lost: ${message}`, {
      cause: error,
    });
    clearTimeout(this.#watchdog);
    this.#socket.destroy();
    for (const listener of this.#lostListeners.splice(0)) listener();
  }
}

/** Connects; rejects with a {@link ConnectionLost} when that takes too long or is refused. */
export async function connect(options: DriverOptions): Promise<Connection> {
  const pg = await loadDriver();
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: options.url,
    ...(options.tls && { ssl: options.tls }),
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: true,
    stream: () => socket,
    pipeline: true,
  });
  const connection = new Connection(client, socket, options);
  try {
    await client.connect();
  } catch (error) {
    connection.destroy();
    throw new ConnectionLost(`PostgreSQL cannot be reached: ${describe(error)}`, { cause: error });
  }
  return connection;
}

/** What OpenSSL calls a certificate whose signer is not trusted. */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|CERT_SIGNATURE_FAILURE|CERT_UNTRUSTED)$/;

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!("code" in error) || !UNTRUSTED.test(String(error.code))) return error.message;
  return "nobody who is trusted here has signed its certificate; name the file of who has as sslrootcert in the URL";
}

async function loadDriver(): Promise<Pick<typeof import("pg"), "Client">> {
  try {
    return (await import("pg")).default;
  } catch (cause) {
    throw new Error("the PostgreSQL store needs the package pg: npm install pg", { cause });
  }
}

/** Leaves every column as the text that PostgreSQL sends. */
const TEXT_TYPES = { getTypeParser: () => (text: string | Buffer) => text };

function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("severity" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
