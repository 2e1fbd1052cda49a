/** Exits while its thread is in the middle of a transaction on the LMDB file in argv[2]. */
import { once } from "node:events";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import type { Key } from "../../src/kernel/tuple.ts";
import { openGate, passGate } from "../../src/stores/exit-gate.ts";
import type { ExitGate } from "../../src/stores/exit-gate.ts";
import type { Write } from "../../src/stores/journal-record.ts";
import { LmdbFile } from "../../src/stores/lmdb-file.ts";

/** How long a transaction goes on after it told that it has begun. */
const TRANSACTION_MS = 500;

interface Shared {
  readonly path: string;
  /** Told once the transaction has begun. */
  readonly begun: Int32Array<SharedArrayBuffer>;
  readonly gate: ExitGate;
}

/** Writes that tell when they begin, and take their time. */
function* slowWrites(begun: Int32Array<SharedArrayBuffer>): Iterable<Write> {
  Atomics.store(begun, 0, 1);
  Atomics.notify(begun, 0);
  const endMs = performance.now() + TRANSACTION_MS;
  while (performance.now() < endMs) yield ["\x01key" as Key, Buffer.alloc(1)]; // any text is a key here
}

if (isMainThread) {
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const shared: Shared = { path: process.argv[2] ?? "", begun, gate: openGate() };
  const worker = new Worker(new URL(import.meta.url), { workerData: shared });
  const failed = once(worker, "error").then(([error]) => Promise.reject(error));
  await Promise.race([Atomics.waitAsync(begun, 0, 0).value, failed]);
  process.exit(0);
} else {
  const { path, begun, gate }: Shared = workerData;
  const file = await LmdbFile.open(path);
  passGate(gate, () => file.writeSync(slowWrites(begun)));
}
