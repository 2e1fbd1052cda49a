import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export interface KillLoopOptions {
  readonly kills: number;
  /** Repeats the lives of the children, and is theirs to repeat their work. */
  readonly seed: number;
  /**
   * Starts a child with piped stdin and stdout. It waits for a line on stdin before it opens
   * anything, then works until it is killed, printing a line for each thing that was acknowledged.
   * The next child is started while one works, to save the time that starting takes.
   */
  readonly spawn: (round: Round) => ChildProcess;
  /** Looks at what the child left behind; `lines` is all that it printed, its last line whole. */
  readonly check: (round: Round, lines: readonly string[]) => Promise<void>;
}

export interface Round {
  readonly number: number;
  readonly seed: number;
}

/** How long a child works after its first line. */
const SHORTEST_LIFE_MS = 5;
const LONGEST_LIFE_MS = 150;
const FIRST_LINE_TIMEOUT_MS = 20_000;

/** Kills (SIGKILL) one child after another at random moments, and has each one's work checked. */
export async function killLoop(options: KillLoopOptions): Promise<void> {
  const random = randomFrom(options.seed);
  const newRound = (number: number): Started => {
    const round = { number, seed: Math.floor(random() * 2 ** 31) };
    return { round, child: options.spawn(round) };
  };
  let next = newRound(0);
  for (let number = 0; number < options.kills; number += 1) {
    const { round, child } = next;
    const lifeMs = SHORTEST_LIFE_MS + random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS);
    const lines = workAndDie(child, lifeMs);
    next = newRound(number + 1);
    try {
      await options.check(round, await lines);
    } catch (error) {
      await end(next.child);
      throw new Error(`round ${number} of seed ${options.seed} failed`, { cause: error });
    }
  }
  await end(next.child);
}

/** A generator of numbers from 0 up to 1 that repeats for a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Started {
  readonly round: Round;
  readonly child: ChildProcess;
}

async function workAndDie(child: ChildProcess, lifeMs: number): Promise<string[]> {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the child needs piped stdin and stdout");
  const lines: string[] = [];
  const reader = createInterface({ input: stdout });
  reader.on("line", (line) => lines.push(line));
  const exited = once(child, "exit");
  const drained = once(reader, "close");
  stdin.write("go\n");
  const signal = AbortSignal.timeout(FIRST_LINE_TIMEOUT_MS);
  const first = await Promise.race([once(reader, "line", { signal }), exited]);
  if (first.length === 2) throw new Error(`the child ended by itself: ${String(first)}`);
  await sleep(lifeMs);
  if (child.exitCode !== null) throw new Error(`the child ended by itself: ${child.exitCode}`);
  child.kill("SIGKILL");
  await Promise.all([exited, drained]);
  return lines;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
