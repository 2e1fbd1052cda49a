import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pageOf, tableOf } from "./report.ts";
import type { Bench, Measure, Scenario } from "./scenario.ts";
import { startBareServer, startWaystation } from "./servers.ts";
import { snsHooks, snsWaiting } from "./sns-hooks.ts";
import { snsFanout, snsFilters } from "./sns.ts";
import { sqsBacklog, sqsFifoBacklog } from "./sqs-backlog.ts";
import { sqsFlatness } from "./sqs-flatness.ts";
import { sqsPolls } from "./sqs-polls.ts";
import { sqsSend } from "./sqs-send.ts";
import { startup } from "./startup.ts";
import {
  stepFunctionsExpress,
  stepFunctionsMap,
  stepFunctionsStandard,
  stepFunctionsWaiting,
} from "./stepfunctions.ts";

const SCENARIOS: readonly Scenario[] = [
  startup,
  sqsSend,
  sqsBacklog,
  sqsFifoBacklog,
  sqsPolls,
  sqsFlatness,
  snsFanout,
  snsFilters,
  snsHooks,
  snsWaiting,
  stepFunctionsStandard,
  stepFunctionsExpress,
  stepFunctionsMap,
  stepFunctionsWaiting,
];

const HELP = `npm run bench -- [OPTIONS] [SCENARIO ...]

Scenarios: ${SCENARIOS.map(({ name }) => name).join(", ")}; all by default
  --quick            Backlogs of a tenth
  --store STORE      memory, lmdb (default) or a postgres:// URL
  --seconds N        About how long one measurement runs; 4 by default
  --folder FOLDER    Where data is kept meanwhile; a disk, for durable numbers
  --no-build         Measure dist as it is, or src where there is none
  --no-write         Leave bench/results.md as it is`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    store: { type: "string", default: "lmdb" },
    seconds: { type: "string", default: "4" },
    folder: { type: "string", default: tmpdir() },
    "no-build": { type: "boolean", default: false },
    "no-write": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(`${HELP}\n`);
else await main();

async function main(): Promise<void> {
  const unknown = positionals.filter((name) => !SCENARIOS.some((each) => each.name === name));
  if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(", ")}\n${HELP}`);
  if (!values["no-build"]) execFileSync("npm", ["run", "build"], { stdio: "ignore" });
  const folder = await mkdtemp(join(values.folder, "waystation-bench-"));
  const measures: Measure[] = [];
  try {
    for (const scenario of SCENARIOS) {
      if (positionals.length > 0 && !positionals.includes(scenario.name)) continue;
      const found = await measure(scenario, folder);
      measures.push(...found);
      process.stdout.write(`\n${scenario.name}\n${tableOf(found)}\n`);
      if (!values["no-write"] && positionals.length === 0) await write(measures);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(measures: readonly Measure[]): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  const page = pageOf(measures, { store: values.store, isQuick: values.quick, date });
  await writeFile(new URL("results.md", import.meta.url), page);
}

/** Runs a scenario; stops what it left running when it failed. */
async function measure(scenario: Scenario, folder: string): Promise<Measure[]> {
  const started: { stop(): Promise<void> }[] = [];
  const keep = <Started extends { stop(): Promise<void> }>(server: Started): Started => {
    started.push(server);
    return server;
  };
  const bench: Bench = {
    durationMs: Number(values.seconds) * 1_000,
    isQuick: values.quick,
    startWaystation: async () => keep(await startWaystation(values.store, folder)),
    startBareServer: async () => keep(await startBareServer()),
  };
  try {
    return await scenario.run(bench);
  } finally {
    await Promise.all(started.map((server) => server.stop()));
  }
}
