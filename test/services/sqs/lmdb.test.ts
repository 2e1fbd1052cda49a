import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqsSuite } from "./suite.ts";

sqsSuite("lmdb", async () => {
  const folder = await mkdtemp(join(tmpdir(), "waystation-sqs-"));
  return { choice: { kind: "lmdb", folder }, remove: () => rm(folder, { recursive: true }) };
});
