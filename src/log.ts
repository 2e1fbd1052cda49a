import { machineNow } from "./kernel/clock.ts";
import { silentLog } from "./kernel/log.ts";
import type { Log, LogFields, LogLevel } from "./kernel/log.ts";

export type LogFormat = "text" | "json";

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LogOptions {
  /** The least grave level that is written; `silent` writes nothing. */
  readonly level: LogLevel | "silent";
  readonly format: LogFormat;
  /** Takes whole lines; stderr by default. */
  readonly write?: (line: string) => void;
}

/** A log of one line per entry. The only writer to stderr. */
export function createLog({ level, format, write = toStderr }: LogOptions): Log {
  if (level === "silent") return silentLog;
  const line = format === "json" ? jsonLine : textLine;
  const at =
    (entryLevel: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (RANK[entryLevel] >= RANK[level]) write(line(entryLevel, message, fields));
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function toStderr(line: string): void {
  process.stderr.write(line);
}

function jsonLine(level: LogLevel, message: string, fields: LogFields): string {
  const time = new Date(machineNow()).toISOString();
  return `${JSON.stringify({ time, level, message, ...fields }, plain)}\n`;
}

function textLine(level: LogLevel, message: string, fields: LogFields): string {
  const time = new Date(machineNow()).toISOString();
  const words = Object.entries(fields).map(([name, value]) => ` ${name}=${textValue(value)}`);
  return `${time} ${level.padEnd(5)} ${message}${words.join("")}\n`;
}

function textValue(value: unknown): string {
  if (typeof value === "string" && /^[\w./:@+-]+$/.test(value)) return value;
  return JSON.stringify(value, plain) ?? "undefined";
}

/** JSON has no words for these. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return value.stack ?? value.message;
  return value;
}
