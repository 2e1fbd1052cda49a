import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { witnessOf } from "../services/stepfunctions/witness.ts";
import { killLoop, randomFrom } from "./kill-loop.ts";
import type { TortureOptions } from "./lmdb-ledger.ts";
import { effectsOf, OUTPUT } from "./workflow.ts";
import { Ledger, WorkflowClient } from "./workflow-client.ts";

const CHILD = fileURLToPath(new URL("workflow-child.ts", import.meta.url));
/** Steps of the virtual clock; what the workflow waits for is a second or more. */
const STEP_MS = 500;
/** Longer than a message is invisible that a killed server gave nobody. */
const LONG_MS = 31_000;
/** The most writes to the journal before a server kills itself: its start takes some already. */
const MOST_FLUSHES = 8;
/** Steps after which a workflow that has not ended never will. */
const MOST_STEPS = 200;

/**
 * Runs one workflow after another on servers that kill themselves at one of their next writes to the
 * journal, until so many were killed. Compares each with an undisturbed run. Answers how many requests were
 * acknowledged.
 */
export async function tortureTransitions({ kills, seed }: TortureOptions): Promise<number> {
  const folder = await newFolder();
  const random = randomFrom(seed);
  const ledger = new Ledger();
  let killed = 0;
  try {
    const expected = await undisturbed(folder);
    const life = (): Life => {
      if (killed >= kills) return new Life(folder, []);
      const flush = 1 + Math.floor(random() * MOST_FLUSHES);
      return new Life(folder, [String(flush), random() < 0.3 ? "torn" : "whole"]);
    };
    let next = life();
    await withLife(new Life(folder, []), ledger, prepareFrozen);
    for (let number = 0; killed < kills; number += 1) {
      const name = `w${number}`;
      for (let isOver = false; !isOver;) {
        const current = next;
        next = life();
        isOver = await withLife(current, ledger, (client) => runToEnd(client, ledger, name)).then(
          () => true,
          (error: unknown) => {
            if (!current.isKilled) throw error;
            killed += 1;
            return false;
          },
        );
      }
    }
    const workflows = ledger.started.size;
    assert.ok(kills >= 3 * workflows, `${workflows} workflows: writes to the journal go unseen`);
    await withLife(next, ledger, (client) => check(client, ledger, expected));
  } catch (error) {
    throw new Error(`seed ${seed} failed`, { cause: error });
  } finally {
    await rm(folder, { recursive: true });
  }
  return ledger.acknowledged;
}

/** Kills a server at random moments while many workflows run, are started, answered and stopped. */
export async function tortureWorkflows({ kills, seed }: TortureOptions): Promise<number> {
  const folder = await newFolder();
  const ledger = new Ledger();
  const working = new Map<number, Promise<void>>();
  try {
    const expected = await undisturbed(folder);
    await withLife(new Life(folder, []), ledger, prepareFrozen);
    await killLoop({
      kills,
      seed,
      spawn: (round) => {
        const child = spawnServer(folder, []);
        const work = (url: string): Promise<void> => workOn(url, ledger, round.number);
        // The last one is ended before it serves.
        working.set(
          round.number,
          urlOf(child).then(work, () => {}),
        );
        return child;
      },
      check: async ({ number }) => working.get(number),
    });
    await withLife(new Life(folder, []), ledger, async (client) => {
      for (const name of ledger.started.keys()) await runToEnd(client, ledger, name);
      await check(client, ledger, expected);
    });
  } finally {
    await rm(folder, { recursive: true });
  }
  return ledger.acknowledged;
}

async function prepareFrozen(client: WorkflowClient): Promise<void> {
  await client.freeze();
  await client.prepare();
}

/** Starts workflows and has those that run go on, until the server is killed. */
async function workOn(url: string, ledger: Ledger, round: number): Promise<void> {
  const client = new WorkflowClient(url, ledger);
  const again = async (each: (count: number) => Promise<void>): Promise<void> => {
    for (let count = 0; ; count += 1) await each(count);
  };
  const ends = await Promise.allSettled([
    again((count) => client.start(`r${round}-${count}`)),
    again((count) => client.startAndStop(`s${round}-${count}`)),
    again(() => client.answerTokens()),
    again(() => client.advance(STEP_MS)),
  ]);
  client.close();
  for (const end of ends) {
    // Killed is what it is to be; every other failure is one.
    assert.ok(end.status === "rejected" && isLostConnection(end.reason), reasonOf(end));
  }
}

/** Has one workflow, started already or not, come to its end. */
async function runToEnd(client: WorkflowClient, ledger: Ledger, name: string): Promise<void> {
  if (ledger.started.get(name) !== true) await client.start(name);
  for (let step = 0; step < MOST_STEPS; step += 1) {
    if ((await client.status("workflow", name)) !== "RUNNING") return;
    await client.answerTokens();
    await client.advance(step < MOST_STEPS / 2 ? STEP_MS : LONG_MS);
  }
  throw new Error(`${name} does not end: ${JSON.stringify((await client.history(name)).at(-1))}`);
}

/** Checks that every workflow ended as it does undisturbed, and what was acknowledged happened, once. */
export async function check(
  client: WorkflowClient,
  ledger: Ledger,
  expected: readonly string[],
): Promise<void> {
  const effects: string[] = [];
  for (const name of ledger.started.keys()) {
    assert.equal(await client.status("workflow", name), "SUCCEEDED", name);
    assert.deepEqual(await client.output(name), OUTPUT, name);
    assert.deepEqual(witnessOf(name, await client.history(name)), expected, name);
    effects.push(...effectsOf(name));
  }
  assert.deepEqual((await client.effects()).toSorted(), effects.toSorted());
  for (const [name, isStopped] of ledger.stopped) {
    if (isStopped) assert.equal(await client.status("sleeper", name), "ABORTED", name);
  }
}

/** The history of a workflow whose server nobody kills. */
async function undisturbed(folder: string): Promise<string[]> {
  const ledger = new Ledger();
  return withLife(new Life(join(folder, "calm"), []), ledger, async (client) => {
    await prepareFrozen(client);
    await runToEnd(client, ledger, "calm");
    const witness = witnessOf("calm", await client.history("calm"));
    await check(client, ledger, witness);
    return witness;
  });
}

/** One server process, on a folder of LMDB or the URL of a PostgreSQL; it serves once told to begin. */
export class Life {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(place: string, words: readonly string[]) {
    this.#child = spawnServer(place, words);
    this.#exited = once(this.#child, "exit");
  }

  get isKilled(): boolean {
    return this.#child.signalCode === "SIGKILL";
  }

  /** Starts to serve; answers where, or rejects when it dies before that. */
  begin(): Promise<string> {
    this.#child.stdin?.write("go\n");
    const died = this.#exited.then(() => Promise.reject(new Error("the server died")));
    return Promise.race([urlOf(this.#child), died]);
  }

  /** Resolves when it is gone. */
  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }
}

async function withLife<Result>(
  life: Life,
  ledger: Ledger,
  body: (client: WorkflowClient) => Promise<Result>,
): Promise<Result> {
  let client: WorkflowClient | undefined;
  try {
    client = new WorkflowClient(await life.begin(), ledger);
    return await body(client);
  } finally {
    client?.close();
    await life.end();
  }
}

function spawnServer(place: string, words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [CHILD, place, ...words], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "waystation-workflows-code") },
  });
}

function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    assert.ok(child.stdout);
    createInterface(child.stdout)
      .once("line", resolve)
      .once("close", () => reject(new Error("no URL")));
  });
}

function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "waystation-workflows-"));
}

function isLostConnection(error: unknown): boolean {
  const text = String(
    error instanceof Error ? `${error.name} ${error.message} ${String(error.cause)}` : error,
  );
  return /ECONNRESET|ECONNREFUSED|socket hang up|fetch failed|EPIPE|other side closed/.test(text);
}

function reasonOf(end: PromiseSettledResult<void>): string {
  if (end.status === "fulfilled") return "it ended by itself";
  return end.reason instanceof Error ? (end.reason.stack ?? "") : String(end.reason);
}
