import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../src/cli.ts", import.meta.url));

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "waystation-cli-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A command that runs, in an empty folder. */
class Command {
  readonly process;
  out = "";
  err = "";
  readonly exit: Promise<number | null>;

  constructor(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const env = { ...process.env, ...environment };
    this.process = spawn(process.execPath, [CLI, ...words], { cwd: folder, env });
    this.process.stdout.on("data", (part) => (this.out += part));
    this.process.stderr.on("data", (part) => (this.err += part));
    this.exit = new Promise((resolve) => this.process.once("close", resolve));
  }

  /** Resolves with the first match in what was printed. */
  printed(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(this.out)?.[1];
        if (found !== undefined) resolve(found);
      };
      this.process.stdout.on("data", look);
      void this.exit.then(() => reject(new Error(`exited: ${this.out}${this.err}`)));
      look();
    });
  }
}

async function run(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const command = new Command(words);
  const code = await command.exit;
  return { code, out: command.out, err: command.err };
}

test("help fits a screen and names every command", async () => {
  const { code, out } = await run("--help");
  assert.equal(code, 0);
  const lines = out.trimEnd().split("\n");
  assert.ok(lines.length <= 24, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.length <= 80, line);
  for (const name of ["start", "status", "clock", "reset", "work", "version"])
    assert.match(out, new RegExp(`^  ${name} `, "m"));
});

test("version is the package's", async () => {
  assert.match((await run("version")).out, /^\d+\.\d+\.\d+\n$/);
});

test("a wrong command, option or operand is a sentence, not a stack", async () => {
  const runs = [
    ["strat"],
    ["start", "--prt", "1"],
    ["start", "now"],
    ["start", "-p", "1"],
    ["--port", "1"],
    ["reset", "all"],
    ["work", "on"],
    ["work", "retry"],
    ["clock", "stop"],
    ["clock", "freeze", "now"],
    ["clock", "set", "yesterday"],
    ["clock", "advance", "soon"],
    ["start", "--data", join(CLI, "below")],
    ["start", "--data", "/proc/waystation"],
    ["export", "file", "--data", "nowhere"],
    ["export", "file", "--memory"],
    ["import", "nothing", "--data", "nowhere"],
  ];
  for (const words of runs) {
    const { code, err } = await run(...words);
    assert.equal(code, 1, words.join(" "));
    assert.match(err, /^waystation: [^\n]+\n$/);
    assert.doesNotMatch(err, /Nothing answers/);
  }
  assert.ok(!existsSync(join(folder, "nowhere")));
});

test("something else that answers is told from a server, and who may not ask is told how", async () => {
  const other = createHttpServer((_request, response) => response.end("<html>")).listen(
    0,
    "127.0.0.1",
  );
  const start = new Command(["start", "--memory", "--port", "0", "--token", "secret"]);
  try {
    await once(other, "listening");
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const html = await run("status", "--port", String(port));
    assert.match(html.err, /^waystation: What answers at \S+ is no Waystation\n$/);
    const url = new URL(await start.printed(/listens on (http:\/\/\S+)/));
    const stranger = await run("clock", "--port", url.port);
    assert.match(stranger.err, /^waystation: \S+ answers 403: [^{\n]+--token\n$/);
  } finally {
    other.close();
    start.process.kill("SIGTERM");
    await start.exit;
  }
});

test("whoever reads what is printed may stop reading", async () => {
  const command = new Command(["version"]);
  command.process.stdout.destroy();
  assert.equal(await command.exit, 0);
  assert.equal(command.err, "");
});

test("start says where it listens and keeps data; operators' commands reach it; SIGTERM stops it", async () => {
  const data = join(folder, "data");
  const start = new Command(["start", "--data", data], { WAYSTATION_PORT: "0" });
  const url = await start.printed(/listens on (http:\/\/\S+)/);
  await start.printed(/(aws --endpoint-url \S+ sqs create-queue)/);
  assert.ok(start.out.includes(data));
  const { port } = new URL(url);
  assert.match((await run("status", "--port", port)).out, /"status": "ok"/);
  assert.match((await run("work", "--port", port)).out, /"dead": \[\]/);
  assert.match((await run("work", "retry", "sqs.expire", "--port", port)).out, /"retried": 0/);
  assert.match(
    (await run("work", "remove", "sqs.expire", "a", "--port", port)).err,
    /no such dead/,
  );
  assert.match((await run("clock", "freeze", "--port", port)).out, /"mode": "frozen"/);
  const moved = await run("clock", "set", "2030-01-01T00:00:00Z", "--port", port);
  assert.match(moved.out, /2030-01-01T00:00:00/);
  const advanced = await run("clock", "advance", "90s", "--port", port);
  assert.match(advanced.out, /2030-01-01T00:01:30/);
  assert.equal((await run("reset", "--port", port)).code, 0);
  start.process.kill("SIGTERM");
  assert.equal(await start.exit, 0);
  const gone = await run("status", "--port", port);
  assert.equal(gone.code, 1);
  assert.match(gone.err, /Nothing answers at/);
});

test("a port that is taken is said in a sentence", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  try {
    await new Promise((resolve) => other.once("listening", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, err } = await run("start", "--memory", "--port", String(port));
    assert.equal(code, 1);
    assert.match(err, new RegExp(`^waystation: Port ${port} is taken[^\\n]*\\n$`));
  } finally {
    other.close();
  }
});

test("an open address without credentials is refused in a sentence", async () => {
  const { code, err } = await run("start", "--memory", "--port", "0", "--host", "0.0.0.0");
  assert.equal(code, 1);
  assert.match(err, /^waystation: 0\.0\.0\.0 can be reached from other machines[^\n]*\n$/);
});

test("a host that has no address is said in a sentence", async () => {
  const words = "start --memory --port 0 --host nowhere.invalid --credentials a:b".split(" ");
  const { code, err } = await run(...words);
  assert.equal(code, 1);
  assert.match(err, /^waystation: nowhere\.invalid is no address[^\n]*\n$/);
});

test("everything in a folder moves to another by way of a file", async () => {
  const server = new Command(["start", "--port", "0", "--data", "first"]);
  const url = await server.printed(/listens on (\S+)/);
  const call = async (operation: string, input: object): Promise<string> => {
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": `AmazonSQS.${operation}`,
      },
      body: JSON.stringify(input),
    });
    return answer.text();
  };
  await call("CreateQueue", { QueueName: "moved" });
  server.process.kill("SIGTERM");
  await server.exit;
  const exported = await run("export", "all.waystation", "--data", "first");
  assert.match(exported.out, /entries and \d+ totals exported/);
  const imported = await run("import", "all.waystation", "--data", "second");
  assert.equal(imported.code, 0, imported.err);
  assert.equal(imported.out.replace("imported", "exported"), exported.out);
  const again = await run("import", "all.waystation", "--data", "second");
  assert.equal(again.code, 1);
  assert.match(again.err, /not empty/);
  const second = new Command(["start", "--port", "0", "--data", "second"]);
  const secondUrl = await second.printed(/listens on (\S+)/);
  const listed = await fetch(secondUrl, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": "AmazonSQS.ListQueues",
    },
    body: "{}",
  });
  assert.match(await listed.text(), /\/moved"/);
  second.process.kill("SIGTERM");
  await second.exit;
});
