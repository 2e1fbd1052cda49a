import { StoreUnavailable } from "../../kernel/store.ts";
import type { Connection } from "./driver.ts";

/** The version of the tables and functions below; a change adds a step to {@link STEPS}. */
export const SCHEMA_VERSION = 2;

/** The SQLSTATE of a commit whose reads are stale. */
export const STALE = "WS001";
/** The SQLSTATE of a commit on a lane that was settled or removed. */
export const LANE_CLOSED = "WS002";

/**
 * - entry: every key and value. Queues make it churn, so vacuum comes early, never waits, always
 *   cleans the index (a queue's dead head would slow its claims) and never locks to truncate.
 * - total: what was added at a key, spread over slots so that those who add never wait for each other.
 * - lane: one row for each connection that writes, counting its commits: see `settle_lane`.
 */
const CREATE_TABLES = `
CREATE TABLE entry (
  key bytea STORAGE PLAIN PRIMARY KEY,
  value bytea STORAGE EXTERNAL NOT NULL
) WITH (
  fillfactor = 85,
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.2,
  autovacuum_vacuum_insert_scale_factor = 0.2,
  vacuum_index_cleanup = on, vacuum_truncate = off,
  toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_cost_delay = 0
);
CREATE TABLE total (
  key bytea STORAGE PLAIN,
  slot int,
  amount bigint NOT NULL,
  PRIMARY KEY (key, slot)
) WITH (
  fillfactor = 40,
  autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off
);
CREATE TABLE lane (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sequence bigint NOT NULL DEFAULT 0,
  opened_at timestamptz NOT NULL DEFAULT now()
) WITH (
  fillfactor = 20,
  autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0, vacuum_truncate = off
);`;

/** Gives a connection a lane, and the lowest slot of totals that no other connection has. */
const CREATE_OPEN_LANE = `
CREATE FUNCTION open_lane(OUT lane_id bigint, OUT slot int) LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM lane WHERE opened_at < now() - interval '30 days';
  INSERT INTO lane DEFAULT VALUES RETURNING id INTO lane_id;
  slot := 0;
  WHILE slot < 1000 AND NOT pg_try_advisory_lock(hashtext(current_schema()::text), slot) LOOP
    slot := slot + 1;
  END LOOP;
END $$;`;

/**
 * All writes of a group, after its reads were checked. Each array of keys is in key order, so that
 * groups wait for each other instead of deadlocking.
 *   shared   read, there, and left alone: locked so that they stay
 *   changed, removed   read, there, and written
 *   fresh    read and found absent; those that stay absent are also in `deleted`
 *   put, deleted   not read, or claimed
 * What is put is almost always new: a plain INSERT costs half of one that looks for conflicts first.
 */
const CREATE_COMMIT = `
CREATE OR REPLACE FUNCTION commit_group(
  this_lane bigint, this_sequence bigint, this_slot int,
  shared_keys bytea[], shared_versions xid[],
  changed_keys bytea[], changed_values bytea[], changed_versions xid[],
  removed_keys bytea[], removed_versions xid[],
  fresh_keys bytea[], fresh_values bytea[],
  put_keys bytea[], put_values bytea[],
  blind_keys bytea[], deleted_keys bytea[],
  cleared_totals bytea[], added_totals bytea[], amounts bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  found_keys bytea[];
  found_versions xid[];
  affected bigint;
BEGIN
  UPDATE lane SET sequence = this_sequence WHERE id = this_lane AND sequence = this_sequence - 1;
  IF NOT FOUND THEN RAISE EXCEPTION 'the lane is closed' USING ERRCODE = 'WS002'; END IF;
  IF cardinality(shared_keys) > 0 THEN
    SELECT array_agg(found.key), array_agg(found.version) INTO found_keys, found_versions FROM (
      SELECT key, xmin AS version FROM entry WHERE key = ANY(shared_keys) ORDER BY key FOR SHARE
    ) AS found;
    IF found_keys IS DISTINCT FROM shared_keys OR found_versions IS DISTINCT FROM shared_versions THEN
      RAISE EXCEPTION 'stale reads' USING ERRCODE = 'WS001';
    END IF;
  END IF;
  IF cardinality(changed_keys) > 0 THEN
    UPDATE entry SET value = change.value
    FROM unnest(changed_keys, changed_values, changed_versions) AS change(key, value, version)
    WHERE entry.key = change.key AND entry.xmin = change.version;
    GET DIAGNOSTICS affected = ROW_COUNT;
    IF affected < cardinality(changed_keys) THEN RAISE EXCEPTION 'stale reads' USING ERRCODE = 'WS001'; END IF;
  END IF;
  IF cardinality(removed_keys) > 0 THEN
    DELETE FROM entry USING unnest(removed_keys, removed_versions) AS removal(key, version)
    WHERE entry.key = removal.key AND entry.xmin = removal.version;
    GET DIAGNOSTICS affected = ROW_COUNT;
    IF affected < cardinality(removed_keys) THEN RAISE EXCEPTION 'stale reads' USING ERRCODE = 'WS001'; END IF;
  END IF;
  IF cardinality(fresh_keys) > 0 THEN
    BEGIN
      INSERT INTO entry SELECT * FROM unnest(fresh_keys, fresh_values);
    EXCEPTION WHEN unique_violation THEN
      RAISE EXCEPTION 'stale reads' USING ERRCODE = 'WS001';
    END;
  END IF;
  IF cardinality(put_keys) > 0 THEN
    BEGIN
      INSERT INTO entry SELECT * FROM unnest(put_keys, put_values);
    EXCEPTION WHEN unique_violation THEN
      INSERT INTO entry SELECT * FROM unnest(put_keys, put_values)
      ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value;
    END;
  END IF;
  IF cardinality(blind_keys) > 0 THEN
    -- Who had to wait for a lock here sees with the DELETE's own snapshot what was added meanwhile.
    PERFORM FROM entry WHERE key = ANY(blind_keys) ORDER BY key FOR UPDATE;
    DELETE FROM entry WHERE key = ANY(blind_keys);
  END IF;
  IF cardinality(deleted_keys) > 0 THEN
    DELETE FROM entry WHERE key = ANY(deleted_keys);
  END IF;
  IF cardinality(cleared_totals) > 0 THEN
    DELETE FROM total WHERE key = ANY(cleared_totals);
  END IF;
  IF cardinality(added_totals) > 0 THEN
    INSERT INTO total SELECT added.key, this_slot, added.amount
    FROM unnest(added_totals, amounts) AS added(key, amount)
    ON CONFLICT (key, slot) DO UPDATE SET amount = total.amount + EXCLUDED.amount;
  END IF;
END $$;`;

/**
 * Tells whether a lane's commit number `this_sequence` happened, and makes sure that it never will
 * if it did not: waits for it while it runs, then closes the lane.
 */
const CREATE_SETTLE_LANE = `
CREATE FUNCTION settle_lane(this_lane bigint, this_sequence bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  reached bigint;
BEGIN
  SELECT sequence INTO reached FROM lane WHERE id = this_lane FOR UPDATE;
  IF NOT FOUND THEN RETURN false; END IF;
  IF reached < this_sequence THEN DELETE FROM lane WHERE id = this_lane; END IF;
  RETURN reached >= this_sequence;
END $$;`;

/** What takes the schema from version n to n + 1, at index n. */
const STEPS: readonly string[] = [
  [CREATE_TABLES, CREATE_OPEN_LANE, CREATE_SETTLE_LANE].join("\n"),
  CREATE_COMMIT,
];

/**
 * Creates the tables, or brings them to this version, one node at a time. Throws a
 * {@link StoreUnavailable} when a newer Waystation has written them.
 */
export async function migrate(connection: Connection, schema: string): Promise<void> {
  const run = (text: string) => connection.run({ text });
  await run("BEGIN");
  try {
    await run(`SELECT pg_advisory_xact_lock(hashtext(${literal(`waystation ${schema}`)}), -1)`);
    const { rows: existing } = await run(
      `SELECT to_regclass(${literal(`${identifier(schema)}.schema_version`)})`,
    );
    if (existing[0]?.[0] == null) {
      await run(`CREATE SCHEMA IF NOT EXISTS ${identifier(schema)}`);
      await run("CREATE TABLE schema_version (version int NOT NULL)");
      await run("INSERT INTO schema_version VALUES (0)");
    }
    const { rows } = await run("SELECT version FROM schema_version");
    const version = Number(rows[0]?.[0]);
    if (version > SCHEMA_VERSION) {
      throw new StoreUnavailable(
        `the database's schema ${schema} has version ${version}; this Waystation knows ${SCHEMA_VERSION}: use a newer one`,
      );
    }
    for (const step of STEPS.slice(version)) await run(step);
    if (version < SCHEMA_VERSION)
      await run(`UPDATE schema_version SET version = ${SCHEMA_VERSION}`);
    await run("COMMIT");
  } catch (error) {
    if (!connection.lost) await run("ROLLBACK");
    throw error;
  }
}

/** A name as SQL takes it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as SQL takes it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
