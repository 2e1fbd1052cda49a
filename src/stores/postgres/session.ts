import { connect, ConnectionLost, StatementFailed } from "./driver.ts";
import type { Connection, DriverOptions, Statement } from "./driver.ts";
import type { Pooled } from "./pool.ts";
import { identifier } from "./schema.ts";

export interface SessionOptions extends DriverOptions {
  readonly schema: string;
  readonly statementTimeoutMs: number;
  /** How long a transaction may do nothing before the server ends it, so that its locks go. */
  readonly idleTimeoutMs: number;
}

/**
 * A connection set up for this store. Plans are made once, for any size of the table: what is good
 * for an empty queue must not stay when it has grown.
 */
export async function openSession(options: SessionOptions): Promise<Connection> {
  const connection = await connect(options);
  try {
    const settings = [
      `SET search_path = ${identifier(options.schema)}`,
      `SET statement_timeout = ${options.statementTimeoutMs}`,
      `SET idle_in_transaction_session_timeout = ${options.idleTimeoutMs}`,
      "SET default_transaction_isolation = 'read committed'",
      "SET plan_cache_mode = force_generic_plan",
      "SET enable_seqscan = off",
      "SET enable_bitmapscan = off",
      "SET enable_hashjoin = off",
      "SET enable_mergejoin = off",
      "SET jit = off",
      "SET client_min_messages = error",
      "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
    ];
    const set = connection.run({ text: settings.join("; ") });
    const standby = connection.run({ text: "SELECT pg_is_in_recovery()" });
    await Promise.all([set, standby]);
    if ((await standby).rows[0]?.[0] !== "f") {
      throw new ConnectionLost("PostgreSQL is a standby here, which cannot be written to");
    }
    return connection;
  } catch (error) {
    connection.destroy();
    throw error instanceof StatementFailed
      ? new ConnectionLost(`PostgreSQL cannot be used: ${error.message}`, { cause: error })
      : error;
  }
}

/** The same, for who has only so long. */
export function hurried(options: SessionOptions, leftMs: number): SessionOptions {
  const atMost = (timeoutMs: number): number => Math.max(1, Math.min(timeoutMs, leftMs));
  return {
    ...options,
    connectTimeoutMs: atMost(options.connectTimeoutMs),
    statementTimeoutMs: atMost(options.statementTimeoutMs),
    answerTimeoutMs: atMost(options.answerTimeoutMs),
  };
}

/** A connection that writes: see `open_lane`. */
export interface Lane extends Pooled {
  readonly id: number;
  readonly slot: number;
  /** The number of its last commit. */
  sequence: number;
}

const OPEN_LANE: Statement = { text: "SELECT lane_id, slot FROM open_lane()" };
const SETTLE_LANE: Statement = { text: "SELECT settle_lane($1, $2)" };
const CLOSE_LANE: Statement = { name: "close_lane", text: "DELETE FROM lane WHERE id = $1" };

/** Opens a connection that may write. */
export async function openLane(options: SessionOptions, nowMs: number): Promise<Lane> {
  const connection = await openSession(options);
  try {
    const { rows } = await connection.run(OPEN_LANE);
    const [id, slot] = (rows[0] ?? []).map(Number);
    return { connection, id: id ?? 0, slot: slot ?? 0, openedAtMs: nowMs, sequence: 0 };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** Whether a lane that is lost reached a commit; if not, it never will. Asks on a new connection. */
export async function settleLane(
  options: SessionOptions,
  { id, sequence }: { readonly id: number; readonly sequence: number },
): Promise<boolean> {
  const connection = await openSession(options);
  try {
    const { rows } = await connection.run(SETTLE_LANE, [String(id), String(sequence)]);
    return rows[0]?.[0] === "t";
  } finally {
    // Who waits for the answer does not wait for a goodbye, too.
    connection.destroy();
  }
}

/** Closes a lane whose commits are all answered. */
export async function closeLane(lane: Lane): Promise<void> {
  try {
    await lane.connection.run(CLOSE_LANE, [lane.id]);
    await lane.connection.end();
  } catch {
    // What it was good for is over; a row that stays is removed when it is old.
    lane.connection.destroy();
  }
}
