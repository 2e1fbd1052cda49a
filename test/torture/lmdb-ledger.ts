import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { silentLog } from "../../src/kernel/log.ts";
import { openLmdbStore } from "../../src/stores/lmdb.ts";
import { killLoop } from "./kill-loop.ts";
import { checkLedger, EMPTY_LEDGER } from "./ledger.ts";
import type { Balances } from "./ledger.ts";

const CHILD = fileURLToPath(new URL("ledger-child.ts", import.meta.url));

export interface TortureOptions {
  readonly kills: number;
  readonly seed: number;
}

/** Kills processes that work on one LMDB folder; answers how many transactions they acknowledged. */
export async function tortureLmdb({ kills, seed }: TortureOptions): Promise<number> {
  const path = await mkdtemp(join(tmpdir(), "waystation-torture-"));
  let balances: Balances = EMPTY_LEDGER;
  let acknowledged = 0;
  try {
    await killLoop({
      kills,
      seed,
      spawn: (round) =>
        spawn(process.execPath, [CHILD, path, String(round.seed)], {
          stdio: ["pipe", "pipe", "inherit"],
        }),
      check: async (_round, lines) => {
        const store = await openLmdbStore({ path, log: silentLog });
        try {
          balances = await checkLedger(store, balances, lines);
          acknowledged += lines.length;
        } finally {
          await store.close();
        }
      },
    });
  } finally {
    await rm(path, { recursive: true });
  }
  return acknowledged;
}
