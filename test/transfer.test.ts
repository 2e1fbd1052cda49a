import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { silentLog } from "../src/kernel/log.ts";
import { NODE } from "../src/kernel/nodes.ts";
import { decodeRecord } from "../src/kernel/record.ts";
import { StoreUnavailable } from "../src/kernel/store.ts";
import type { Store } from "../src/kernel/store.ts";
import { encodeKey } from "../src/kernel/tuple.ts";
import { WORK_LEASED } from "../src/kernel/work.ts";
import { systemRandom } from "../src/random.ts";
import { startServer } from "../src/server.ts";
import { openLmdbStore } from "../src/stores/lmdb.ts";
import { memoryStore } from "../src/stores/memory.ts";
import { openPostgresStore } from "../src/stores/postgres/store.ts";
import { exportStore, importStore, TransferRefused } from "../src/transfer.ts";
import type { Progress } from "../src/transfer.ts";
import { startProxy } from "./stores/cutting-proxy.ts";
import { startPostgres } from "./stores/postgres-server.ts";

const folders = await mkdtemp(join(tmpdir(), "waystation-transfer-"));
after(() => rm(folders, { recursive: true }));

async function exported(store: Store): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await exportStore(store, (chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks);
}

/** The file in pieces of any size, as it comes from a disk or a network. */
async function* pieces(file: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.byteLength; at += size) yield file.subarray(at, at + size);
}

async function filled(): Promise<Store> {
  const store = memoryStore();
  await store.transact(async (tx) => {
    for (let at = 0; at < 1_200; at += 1) {
      tx.put(encodeKey(9, ["some", at]), Buffer.from(`value ${at}`));
      tx.add(encodeKey(9, ["total", at]), at - 600);
    }
    tx.put(encodeKey(1_000, [Uint8Array.of(0, 255)]), new Uint8Array(3_000_000).fill(7));
    tx.put(encodeKey(1_000, ["empty"]), new Uint8Array());
    tx.add(encodeKey(10, ["large"]), 2 ** 50 + 1);
  });
  return store;
}

async function lmdb(t: TestContext, path: string): Promise<Store> {
  const store = await openLmdbStore({ path, log: silentLog });
  t.after(() => store.close());
  return store;
}

function emptyFolder(): Promise<string> {
  return mkdtemp(join(folders, "store-"));
}

async function postgres(t: TestContext): Promise<Store> {
  const server = await startPostgres();
  t.after(() => server.remove());
  const store = await openPostgresStore({ url: server.url, random: systemRandom() });
  t.after(() => store.close());
  return store;
}

test("everything moves from store to store and stays the same, byte for byte", async (t) => {
  const first = await exported(await filled());
  for (const store of [memoryStore(), await lmdb(t, await emptyFolder()), await postgres(t)]) {
    const progress: Progress[] = [];
    const done = await importStore(store, pieces(first), {
      onProgress: (each) => progress.push(each),
    });
    assert.deepEqual(done, { entries: 1_202, totals: 1_200, bytes: first.byteLength });
    assert.deepEqual(progress.at(-1), done);
    assert.ok(progress.length > 3);
    assert.equal(Buffer.compare(await exported(store), first), 0);
  }
});

test("an export is refused where it is cut, changed or longer, and leaves nothing behind", async () => {
  const source = memoryStore();
  await source.transact(async (tx) => {
    tx.put(encodeKey(9, ["some", 1]), Buffer.from("value"));
    tx.add(encodeKey(9, ["total", 1]), 5);
  });
  const file = await exported(source);
  const seed = randomInt(2 ** 31);
  const target = memoryStore();
  const refused = async (bytes: Uint8Array): Promise<void> => {
    await assert.rejects(importStore(target, pieces(bytes, 7)), TransferRefused);
    assert.equal((await exported(target)).byteLength, "waystation export 1\n".length + 49);
  };
  for (let cut = 0; cut < file.byteLength; cut += 1) await refused(file.subarray(0, cut));
  await refused(Buffer.concat([file, Buffer.of(0)]));
  const flip = fc.record({ at: fc.nat(file.byteLength - 1), bit: fc.nat(7) });
  const property = fc.asyncProperty(flip, async ({ at, bit }) => {
    const changed = Buffer.from(file);
    changed[at] = (changed[at] ?? 0) ^ (1 << bit);
    await refused(changed);
  });
  await fc.assert(property, { seed, numRuns: 300 });
});

test("an export whose store is lost half way is refused, and not begun again in the same file", async (t) => {
  const server = await startPostgres();
  t.after(() => server.remove());
  const proxy = await startProxy(server.port, () => "pass");
  t.after(() => proxy.close());
  const url = server.url.replace(`:${server.port}`, `:${proxy.port}`);
  const store = await openPostgresStore({ url, random: systemRandom() });
  t.after(() => store.close());
  await importStore(store, pieces(await exported(await filled())));
  let chunks = 0;
  const sink = (): void => {
    chunks += 1;
    if (chunks === 2) proxy.cutAll();
  };
  await assert.rejects(exportStore(store, sink), StoreUnavailable);
  assert.equal(chunks, 2);
});

test("a store whose import was killed half way serves nothing, and takes the import again", async (t) => {
  const file = await exported(await filled());
  const folder = await emptyFolder();
  const killed = join(folder, "killed");
  const store = await lmdb(t, join(folder, "whole"));
  async function* source(): AsyncGenerator<Uint8Array> {
    yield file.subarray(0, file.byteLength / 2);
    // What is on disk now is what a kill would leave.
    await cp(join(folder, "whole"), killed, { recursive: true });
    yield file.subarray(file.byteLength / 2);
  }
  await importStore(store, source());
  const config = {
    host: "127.0.0.1",
    port: 0,
    store: { kind: "lmdb" as const, folder: killed },
    region: "eu-central-1",
    enforceQuotas: false,
    serviceOptions: {},
    log: silentLog,
  };
  await assert.rejects(startServer(config), { name: "StoreUnavailable", message: /import/ });
  const half = await lmdb(t, killed);
  await assert.rejects(exported(half), StoreUnavailable);
  await importStore(half, pieces(file));
  assert.equal(Buffer.compare(await exported(half), file), 0);
});

test("an import that another one took over from writes nothing more, and removes nothing", async () => {
  const file = await exported(await filled());
  const store = memoryStore();
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield file.subarray(0, file.byteLength - 1);
    reached.resolve();
    await goOn.promise;
    yield file.subarray(file.byteLength - 1);
  }
  const first = importStore(store, slow(), { now: () => 1_000 });
  await reached.promise;
  await importStore(store, pieces(file), { now: () => 2_000 });
  goOn.resolve();
  await assert.rejects(first, /took over/);
  assert.equal(Buffer.compare(await exported(store), file), 0);
});

test("a store that holds something takes no import and keeps what it has", async () => {
  const file = await exported(memoryStore());
  const target = memoryStore();
  await target.transact(async (tx) => tx.add(encodeKey(9, ["total"]), 1));
  const before = await exported(target);
  await assert.rejects(importStore(target, pieces(file)), /not empty/);
  assert.equal(Buffer.compare(await exported(target), before), 0);
});

test("who had leased work where it came from counts as dead where it goes", async () => {
  const source = memoryStore();
  await source.transact(async (tx) =>
    tx.put(WORK_LEASED.key("local", "kind", "id"), new Uint8Array()),
  );
  const target = memoryStore();
  await importStore(target, pieces(await exported(source)));
  const node = await target.read((reader) => reader.get(NODE.key("local")));
  assert.ok(node);
  assert.deepEqual(decodeRecord(node), { aliveUntilMs: 0 });
});
