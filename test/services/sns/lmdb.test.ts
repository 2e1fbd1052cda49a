import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { snsSuite } from "./suite.ts";

snsSuite("lmdb", async () => {
  const folder = await mkdtemp(join(tmpdir(), "waystation-sns-"));
  return { choice: { kind: "lmdb", folder }, remove: () => rm(folder, { recursive: true }) };
});
