import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a process has used so far. */
export interface Usage {
  /** Processor time of all threads, in milliseconds. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** A server in its own process. */
export interface ServerProcess {
  readonly url: string;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

export type BareServer = ServerProcess;

export interface Waystation extends ServerProcess {
  /** Bytes of its data file; 0 when the store has none. */
  dataBytes(): Promise<number>;
  /** Memory that is not pages of files; all of it where the system does not tell them apart. */
  ownBytes(): Promise<number>;
}

/** `memory`, `lmdb`, or a `postgres://` URL. */
export type StoreName = string;

const root = fileURLToPath(new URL("..", import.meta.url));
const built = join(root, "dist/cli.js");

/** Preloaded into measured processes: answers each message with the {@link Usage}. No file, no time. */
const PROBE = `process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send({ cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() });
});`;

/** Starts the command line on an empty store, its data below `folder`. */
export async function startWaystation(store: StoreName, folder: string): Promise<Waystation> {
  const data = await mkdtemp(join(folder, "waystation-bench-"));
  const flags = ["--port", "0", "--log-level", "warn", "--store", store, "--data", data];
  // The compiled program, where there is one, is what users run.
  const cli = existsSync(built) ? built : join(root, "src/cli.ts");
  const child = startProcess(cli, ["start", ...flags]);
  const url = await outputMatch(child, /listens on (\S+)/);
  return {
    url: url.replace("localhost", "127.0.0.1"),
    usage: () => usageOf(child),
    dataBytes: async () => {
      const file = await stat(join(data, "data.mdb")).catch(() => undefined);
      return file?.size ?? 0;
    },
    ownBytes: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
      const match = /^RssAnon:\s+(\d+) kB$/m.exec(status);
      return match === null ? (await usageOf(child)).rssBytes : Number(match[1]) * 1_024;
    },
    stop: async () => {
      await stopProcess(child);
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** Starts `bare-server.ts`. */
export async function startBareServer(): Promise<BareServer> {
  const child = startProcess(join(root, "bench/bare-server.ts"), []);
  const url = await outputMatch(child, /listens on (\S+)/);
  return { url, usage: () => usageOf(child), stop: () => stopProcess(child) };
}

/** Starts a module of Node's; its standard output can be read. */
export function startProcess(path: string, words: readonly string[]): ChildProcess {
  return fork(path, words, {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
    execArgv: ["--import", `data:text/javascript,${encodeURIComponent(PROBE)}`],
  });
}

/** The first group of the first output that matches. Rejects when the process ends before. */
export async function outputMatch(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    text += String(chunk);
    const match = pattern.exec(text);
    if (match?.[1] !== undefined) {
      child.stdout?.resume();
      return match[1];
    }
  }
  throw new Error(`${child.spawnfile} ended before it was ready:\n${text}`);
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  child.send("usage");
  const [usage] = await once(child, "message");
  return usage as Usage; // sent by the probe
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}
