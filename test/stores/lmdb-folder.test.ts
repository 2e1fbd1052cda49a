import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtemp, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { silentLog } from "../../src/kernel/log.ts";
import { StoreUnavailable } from "../../src/kernel/store.ts";
import type { Store } from "../../src/kernel/store.ts";
import { encodeKey, rangeBelow } from "../../src/kernel/tuple.ts";
import type { Key } from "../../src/kernel/tuple.ts";
import { LmdbFile } from "../../src/stores/lmdb-file.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";

const HOLDER = fileURLToPath(new URL("folder-holder.ts", import.meta.url));
const FILLER = fileURLToPath(new URL("folder-filler.ts", import.meta.url));

describe("a data folder", () => {
  let path: string;
  const children: ChildProcess[] = [];
  const stores: Store[] = [];
  const open = async (): Promise<Store> => {
    const store = await openLmdbStore({ path, log: silentLog });
    stores.push(store);
    return store;
  };
  const run = (
    command: string,
    args: string[],
    stderr: "inherit" | "ignore" = "inherit",
  ): ChildProcess => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", stderr] });
    children.push(child);
    return child;
  };
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "waystation-folder-"));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await end(child);
    for (const store of stores.splice(0)) await store.close();
    await rm(path, { recursive: true });
  });

  test("is made with all folders above it", async () => {
    path = join(path, "deep", "with.dot");
    await (await open()).check();
    assert.ok((await stat(join(path, "data.mdb"))).size > 0);
    path = join(path, "..", "..");
  });

  test("is refused while this process has it open, and free when closed", async () => {
    const store = await open();
    await assert.rejects(open(), isUnavailable(/is in use by this process/));
    await store.transact(async (tx) => tx.put(key(2), new Uint8Array(1)));
    await assert.rejects(open(), isUnavailable(/is in use by this process/));
    await store.transact(async (tx) => tx.put(key(1), new Uint8Array(1)));
    await store.close();
    await (await open()).check();
  });

  test("is refused while another process has it open, and free once that is killed", async () => {
    const holder = run(process.execPath, [HOLDER, path]);
    await firstLine(holder);
    const inUse = isUnavailable(new RegExp(`is in use by process ${holder.pid}\\b`));
    await assert.rejects(open(), inUse);
    await assert.rejects(open(), inUse);
    const exited = once(holder, "exit");
    holder.kill("SIGKILL");
    await exited;
    const entries = await (
      await open()
    ).read((reader) => reader.range(rangeBelow(encodeKey(7, [])), { limit: 10 }));
    assert.equal(entries.length, 1);
  });

  test("stays refused while garbage is collected and others are refused", async () => {
    await open();
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise((resolve) => void setTimeout(resolve, 5));
      collectGarbage();
      await assert.rejects(open(), isUnavailable(/is in use by this process/));
    }
    const intruder = run(process.execPath, [HOLDER, path], "ignore");
    const [code] = await once(intruder, "exit");
    assert.equal(code, 1);
  });

  test("of a newer version is refused", async () => {
    await (await open()).close();
    const file = await LmdbFile.open(join(path, "data.mdb"));
    await file.write(new Map([["\xff\xffformat" as Key, Buffer.from("2")]]));
    await file.close();
    await assert.rejects(open(), isUnavailable(/was written by a newer version/));
  });

  test("whose data is no database is refused, and left as it is", async () => {
    await writeFile(join(path, "data.mdb"), "something else that was here before".repeat(1_000));
    await assert.rejects(open(), isUnavailable(/is damaged/));
    assert.equal((await stat(join(path, "data.mdb"))).size, 35_000);
  });

  test("whose data lost its end is refused, wherever the roots are gone", async () => {
    const store = await open();
    for (let at = 0; at < 20; at += 1) {
      await store.transact(async (tx) => tx.put(key(at), new Uint8Array(10_000)));
    }
    await store.close();
    await truncate(join(path, "data.mdb"), 3 * 4_096);
    await assert.rejects(open(), isUnavailable(/is damaged/));
    await truncate(join(path, "data.mdb"), 100);
    await assert.rejects(open(), isUnavailable(/is damaged/));
  });

  test("that cannot be made is refused", async () => {
    await writeFile(join(path, "file"), "");
    const inFile = openLmdbStore({ path: join(path, "file", "data"), log: silentLog });
    await assert.rejects(inFile, isUnavailable(/cannot be made/));
  });

  test("on a disk that is full loses nothing acknowledged, and goes on once there is room", async (t) => {
    // The most a file may have is the disk here: room for the journal, not for all of the data. A shell ignores the signal that would tell of it.
    const limited = `trap '' XFSZ; ulimit -S -f 8192; exec "$0" "$@"`;
    // LMDB tells stderr of every failed commit, too.
    const filler = run("bash", ["-c", limited, process.execPath, FILLER, path], "ignore");
    const lines = linesOf(filler);
    await lines.until("full");
    const raised = spawn("prlimit", ["--pid", String(filler.pid), "--fsize=unlimited"]);
    const [failed] = await once(raised, "exit").catch(() => ["no such program"]);
    if (failed === 0) {
      filler.stdin?.write("go on\n");
      await lines.until("done");
    } else t.diagnostic("without prlimit the disk stays full");
    await end(filler);
    const acknowledged = lines.all.filter((line) => /^\d+$/.test(line)).map(Number);
    const refused = lines.all.filter((line) => line.startsWith("refused "));
    assert.ok(acknowledged.length > 10);
    assert.ok(refused.length > 0);
    const entries = await (
      await open()
    ).read((reader) => reader.range(rangeBelow(encodeKey(7, [])), { limit: 100_000 }));
    const stored = new Set(entries.map((entry) => entry.key));
    for (const at of acknowledged) assert.ok(stored.has(key(at)), `${at} is lost`);
    for (const at of refused) {
      assert.ok(!stored.has(key(Number(at.slice(8)))), at);
    }
  });
});

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

function key(at: number): Key {
  return encodeKey(7, [at]);
}

function isUnavailable(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreUnavailable, String(error));
    assert.match(error.message, message);
    return true;
  };
}

async function firstLine(child: ChildProcess): Promise<void> {
  if (child.stdout !== null) await once(child.stdout, "data");
}

/** The lines that a child prints; waiting for one fails when the child ends without it. */
function linesOf(child: ChildProcess): { all: string[]; until: (line: string) => Promise<void> } {
  const all: string[] = [];
  const news = new EventEmitter();
  if (child.stdout === null) throw new Error("the child needs a piped stdout");
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => all.push(line) && news.emit("news"));
  reader.on("close", () => news.emit("news", "end"));
  const until = async (line: string): Promise<void> => {
    while (!all.includes(line)) {
      const [what] = await once(news, "news");
      if (what === "end") assert.fail(`the child ended after ${all.slice(-3).join(", ")}`);
    }
  };
  return { all, until };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
