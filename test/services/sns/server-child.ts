import { silentLog } from "../../../src/kernel/log.ts";
import { startServer } from "../../../src/server.ts";

/** A server on the LMDB folder in its argument, to be killed; prints its URL. */
const server = await startServer({
  host: "127.0.0.1",
  port: 0,
  store: { kind: "lmdb", folder: process.argv[2] ?? "" },
  region: "us-east-1",
  enforceQuotas: false,
  serviceOptions: {},
  log: silentLog,
});
process.stdout.write(`${server.url}\n`);
