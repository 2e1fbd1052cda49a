import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { LogLevel } from "./kernel/log.ts";
import type { LogFormat } from "./log.ts";
import type { StoreChoice } from "./server.ts";

/** What the command line, the environment and the configuration file together say. */
export interface Options {
  readonly config: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly store: StoreChoice;
  readonly region: string;
  readonly quotas: "aws" | "off";
  readonly publicUrl: string | undefined;
  readonly credentials: ReadonlyMap<string, string>;
  readonly token: string | undefined;
  readonly logLevel: LogLevel | "silent";
  readonly logFormat: LogFormat;
  readonly serviceOptions: Readonly<Record<string, string>>;
}

/** An option that is wrong; the message says which and why, for the one who typed it. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

/** One option, declared once: flag, environment variable, file key and help follow from it. */
interface Declaration {
  /** The flag without its dashes; `WAYSTATION_` and this in capitals is the environment variable. */
  readonly flag: string;
  /** What stands for the value in the help; absent when the flag is a switch. */
  readonly value?: string;
  readonly help: string;
  readonly fallback?: string;
  /** May be given more than once, or several at once with this between them. */
  readonly separator?: RegExp;
}

const DECLARATIONS = {
  config: { flag: "config", value: "FILE", help: "JSON file with these options in camelCase" },
  host: { flag: "host", value: "ADDRESS", help: "Address to listen on", fallback: "127.0.0.1" },
  port: {
    flag: "port",
    value: "PORT",
    help: "Port to listen on, 0 for a free one",
    fallback: "4566",
  },
  data: { flag: "data", value: "FOLDER", help: "Where data is kept", fallback: ".waystation" },
  memory: { flag: "memory", help: "Keep nothing: all data is gone at the end" },
  store: {
    flag: "store",
    value: "URL",
    help: "memory, lmdb, or a postgres:// URL",
    fallback: "lmdb",
  },
  region: {
    flag: "region",
    value: "REGION",
    help: "Region of unsigned calls",
    fallback: "us-east-1",
  },
  quotas: {
    flag: "quotas",
    value: "aws|off",
    help: "Enforce AWS's limits on rates",
    fallback: "off",
  },
  publicUrl: { flag: "public-url", value: "URL", help: "Where clients reach this server" },
  credentials: {
    flag: "credentials",
    value: "KEY:SECRET",
    help: "Verify signatures by these, or @FILE with one a line",
    separator: /,/,
  },
  token: { flag: "token", value: "TOKEN", help: "Bearer token of /_waystation" },
  logLevel: {
    flag: "log-level",
    value: "LEVEL",
    help: "debug, info, warn, error or silent",
    fallback: "info",
  },
  logFormat: {
    flag: "log-format",
    value: "text|json",
    help: "How log lines look",
    fallback: "text",
  },
  option: {
    flag: "option",
    value: "NAME=VALUE",
    help: "An option of a service, for example sns.smtpUrl",
    separator: /,(?=\s*[\w.]+=)/, // values may hold commas: some are JSON
  },
} satisfies Record<string, Declaration>;

type Name = keyof typeof DECLARATIONS;
type Raw = Partial<Record<Name, readonly string[]>>;

const ENTRIES = Object.entries(DECLARATIONS) as readonly [Name, Declaration][]; // keys are Names

/** Where the parts of the configuration come from. */
export interface ConfigSources {
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
}

/** Options from this process's environment and files; the only reader of `process.env`. */
export function loadOptions(flags: readonly string[]): Options {
  const readFile = (path: string): string => readFileSync(path, "utf8");
  return resolveOptions({ flags, environment: process.env, readFile });
}

/** Flags go before the environment, that before the file, that before defaults. Throws {@link OptionError}. */
export function resolveOptions({ flags, environment, readFile }: ConfigSources): Options {
  const fromFlags = parseFlags(flags);
  const given: Raw = { ...parseEnvironment(environment), ...fromFlags };
  const path = given.config?.at(-1);
  const raw: Raw = path === undefined ? given : { ...parseFile(path, readFile), ...given };
  const text = (name: Name): string | undefined => {
    const declaration: Declaration = DECLARATIONS[name];
    return raw[name]?.at(-1) ?? declaration.fallback;
  };
  return {
    config: path,
    host: text("host") ?? "",
    port: wholeNumber("port", text("port") ?? "", 65_535),
    store: storeChoice(text("memory") ?? "false", text("store") ?? "", text("data") ?? ""),
    region: matching("region", text("region") ?? "", /^[a-z]{2}(-[a-z]+)+-\d$/),
    quotas: oneOf("quotas", text("quotas") ?? "", ["aws", "off"]),
    publicUrl: publicUrl(text("publicUrl")),
    credentials: credentials(raw.credentials ?? [], readFile),
    token: token(text("token")),
    logLevel: oneOf("logLevel", text("logLevel") ?? "", [
      "debug",
      "info",
      "warn",
      "error",
      "silent",
    ]),
    logFormat: oneOf("logFormat", text("logFormat") ?? "", ["text", "json"]),
    serviceOptions: Object.fromEntries(
      (raw.option ?? []).map((pair) => split("option", pair, "=")),
    ),
  };
}

/** One line per option, for the help. */
export function describeOptions(): string {
  return ENTRIES.map(([, { flag, value = "", help, fallback }]) => {
    const left = `--${flag} ${value}`.trimEnd();
    return `  ${left.padEnd(26)}${help}${fallback === undefined ? "" : ` (${fallback})`}\n`;
  }).join("");
}

function parseFlags(flags: readonly string[]): Raw {
  const raw: Partial<Record<Name, string[]>> = {};
  for (let at = 0; at < flags.length; at += 1) {
    const [flag, inline] = cut(flags[at] ?? "", "=");
    const found = ENTRIES.find(([, declaration]) => `--${declaration.flag}` === flag);
    if (found === undefined) {
      const why = flag.startsWith("-") ? `There is no option ${flag}` : `${flag} is no option`;
      throw new OptionError(`${why}; see waystation --help`);
    }
    const [name, declaration] = found;
    let value = inline;
    if (value === undefined) {
      if (declaration.value === undefined) value = "true";
      else value = flags[(at += 1)];
    }
    if (value === undefined)
      throw new OptionError(`${flag} needs a value: ${flag} ${declaration.value}`);
    (raw[name] ??= []).push(...valuesIn(value, declaration));
  }
  return raw;
}

function parseEnvironment(environment: ConfigSources["environment"]): Raw {
  const raw: Raw = {};
  for (const [name, declaration] of ENTRIES) {
    const value = environment[`WAYSTATION_${declaration.flag.toUpperCase().replaceAll("-", "_")}`];
    if (value !== undefined && value !== "") raw[name] = valuesIn(value, declaration);
  }
  return raw;
}

function parseFile(path: string, readFile: ConfigSources["readFile"]): Raw {
  let content: unknown;
  try {
    content = JSON.parse(readFile(path));
  } catch (error) {
    throw new OptionError(`The configuration file ${path} cannot be read: ${reasonOf(error)}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new OptionError(`The configuration file ${path} must hold a JSON object`);
  }
  const raw: Raw = {};
  for (const [key, value] of Object.entries(content)) {
    const found = ENTRIES.find(([name]) => name === key && name !== "config");
    if (found === undefined) {
      const names = ENTRIES.map(([name]) => name).filter((name) => name !== "config");
      throw new OptionError(
        `${path} has an unknown option "${key}"; there are ${names.join(", ")}`,
      );
    }
    const [name, declaration] = found;
    const isList = declaration.separator !== undefined;
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!values.every(isScalar) || (Array.isArray(value) && !isList)) {
      const list = isList ? ", or a list of those" : "";
      throw new OptionError(`"${key}" in ${path} must be a string, number or boolean${list}`);
    }
    raw[name] = typeof value === "string" ? valuesIn(value, declaration) : values.map(String);
  }
  return raw;
}

function isScalar(value: unknown): value is string | number | boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function storeChoice(memory: string, store: string, data: string): StoreChoice {
  const isMemory = oneOf("memory", memory, ["true", "false"]) === "true";
  if (isMemory || store === "memory") return { kind: "memory" };
  if (/^postgres(ql)?:\/\//.test(store)) return { kind: "postgres", url: store };
  if (store !== "lmdb") throw wrong("store", store, "memory, lmdb, or a postgres:// URL");
  if (data === "") throw wrong("data", data, "a folder");
  return { kind: "lmdb", folder: resolve(data) };
}

function credentials(
  values: readonly string[],
  readFile: ConfigSources["readFile"],
): ReadonlyMap<string, string> {
  const pairs = values.flatMap((value) =>
    value.startsWith("@") ? pairsIn(value.slice(1), readFile) : [value],
  );
  return new Map(pairs.map((pair) => split("credentials", pair, ":")));
}

/** Throws when there are none: whoever names a file does not mean to let everybody in. */
function pairsIn(path: string, readFile: ConfigSources["readFile"]): string[] {
  const lines = readCredentials(path, readFile).split("\n");
  const pairs = lines.map((line) => line.trim()).filter((line) => /^[^#]/.test(line));
  if (pairs.length === 0) throw new OptionError(`The credentials file ${path} has no KEY:SECRET`);
  return pairs;
}

function readCredentials(path: string, readFile: ConfigSources["readFile"]): string {
  try {
    return readFile(path);
  } catch (error) {
    throw new OptionError(`The credentials file ${path} cannot be read: ${reasonOf(error)}`);
  }
}

function valuesIn(text: string, { separator }: Declaration): string[] {
  return separator === undefined ? [text] : text.split(separator).map((value) => value.trim());
}

/** What stands before and after the first separator; errors do not repeat it, it may be a secret. */
function split(name: Name, pair: string, separator: string): [string, string] {
  const [before, after] = cut(pair, separator);
  const { flag, value }: Declaration = DECLARATIONS[name];
  if (!before || !after) throw new OptionError(`--${flag} must be ${value ?? ""}`);
  return [before, after];
}

function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function publicUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw wrong("publicUrl", value, "an http or https URL");
  }
  return value.replace(/\/+$/, "");
}

/** An empty one would let nobody in; most likely a variable in a script has no value. */
function token(value: string | undefined): string | undefined {
  if (value === "") throw new OptionError("--token must not be empty");
  return value;
}

function wholeNumber(name: Name, value: string, max: number): number {
  if (/^\d{1,9}$/.test(value) && Number(value) <= max) return Number(value);
  throw wrong(name, value, `a whole number from 0 to ${max}`);
}

function matching(name: Name, value: string, pattern: RegExp): string {
  if (pattern.test(value)) return value;
  throw wrong(name, value, "like us-east-1");
}

function oneOf<const Choice extends string>(
  name: Name,
  value: string,
  choices: readonly Choice[],
): Choice {
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  throw wrong(name, value, `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`);
}

function wrong(name: Name, value: string, expected: string): OptionError {
  return new OptionError(`--${DECLARATIONS[name].flag} must be ${expected}, not "${value}"`);
}
