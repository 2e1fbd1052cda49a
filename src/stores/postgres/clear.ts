import type { Key } from "../../kernel/tuple.ts";
import type { Statement } from "./driver.ts";

/** Removes all but the entries at `kept`, which no other transaction changes meanwhile. */
export function clearStatement(kept: readonly Key[]): Statement {
  if (kept.length === 0) return { text: "TRUNCATE entry, total" };
  const keys = kept.map((key) => `'\\x${Buffer.from(key, "latin1").toString("hex")}'::bytea`);
  return {
    text: `DO $$
DECLARE
  kept entry[];
BEGIN
  LOCK TABLE entry IN ACCESS EXCLUSIVE MODE;
  SELECT array_agg(entry) INTO kept FROM entry WHERE key IN (${keys.join(", ")});
  TRUNCATE entry, total;
  INSERT INTO entry SELECT * FROM unnest(kept);
END $$`,
  };
}
