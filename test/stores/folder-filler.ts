import { once } from "node:events";
import { writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { silentLog } from "../../src/kernel/log.ts";
import { StoreUnavailable } from "../../src/kernel/store.ts";
import { encodeKey } from "../../src/kernel/tuple.ts";
import { RECOVERY_PAUSE_MS } from "../../src/stores/journaled-tables.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";

/**
 * Fills the folder argv[2] until its disk is full, printing the number of each entry that was
 * acknowledged or "refused"; once told to on stdin, goes on.
 */
const store = await openLmdbStore({ path: process.argv[2] ?? "", log: silentLog });
let next = 0;

async function put(): Promise<"stored" | "refused"> {
  const at = next;
  next += 1;
  try {
    await store.transact(async (tx) => {
      tx.put(encodeKey(7, [at]), new Uint8Array(20_000));
      tx.put(encodeKey(8, ["last"]), new Uint8Array(8));
    });
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    say(`refused ${at}`);
    return "refused";
  }
  say(String(at));
  return "stored";
}

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

for (let results: string[] = []; !results.includes("refused");) {
  results = await Promise.all(Array.from({ length: 8 }, put));
}
await put();
await put();
say("full");
await once(process.stdin, "data");
// It tries again after a pause.
while (
  await store.check().then(
    () => false,
    () => true,
  )
)
  await delay(RECOVERY_PAUSE_MS);
const stored = [await put(), await put()];
await store.close();
if (!stored.includes("refused")) say("done");
process.stdin.resume();
