import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { NODE } from "../../src/kernel/nodes.ts";
import type { Store } from "../../src/kernel/store.ts";
import { WORK_LEASED } from "../../src/kernel/work.ts";
import { systemRandom } from "../../src/random.ts";
import { witnessOf } from "../services/stepfunctions/witness.ts";
import { openPostgresStore } from "../../src/stores/postgres/store.ts";
import { startPostgres } from "../stores/postgres-server.ts";
import { randomFrom } from "./kill-loop.ts";
import type { TortureOptions } from "./lmdb-ledger.ts";
import { check, Life } from "./stepfunctions.ts";
import { Ledger, WorkflowClient } from "./workflow-client.ts";

/** Workflows that begin in the life of each node that is killed. */
const WORKFLOWS_PER_LIFE = 4;
/** How long a node works, at most, before it is killed. */
const LONGEST_LIFE_MS = 400;
/** A node that died is known to be dead after 3 s, and looked for every second: then its work goes on. */
const LONGEST_RUN_MS = 60_000;

/**
 * Two nodes on one database advance workflows, in real time, as the clocks of nodes agree. One of them is
 * killed at random moments and started anew, until so many kills left work leased to the dead; the other one
 * finishes what they left. Compares each workflow with an undisturbed one. Answers how many requests
 * were acknowledged.
 */
export async function tortureNodes({ kills, seed }: TortureOptions): Promise<number> {
  const random = randomFrom(seed);
  const postgres = await startPostgres();
  const store = await openPostgresStore({ url: postgres.url, random: systemRandom() });
  const ledger = new Ledger();
  const survivor = new Life(postgres.url, []);
  let next = new Life(postgres.url, []);
  let client: WorkflowClient | undefined;
  try {
    client = new WorkflowClient(await survivor.begin(), ledger);
    await client.prepare();
    await runToEnd(client, ledger, "calm");
    const expected = witnessOf("calm", await client.history("calm"));
    const alive = (await nodesOf(store)).join();
    const dead = new Set<string>();
    for (let number = 0; dead.size < kills; number += 1) {
      assert.ok(number < 10 * kills, "nearly no kill leaves anything leased");
      const life = next;
      // The next one comes up meanwhile.
      next = new Life(postgres.url, []);
      try {
        await workOn(await life.begin(), { ledger, client, number });
        await sleep(random() * LONGEST_LIFE_MS);
      } finally {
        await life.end();
      }
      for (const node of await leaseholdersOf(store)) if (node !== alive) dead.add(node);
    }
    for (const name of ledger.started.keys()) await runToEnd(client, ledger, name);
    await check(client, ledger, expected);
  } catch (error) {
    throw new Error(`seed ${seed} failed`, { cause: error });
  } finally {
    client?.close();
    await next.end();
    await survivor.end();
    await store.close();
    await postgres.remove();
  }
  return ledger.acknowledged;
}

/** Starts workflows through both nodes, and answers what the ones before them asked. */
async function workOn(
  url: string,
  { ledger, client, number }: { ledger: Ledger; client: WorkflowClient; number: number },
): Promise<void> {
  const other = new WorkflowClient(url, ledger);
  const starts = Array.from({ length: WORKFLOWS_PER_LIFE }, (_, index) =>
    (index % 2 === 0 ? client : other).start(`w${number}-${index}`),
  );
  await Promise.all(starts);
  other.close();
  await client.answerTokens();
}

async function runToEnd(client: WorkflowClient, ledger: Ledger, name: string): Promise<void> {
  if (ledger.started.get(name) !== true) await client.start(name);
  const endMs = performance.now() + LONGEST_RUN_MS;
  while ((await client.status("workflow", name)) === "RUNNING") {
    if (performance.now() > endMs)
      throw new Error(
        `${name} does not end: ${JSON.stringify((await client.history(name)).at(-1))}`,
      );
    await client.answerTokens();
    await sleep(50);
  }
}

async function nodesOf(store: Store): Promise<string[]> {
  const entries = await store.read((reader) => reader.range(NODE.below(), { limit: 100 }));
  return entries.map(({ key }) => NODE.parts(key)[0]);
}

/** The nodes, alive or dead, that work is leased to. */
async function leaseholdersOf(store: Store): Promise<string[]> {
  const range = WORK_LEASED.below();
  const entries = await store.read((reader) => reader.range(range, { limit: 10_000 }));
  return entries.map(({ key }) => WORK_LEASED.parts(key)[0]);
}
