import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { objectStoreOf } from "../../../src/services/stepfunctions/distributed/objects.ts";
import type { ObjectStore } from "../../../src/services/stepfunctions/distributed/objects.ts";
import { ResultFiles } from "../../../src/services/stepfunctions/distributed/result-files.ts";

describe("files of results [ResultWriter]", () => {
  let folder: string;
  let objects: ObjectStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "waystation-results-"));
    const store = objectStoreOf({
      enforceQuotas: false,
      publicUrl: () => "",
      defaultRegion: "us-east-1",
      option: () => folder,
    });
    assert.ok(store);
    objects = store;
  });
  after(() => rm(folder, { recursive: true }));

  for (const [outputType, texts] of [
    ["JSON", ['["aaaa","bbbb"]', '["cccc"]']],
    ["JSONL", ['"aaaa"\n"bbbb"', '"cccc"']],
  ] as const) {
    test(`another begins where one is long enough, and the manifest's entries name both (${outputType})`, async () => {
      const extension = outputType.toLowerCase();
      const files = new ResultFiles(
        objects,
        { bucket: "b", stem: "run/SUCCEEDED", outputType },
        10,
      );
      for (const value of ["aaaa", "bbbb", "cccc"]) await files.add(value);
      const written = await files.end();
      assert.deepEqual(
        written,
        texts.map((text, index) => ({
          Key: `run/SUCCEEDED_${index}.${extension}`,
          Size: text.length,
        })),
      );
      for (const [index, { Key }] of written.entries())
        assert.equal(await readFile(join(folder, "b", Key), "utf8"), texts[index]);
    });
  }

  test("without results there is no file", async () => {
    const files = new ResultFiles(objects, { bucket: "b", stem: "run/FAILED", outputType: "JSON" });
    assert.deepEqual(await files.end(), []);
  });

  test("a folder that cannot be written to fails the writer [States.ResultWriterFailed]", async () => {
    await writeFile(join(folder, "file"), "");
    const files = new ResultFiles(objects, { bucket: "file", stem: "run/S", outputType: "JSON" });
    await assert.rejects(files.add(1), { name: "States.ResultWriterFailed" });
    await files.abandon();
  });
});
