import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("exit-in-write.ts", import.meta.url));

describe("a process that ends while its thread is in a transaction", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "waystation-exit-"));
  });

  after(() => rm(folder, { recursive: true }));

  it("waits for the thread, and ends", async () => {
    const child = spawn(process.execPath, [CHILD, join(folder, "data.mdb")], {
      stdio: ["ignore", "ignore", "inherit"],
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    const [code, signal] = await once(child, "exit");
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
  });
});
