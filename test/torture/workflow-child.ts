import { once } from "node:events";
import fs from "node:fs";
import { open } from "node:fs/promises";
import { flushCompileCache, syncBuiltinESMExports } from "node:module";
import { silentLog } from "../../src/kernel/log.ts";
import { startServer } from "../../src/server.ts";

/**
 * A server on the LMDB folder or PostgreSQL URL in argv[2], once told to; prints its URL. It is killed
 * from outside, or, on LMDB, kills itself at its argv[3]th write to the journal: after it, before anybody can know of it, or,
 * with "torn" in argv[4], when a half of it is written. On PostgreSQL it is known to be dead after 3 s of silence.
 */
const [, , place = "", flush, how] = process.argv;
await once(process.stdin, "data");
if (flush !== undefined) await dieAtFlush(Number(flush), how);
const server = await startServer({
  host: "127.0.0.1",
  port: 0,
  store: place.startsWith("postgres:")
    ? { kind: "postgres", url: place }
    : { kind: "lmdb", folder: place },
  region: "us-east-1",
  enforceQuotas: false,
  serviceOptions: {},
  log: silentLog,
  nodeLifetimeMs: 3_000,
});
// What is loaded at the first call is loaded when the life begins, which may be a short one.
for (const target of ["AmazonSQS.ListQueues", "AWSStepFunctions.ListStateMachines"]) {
  const headers = { "x-amz-target": target, "content-type": "application/x-amz-json-1.0" };
  await fetch(server.url, { method: "POST", headers, body: "{}" });
}
// Compiled code is kept for the next life: this one will have no end to do it at.
flushCompileCache();
process.stdout.write(`${server.url}\n`);

/** What is written, from where and how much of it, and where to. */
type Place = [bytes: Uint8Array, from: number, length: number, at: number];

/** The journal's are the only writes once the server listens; they go through file handles, or at once. */
async function dieAtFlush(fatal: number, end: string | undefined): Promise<void> {
  const handle = await open(import.meta.filename);
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const { write } = prototype;
  const { writeSync } = fs;
  let writes = 0;
  const isFatal = (length: number): boolean => {
    // A new segment is filled with zeros, a mebibyte at a time.
    if (length !== 2 ** 20) writes += 1;
    return writes >= fatal;
  };
  const dying = (length: number): number => (end === "torn" ? Math.floor(length / 2) : length);
  const die = (): void => void process.kill(process.pid, "SIGKILL");
  Object.assign(prototype, {
    async write(this: unknown, ...[bytes, from, length, at]: Place) {
      if (!isFatal(length)) return Reflect.apply(write, this, [bytes, from, length, at]);
      await Reflect.apply(write, this, [bytes, from, dying(length), at]);
      die();
      return new Promise(() => {});
    },
  });
  Object.assign(fs, {
    writeSync(file: number, ...[bytes, from, length, at]: Place) {
      if (!isFatal(length)) return writeSync(file, bytes, from, length, at);
      writeSync(file, bytes, from, dying(length), at);
      die();
      return length;
    },
  });
  syncBuiltinESMExports();
}
