import { once } from "node:events";
import { writeSync } from "node:fs";
import { silentLog } from "../../src/kernel/log.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";
import { workOnLedger } from "./ledger.ts";

/** Works on the LMDB store in the folder argv[2] with the seed argv[3], once told to, until killed. */
const [, , path = "", seed = ""] = process.argv;
await once(process.stdin, "data");
// Segments this small turn several times before the kill.
const store = await openLmdbStore({ path, log: silentLog, segmentBytes: 32_768 });
// Written at once, so that what was acknowledged before the kill is told.
await workOnLedger(store, Number(seed), (line) => writeSync(1, `${line}\n`));
