#!/usr/bin/env node
import module from "node:module";
import type { Options } from "./config.ts";
import type { exportToFile, FileProgress } from "./transfer-file.ts";

// Node 22 and later keep compiled code between runs; everything else is imported after this.
module.enableCompileCache?.();

type Command = (options: Options, words: readonly string[]) => Promise<void>;

interface CommandDeclaration {
  readonly help?: string;
  /** The most words that it takes besides options. */
  readonly operands: number;
  readonly run: Command;
}

const COMMANDS: Readonly<Record<string, CommandDeclaration>> = {
  start: { help: "Serve until interrupted", operands: 0, run: start },
  status: {
    help: "Say whether a server answers, and what it serves",
    operands: 0,
    run: status,
  },
  clock: {
    help: "Show or move the time: clock freeze|resume|set TIME|advance 5m",
    operands: 2,
    run: clock,
  },
  reset: { help: "Remove every resource of a running server", operands: 0, run: reset },
  work: {
    help: "List work that was given up; work retry|remove KIND [ID]",
    operands: 3,
    run: work,
  },
  export: {
    help: "Write all of a store to FILE; import FILE fills an empty one",
    operands: 1,
    run: carryOut,
  },
  import: { operands: 1, run: carryIn },
  version: { help: "Print the version", operands: 0, run: version },
};

/** How long a command waits for a server to answer. */
const ANSWER_MS = 30_000;

/** A mistake of the one who typed the command; only its message is shown. */
class UsageError extends Error {}

async function main(words: readonly string[]): Promise<void> {
  const [name = "--help", ...rest] = words;
  if (name === "--version" || name === "-v") return version();
  if (words.includes("--help") || words.includes("-h") || name === "help" || name === "--help") {
    return help();
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new UsageError(
      name.startsWith("-")
        ? `The command comes first: waystation start ${words.join(" ")}`
        : `There is no command ${name}; see waystation --help`,
    );
  }
  const firstFlag = rest.findIndex((word) => word.startsWith("-"));
  const operands = firstFlag === -1 ? rest : rest.slice(0, firstFlag);
  const [surplus] = operands.slice(command.operands);
  if (surplus !== undefined) throw new UsageError(`${name} takes no "${surplus}"`);
  const { loadOptions } = await import("./config.ts");
  await command.run(loadOptions(rest.slice(operands.length)), operands);
}

async function start(options: Options): Promise<void> {
  const [{ startServer }, { createLog }] = await Promise.all([
    import("./server.ts"),
    import("./log.ts"),
  ]);
  const { host, port, store, region, credentials, serviceOptions, publicUrl, token } = options;
  const log = createLog({ level: options.logLevel, format: options.logFormat });
  const server = await startServer({
    host,
    port,
    store,
    region,
    enforceQuotas: options.quotas === "aws",
    credentials,
    serviceOptions,
    log,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(token === undefined ? {} : { token }),
  });
  stopOnSignal(() => server.stop());
  const url = publicUrl ?? server.url.replace("127.0.0.1", "localhost");
  const { packageVersion } = await import("./version.ts");
  print(`Waystation ${packageVersion()} listens on ${url}
  data   ${dataPlace(options)}
  try    ${firstCall(options, url)}`);
}

/** A line to paste into a shell that has no AWS configuration. */
function firstCall({ credentials, region }: Options, url: string): string {
  const call = `aws --endpoint-url ${url} sqs create-queue --queue-name hello`;
  if (credentials.size > 0) return call;
  return `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=${region} ${call}`;
}

function dataPlace({ store }: Options): string {
  switch (store.kind) {
    case "memory":
      return "in memory, gone at the end";
    case "lmdb":
      return store.folder;
    case "postgres":
      return `PostgreSQL at ${new URL(store.url).host}`;
  }
}

/** The first signal stops in order, the second at once. */
function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(signal === "SIGINT" ? 130 : 143);
    isStopping = true;
    stop().then(() => process.exit(0), fail);
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}

async function status(options: Options): Promise<void> {
  print(await ask(options, "GET", "health"));
}

async function reset(options: Options): Promise<void> {
  await ask(options, "POST", "reset");
  print("Every resource is removed");
}

async function clock(options: Options, [action, value]: readonly string[]): Promise<void> {
  switch (action) {
    case undefined:
      return print(await ask(options, "GET", "clock"));
    case "freeze":
    case "resume":
      if (value !== undefined) throw new UsageError(`clock ${action} takes no "${value}"`);
      return print(await ask(options, "POST", `clock/${action}`));
    case "set":
      return print(await ask(options, "POST", "clock/set", { at: timeOf(value) }));
    case "advance":
      return print(await ask(options, "POST", "clock/advance", { durationMs: duration(value) }));
    default:
      throw new UsageError(`clock takes freeze, resume, set or advance, not ${action}`);
  }
}

async function work(options: Options, [action, kind, id]: readonly string[]): Promise<void> {
  if (action === undefined) return print(await ask(options, "GET", "work/dead"));
  if (action !== "retry" && action !== "remove") {
    throw new UsageError(`work takes retry or remove, not ${action}`);
  }
  if (kind === undefined) throw new UsageError(`Name a kind of work: work ${action} KIND [ID]`);
  print(await ask(options, "POST", `work/dead/${action}`, { kind, id }));
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** As the server takes it: milliseconds of the epoch, or ISO 8601. */
function timeOf(text = ""): number | string {
  if (/^\d+$/.test(text)) return Number(text);
  if (!Number.isNaN(Date.parse(text))) return text;
  throw new UsageError("set takes a time: 2030-01-01T00:00:00Z, or milliseconds of the epoch");
}

function duration(text: string | undefined): number {
  const [, amount, unit = ""] = /^(\d+)(ms|s|m|h|d)$/.exec(text ?? "") ?? [];
  if (amount === undefined)
    throw new UsageError("advance takes a duration: 500ms, 90s, 5m, 2h or 1d");
  return Number(amount) * (UNIT_MS[unit] ?? 0);
}

/** Asks the server that these options describe; answers its text. */
async function ask(
  options: Options,
  method: "GET" | "POST",
  page: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<string> {
  const { host, port, token, publicUrl } = options;
  const url = publicUrl ?? `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  let answer: Response;
  try {
    answer = await fetch(`${url}/_waystation/${page}`, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") {
      throw new UsageError(`${url} has not answered in ${ANSWER_MS / 1_000} s; it may still do it`);
    }
    throw new UsageError(`Nothing answers at ${url}; waystation start starts a server`);
  }
  if (!answer.headers.get("content-type")?.startsWith("application/json")) {
    throw new UsageError(`What answers at ${url} is no Waystation`);
  }
  const text = (await answer.text()).trimEnd();
  if (answer.ok) return text;
  const hint = answer.status === 403 ? ": say who you are with --token" : "";
  throw new UsageError(`${url} answers ${answer.status}: ${messageIn(text)}${hint}`);
}

/** The message of an answer in JSON; all of it where there is none. */
function messageIn(text: string): string {
  const answer: unknown = JSON.parse(text);
  const isObject = typeof answer === "object" && answer !== null;
  return isObject && "message" in answer ? String(answer.message) : text;
}

async function carryOut(options: Options, [path]: readonly string[]): Promise<void> {
  if (path === undefined) throw new UsageError("Name the file to write: export FILE");
  const { store } = options;
  const { holdsData } = await import("./stores/data-folder.ts");
  if (store.kind === "lmdb" && !(await holdsData(store.folder))) {
    throw new UsageError(`There is no data in ${store.folder}; --data names another folder`);
  }
  const { exportToFile } = await import("./transfer-file.ts");
  await carry(options, path, { verb: "exported", transfer: exportToFile });
}

async function carryIn(options: Options, [path]: readonly string[]): Promise<void> {
  if (path === undefined) throw new UsageError("Name the file to read: import FILE");
  // Before a store is opened, which makes its folder.
  const { access } = await import("node:fs/promises");
  await access(path);
  const { importFromFile } = await import("./transfer-file.ts");
  await carry(options, path, { verb: "imported", transfer: importFromFile });
}

interface Carrying {
  readonly verb: string;
  readonly transfer: typeof exportToFile;
}

async function carry(options: Options, path: string, { verb, transfer }: Carrying): Promise<void> {
  if (options.store.kind === "memory") {
    throw new UsageError("A store in memory is gone with its server; --data or --store names one");
  }
  const [{ openStore }, { createLog }, { systemRandom }] = await Promise.all([
    import("./server.ts"),
    import("./log.ts"),
    import("./random.ts"),
  ]);
  const log = createLog({ level: options.logLevel, format: options.logFormat });
  const { store } = await openStore(options.store, { log, random: systemRandom() });
  try {
    const done = await transfer(store, path, showProgress);
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
    print(`${done.entries} entries and ${done.totals} totals ${verb}, ${done.bytes} bytes`);
  } finally {
    await store.close();
  }
}

const BAR_LENGTH = 30;

/** Draws how far a transfer is, where somebody looks. */
function showProgress({ entries, bytes, ofBytes }: FileProgress): void {
  if (!process.stderr.isTTY) return;
  const megabytes = `${entries} entries, ${(bytes / 1_000_000).toFixed(1)} MB`;
  const part = ofBytes === undefined ? undefined : Math.min(1, bytes / ofBytes);
  const filled = part === undefined ? "" : "#".repeat(Math.round(part * BAR_LENGTH));
  const bar =
    part === undefined ? "" : `[${filled.padEnd(BAR_LENGTH, ".")}] ${Math.round(part * 100)} %, `;
  process.stderr.write(`\r\u001b[K${bar}${megabytes}`);
}

async function version(): Promise<void> {
  const { packageVersion } = await import("./version.ts");
  print(packageVersion());
}

async function help(): Promise<void> {
  const { describeOptions } = await import("./config.ts");
  const commands = Object.entries(COMMANDS).map(([name, command]) =>
    command.help === undefined ? "" : `  ${name.padEnd(10)}${command.help}\n`,
  );
  print(`Usage: waystation COMMAND [OPTIONS]
${commands.join("")}
Options, each also as WAYSTATION_<NAME> in the environment:
${describeOptions().trimEnd()}`);
}

/** The only writer to stdout. */
function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Says why the command failed: in a sentence when it is nobody's bug. */
function fail(error: unknown): never {
  process.stderr.write(`waystation: ${explain(error)}\n`);
  process.exit(1);
}

const EXPECTED = new Set([
  "OptionError",
  "StoreUnavailable",
  "TransferRefused",
  "WrongServiceOption",
  "UnsafeHost",
]);

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof UsageError || EXPECTED.has(error.name)) return error.message;
  const { code, port, address, hostname, syscall } = error as NodeJS.ErrnoException & {
    port?: number;
    address?: string;
    hostname?: string;
  };
  if (code === "EADDRINUSE") {
    return `Port ${port} is taken: another server runs there. --port takes another, 0 any free one`;
  }
  if (code === "EACCES" && port !== undefined)
    return `Port ${port} needs rights that this user lacks`;
  if (hostname !== undefined) return `${hostname} is no address, and no name of one: ${code}`;
  if (code === "EADDRNOTAVAIL") return `${address} is no address of this machine`;
  // The system's own words name the file and what was wrong with it.
  if (syscall !== undefined) return error.message;
  return error.stack ?? error.message;
}

// Who reads may go before the end, as `head` does.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
main(process.argv.slice(2)).catch(fail);
