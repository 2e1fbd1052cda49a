import { once } from "node:events";
import { open } from "node:fs/promises";
import { flushCompileCache } from "node:module";
import { silentLog } from "../../src/kernel/log.ts";
import { startServer } from "../../src/server.ts";

/**
 * A server on the LMDB folder in argv[2], once told to; prints its URL. It is killed from outside, or
 * kills itself at its argv[3]th write to the journal: after it, before anybody can know of it, or,
 * with "torn" in argv[4], when a half of it is written.
 */
const [, , folder = "", flush, how] = process.argv;
await once(process.stdin, "data");
if (flush !== undefined) await dieAtFlush(Number(flush), how);
const server = await startServer({
  host: "127.0.0.1",
  port: 0,
  store: { kind: "lmdb", folder },
  region: "us-east-1",
  enforceQuotas: false,
  serviceOptions: {},
  log: silentLog,
});
// What is loaded at the first call is loaded when the life begins, which may be a short one.
for (const target of ["AmazonSQS.ListQueues", "AWSStepFunctions.ListStateMachines"]) {
  const headers = { "x-amz-target": target, "content-type": "application/x-amz-json-1.0" };
  await fetch(server.url, { method: "POST", headers, body: "{}" });
}
// Compiled code is kept for the next life: this one will have no end to do it at.
flushCompileCache();
process.stdout.write(`${server.url}\n`);

/** The journal is the only file that is written through file handles once the server listens. */
async function dieAtFlush(fatal: number, end: string | undefined): Promise<void> {
  const handle = await open(import.meta.filename);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { write } = prototype;
  let writes = 0;
  Object.assign(prototype, {
    async write(this: unknown, ...[bytes, from, length, at]: number[]) {
      // A new segment is filled with zeros, a mebibyte at a time.
      if (length !== 2 ** 20) writes += 1;
      if (writes < fatal) return Reflect.apply(write, this, [bytes, from, length, at]);
      const isTorn = end === "torn";
      const part = isTorn ? Math.floor((length ?? 0) / 2) : length;
      await Reflect.apply(write, this, [bytes, from, part, at]);
      process.kill(process.pid, "SIGKILL");
      return new Promise(() => {});
    },
  });
}
