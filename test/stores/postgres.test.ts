import { after, before } from "node:test";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import { systemRandom } from "../../src/random.ts";
import { startPostgres } from "./postgres-server.ts";
import type { PostgresServer } from "./postgres-server.ts";
import { storeSuite } from "./suite.ts";

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.remove());

let schemas = 0;
storeSuite("postgres", async () => {
  schemas += 1;
  const options = { url: server.url, schema: `suite ${schemas}`, random: systemRandom() };
  let store = await openPostgresStore(options);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openPostgresStore(options);
      return store;
    },
    cleanup: () => store.close(),
  };
});
