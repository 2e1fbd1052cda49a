import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { encodeKey } from "../../src/kernel/tuple.ts";
import type { Key } from "../../src/kernel/tuple.ts";
import { JournaledFile } from "../../src/stores/journaled-file.ts";
import { SlowFile } from "./slow-file.ts";

/** Every second write needs the journal's other segment. */
const SMALL = { segmentBytes: 1 };
const MANY = 2_500;

const keyOf = (index: number): Key => encodeKey(7, [index]);
const valueOf = (index: number): Uint8Array => Buffer.from(String(index));
const many = new Map(Array.from({ length: MANY }, (_, index) => [keyOf(index), valueOf(index)]));

async function newFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-journaled-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function untilWriting(file: SlowFile): Promise<void> {
  while (!file.isWriting) await setImmediate();
}

test("a crash while the journal is brought into the file loses nothing", async (t) => {
  const folder = await newFolder(t);
  const file = new SlowFile();
  const journaled = await JournaledFile.open(folder, file, SMALL);
  await journaled.write(many);
  await journaled.write(new Map([[keyOf(0), Buffer.from("newer")]]));
  await untilWriting(file);
  file.finish();
  await untilWriting(file);
  assert.notEqual(file.get(keyOf(0)), undefined, "a part is in the file");
  assert.equal(file.get(keyOf(MANY - 1)), undefined, "another is not");
  file.fail("the process ends here");
  await journaled.close();

  const opening = JournaledFile.open(folder, file, SMALL);
  await untilWriting(file);
  file.finish();
  const again = await opening;
  assert.equal(String(again.get(keyOf(0))), "newer");
  for (let index = 1; index < MANY; index += 1) {
    assert.equal(String(again.get(keyOf(index))), String(index));
  }
  await again.close();
});

test("entries that came and went meanwhile never reach the file", async (t) => {
  const folder = await newFolder(t);
  const file = new SlowFile();
  const journaled = await JournaledFile.open(folder, file, SMALL);
  await journaled.write(new Map([[keyOf(1), "deleted"]]));
  await journaled.write(new Map([[keyOf(2), valueOf(2)]]));
  await untilWriting(file);
  file.finish();
  assert.deepEqual(file.writeSizes, [1], "only the number of the last record");
  const closing = journaled.close();
  for (let left = 2; left > 0; left -= 1) {
    await untilWriting(file);
    file.finish();
  }
  await closing;
  assert.equal(String(file.get(keyOf(2))), "2");
});
