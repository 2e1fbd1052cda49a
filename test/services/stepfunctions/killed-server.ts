import { silentLog } from "../../../src/kernel/log.ts";
import { startServer } from "../../../src/server.ts";

/** A server on a folder, in a process of its own that is going to be killed: says where it listens. */
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
