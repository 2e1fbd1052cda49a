import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/kernel/log.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";
import { storeSuite } from "./suite.ts";

storeSuite("lmdb", async () => {
  const path = await mkdtemp(join(tmpdir(), "waystation-lmdb-"));
  let store = await openLmdbStore({ path, log: silentLog });
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openLmdbStore({ path, log: silentLog });
      return store;
    },
    cleanup: async () => {
      await store.close();
      await rm(path, { recursive: true });
    },
  };
});
