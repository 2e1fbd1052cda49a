import { after, before } from "node:test";
import { startPostgres } from "../../stores/postgres-server.ts";
import type { PostgresServer } from "../../stores/postgres-server.ts";
import { stepFunctionsSuite } from "./suite.ts";

let server: PostgresServer;
before(async () => {
  server = await startPostgres();
});
after(() => server.remove());

let schemas = 0;
stepFunctionsSuite("postgres", async () => {
  schemas += 1;
  const url = `${server.url}?schema=states${schemas}`;
  return { choice: { kind: "postgres", url }, remove: async () => {} };
});
