import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { silentLog } from "../../src/kernel/log.ts";
import type { Store } from "../../src/kernel/store.ts";
import { encodeKey } from "../../src/kernel/tuple.ts";
import type { Key } from "../../src/kernel/tuple.ts";
import { Journal } from "../../src/stores/journal.ts";
import { parseRecords, RecordWriter } from "../../src/stores/journal-record.ts";
import type { Writes } from "../../src/stores/journal-record.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";
import { seeded } from "../seed.ts";

const writes = fc
  .array(
    fc.tuple(
      fc.string({ unit: "binary-ascii", maxLength: 8 }),
      fc.option(fc.uint8Array({ maxLength: 40 })),
    ),
    { maxLength: 6 },
  )
  .map(
    (entries) => new Map(entries.map(([key, value]) => [key as Key, value ?? "deleted"] as const)),
  );

/** A record of its own for each call. */
function recordOf(sequence: number, writes: ReadonlyMap<Key, Uint8Array | "deleted">): Uint8Array {
  const writer = new RecordWriter();
  for (const [key, value] of writes) writer.add(key, value === "deleted" ? undefined : value);
  return writer.finish(sequence);
}

async function append(
  journal: Journal,
  writes: ReadonlyMap<Key, Uint8Array | "deleted">,
): Promise<void> {
  await journal.append(recordOf(journal.sequence + 1, writes), { isPatient: false });
}

function bytes(value: Uint8Array | "deleted"): string {
  return value === "deleted" ? value : Buffer.from(value).toString("hex");
}

function plain(records: readonly { sequence: number; writes: Writes }[]): unknown {
  return records.map((record) => [
    record.sequence,
    [...record.writes].map(([key, value]) => [key, bytes(value)]),
  ]);
}

test("records are read back in order", () => {
  fc.assert(
    fc.property(fc.array(writes, { maxLength: 5 }), fc.nat(1_000), (batches, first) => {
      const records = batches.map((batch, index) => ({ sequence: first + index, writes: batch }));
      const segment = Buffer.concat([
        ...records.map((record) => recordOf(record.sequence, record.writes)),
        Buffer.alloc(64),
      ]);
      assert.deepEqual(plain(parseRecords(segment, 0)), plain(records));
    }),
    seeded(),
  );
});

test("a record that ends anywhere before its end is left out, and none before it", () => {
  fc.assert(
    fc.property(
      fc.array(writes, { minLength: 1, maxLength: 4 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (batches, where) => {
        const records = batches.map((batch, index) => recordOf(index + 1, batch));
        const whole = Buffer.concat(records);
        const cut = Math.min(whole.byteLength - 1, Math.floor(where * whole.byteLength));
        // The rest of the file is what it was before: zeros.
        const torn = Buffer.concat([whole.subarray(0, cut), Buffer.alloc(whole.byteLength - cut)]);
        let kept = 0;
        for (let end = 0; kept < records.length; kept += 1) {
          end += records[kept]?.byteLength ?? 0;
          if (end > cut && !torn.subarray(0, end).equals(whole.subarray(0, end))) break;
        }
        assert.equal(parseRecords(torn, 0).length, kept);
      },
    ),
    seeded(),
  );
});

test("a broken record before a whole one is damage, unless it was applied", () => {
  const batch = new Map([["k" as Key, new Uint8Array(20)]]);
  const segment = Buffer.concat([recordOf(1, batch), recordOf(2, batch), recordOf(3, batch)]);
  const second = recordOf(1, batch).byteLength;
  segment[second + 30] = 0xff;
  assert.throws(() => parseRecords(segment, 1), /damaged at record 2/);
  assert.equal(parseRecords(segment, 3).length, 2);
});

test("a broken head of a record before a whole one is damage too", () => {
  const batch = new Map([["k" as Key, new Uint8Array(20)]]);
  const size = recordOf(1, batch).byteLength;
  const segment = (): Buffer =>
    Buffer.concat([...[1, 2, 3].map((number) => recordOf(number, batch)), Buffer.alloc(64)]);
  for (const broken of [0, 1]) {
    const damaged = segment();
    damaged.fill(0, broken * size, broken * size + 8);
    assert.throws(() => parseRecords(damaged, 0), /damaged at record/);
  }
  // The last one may have been on its way when the power went.
  const torn = segment();
  torn.fill(0, 2 * size, 2 * size + 8);
  assert.equal(parseRecords(torn, 0).length, 2);
});

test("a broken record that was applied hides none of those after it", () => {
  const batch = new Map([["k" as Key, new Uint8Array(20)]]);
  const segment = Buffer.concat([1, 2, 3].map((number) => recordOf(number, batch)));
  segment[30] = 0xff;
  const records = parseRecords(segment, 1);
  assert.deepEqual(
    records.map(({ sequence }) => sequence),
    [2, 3],
  );
});

test("what an earlier rotation left in a segment is not read as new", async (t) => {
  const folder = await temporaryFolder(t);
  const { journal } = await Journal.open(folder, 0, { segmentBytes: 4_096 });
  const value = (text: string): Map<Key, Uint8Array> => new Map([["k" as Key, Buffer.from(text)]]);
  for (let index = 1; index <= 6; index += 1) await append(journal, value(`old ${index}`));
  journal.rotate();
  journal.rotate();
  await append(journal, value("new 7"));
  await journal.close();
  const reopened = await Journal.open(folder, 6);
  assert.deepEqual(
    reopened.records.map(({ sequence }) => sequence),
    [7],
  );
});

test("a journal that misses a record in between is refused", async (t) => {
  const folder = await temporaryFolder(t);
  const { journal } = await Journal.open(folder, 0, { segmentBytes: 4_096 });
  const some = new Map([["k" as Key, new Uint8Array(3)]]);
  await append(journal, some);
  journal.rotate();
  await append(journal, some);
  await journal.close();
  await writeFile(join(folder, "journal-0.log"), Buffer.alloc(4_096));
  await assert.rejects(Journal.open(folder, 0), /record 1 is missing/);
});

test("a store whose segments rotate all the time keeps everything, also over a crash", async (t) => {
  const folder = await temporaryFolder(t);
  const options = { path: folder, log: silentLog, segmentBytes: 8_192 };
  const key = (at: number): Key => encodeKey(7, [at]);
  let store: Store = await openLmdbStore(options);
  const value = (at: number): Buffer => Buffer.alloc(200 + (at % 7) * 300, at % 251);
  for (let at = 0; at < 400; at += 1) {
    await store.transact(async (tx) => {
      tx.put(key(at), value(at));
      if (at % 3 === 0 && at > 10) tx.delete(key(at - 10));
    });
    if (at % 97 !== 0) continue;
    // A crash: what is on disk now is all there is.
    const files = await copyOf(folder);
    await store.close();
    for (const [name, content] of files) await writeFile(join(folder, name), content);
    store = await openLmdbStore(options);
  }
  const found = await store.read((reader) =>
    reader.getMany(Array.from({ length: 400 }, (_, at) => key(at))),
  );
  for (const [at, each] of found.entries()) {
    const isDeleted = (at + 10) % 3 === 0 && at + 10 > 10 && at + 10 < 400;
    assert.deepEqual(each && Buffer.from(each), isDeleted ? undefined : value(at), `entry ${at}`);
  }
  await store.close();
});

async function copyOf(folder: string): Promise<Map<string, Buffer>> {
  const names = ["data.mdb", "journal-0.log", "journal-1.log"];
  const files = new Map<string, Buffer>();
  for (const name of names) {
    try {
      files.set(name, await readFile(join(folder, name)));
    } catch {
      // Segments come with their first rotation.
    }
  }
  return files;
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-journal-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
