/**
 * Tests what is published: packs it, installs it in an empty folder, starts it, calls it, stops it,
 * and uses it as a library, and its types in a strict program. Runs it on the machine's own Node too, which may be the oldest allowed.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "waystation-package-"));

try {
  run("npm", ["pack", "--pack-destination", folder], root);
  const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (archive === undefined) throw new Error("npm pack made no archive");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  run("npm", ["install", "--no-audit", "--no-fund", archive], folder);
  const installed = join(folder, "node_modules", "waystation");
  for (const name of ["dist/cli.js", "dist/index.d.ts", "LICENSE", "README.md"]) {
    if (!existsSync(join(installed, name))) throw new Error(`the package lacks ${name}`);
  }
  tryTypes();
  for (const node of new Set([process.execPath, machineNode()])) await tryWith(node);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function tryWith(node: string): Promise<void> {
  console.log(`== ${node} ${spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim()}`);
  await tryCommand(node);
  tryLibrary(node);
}

/** One call to the installed command, durable data included. */
async function tryCommand(node: string): Promise<void> {
  const cli = join(folder, "node_modules", "waystation", "dist", "cli.js");
  const server = spawn(node, [cli, "start", "--port", "0"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = new Promise<number | null>((resolve) => server.once("exit", resolve));
  const url = await new Promise<string>((resolve, reject) => {
    let text = "";
    server.stdout.on("data", (part) => {
      text += part;
      const found = /listens on (http\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    void exit.then((code) => reject(new Error(`the server exited with ${code}`)));
  });
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "AmazonSQS.CreateQueue",
    },
    body: JSON.stringify({ QueueName: "hello" }),
  });
  const answer = await response.text();
  if (!answer.includes("/000000000000/hello")) throw new Error(`unexpected answer: ${answer}`);
  server.kill("SIGTERM");
  const code = await exit;
  if (code !== 0) throw new Error(`the server stopped with ${code}`);
}

function tryLibrary(node: string): void {
  const program = `
    import { startWaystation } from "waystation";
    const server = await startWaystation();
    const response = await fetch(server.url + "/_waystation/health");
    if (!response.ok) throw new Error(await response.text());
    await server.stop();
  `;
  run(node, ["--input-type=module", "--eval", program], folder);
}

/** The declarations stand by themselves: no types of Node's, no newer library of the language's. */
function tryTypes(): void {
  const program = `
    import { startWaystation, type WaystationOptions } from "waystation";
    const options: WaystationOptions = { data: "here", serviceOptions: { "sns.emailFrom": "a@b" } };
    const server = await startWaystation(options);
    await server.clock.set(new Date());
    await server.stop();
  `;
  writeFileSync(join(folder, "program.ts"), program);
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"];
  const place = ["--module", "nodenext", "--target", "es2022", "--types", "", "--noEmit"];
  run("tsc", [...strict, ...place, "program.ts"], folder);
}

function run(command: string, words: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, words, { cwd, stdio: "inherit", timeout: 300_000 });
  if (status !== 0) throw new Error(`${command} ${words[0]} failed`);
}

/** The Node that a user's shell finds, without the folders that npm puts before it. */
function machineNode(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const own = folders.filter(
    (path) => !path.includes("node_modules") && !path.includes("node-gyp"),
  );
  return own.map((path) => join(path, "node")).find((path) => existsSync(path)) ?? process.execPath;
}
