import { silentLog } from "../../src/kernel/log.ts";
import { encodeKey } from "../../src/kernel/tuple.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";

/** Opens the folder argv[2], writes one entry, says so, and stays until it is killed. */
const store = await openLmdbStore({ path: process.argv[2] ?? "", log: silentLog });
await store.transact(async (tx) => tx.put(encodeKey(7, [0]), new Uint8Array()));
process.stdout.write("ready\n");
process.stdin.resume();
