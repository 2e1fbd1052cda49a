import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { tortureLmdb } from "./lmdb-ledger.ts";
import type { TortureOptions } from "./lmdb-ledger.ts";
import { tortureSqs } from "./sqs-torture.ts";
import { tortureTransitions, tortureWorkflows } from "./stepfunctions.ts";

/** Every torture, by name. Each answers how many things were acknowledged before the kills. */
const TORTURES: Readonly<Record<string, (options: TortureOptions) => Promise<number>>> = {
  lmdb: tortureLmdb,
  sqs: tortureSqs,
  transitions: tortureTransitions,
  workflows: tortureWorkflows,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: "string", default: "1000" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
  },
});
const kills = Number(values.kills);
const seed = Number(values.seed);
for (const [name, torture] of Object.entries(TORTURES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stdout.write(`${name}: ${kills} kills with --seed ${seed}\n`);
  const acknowledged = await torture({ kills, seed });
  process.stdout.write(`${name}: nothing lost of ${acknowledged} acknowledged\n`);
}
