import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { StoreUnavailable } from "../../src/kernel/store.ts";
import { makeDataFolder } from "../../src/stores/data-folder.ts";

describe("making a data folder", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "waystation-make-"));
  });
  after(() => rm(folder, { recursive: true }));

  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

  const refused = (path: string, reason: RegExp): Promise<void> =>
    assert.rejects(makeDataFolder(path), (error: unknown) => {
      assert.ok(error instanceof StoreUnavailable);
      assert.ok(error.message.startsWith(`${path} cannot be made: `), error.message);
      assert.match(error.message, reason);
      return true;
    });

  test("makes the ones above it, and is its user's alone", async () => {
    const path = join(folder, "deep", "down");
    await makeDataFolder(path);
    if (process.platform !== "win32") assert.equal(await modeOf(path), 0o700);
  });

  test("leaves one that is there as it is", async () => {
    const path = join(folder, "there");
    await mkdir(path, { mode: 0o750 });
    const mode = await modeOf(path);
    await makeDataFolder(path);
    assert.equal(await modeOf(path), mode);
  });

  test("says what is in the way", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await refused(file, /a file is there/);
    await refused(join(file, "below"), /ENOTDIR/);
    const link = join(folder, "link");
    await symlink(join(folder, "nowhere"), link);
    await refused(link, /ENOENT/);
  });

  test(
    "ends where the system takes no folders",
    { skip: process.platform !== "linux" },
    async () => {
      await refused("/proc/waystation", /ENOENT/);
      await refused("/proc/waystation/deep/down", /ENOENT/);
    },
  );
});
