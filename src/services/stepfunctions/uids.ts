import { createHash } from "node:crypto";
import type { Random } from "../../kernel/random.ts";

/** The short name, 22 characters, by which keys know an execution or a map run: follows from its ARN, so no lookup is needed. */
export function uidOf(arn: string): string {
  return createHash("sha256").update(arn).digest("base64url").slice(0, 22);
}

/** A short name for a new machine or activity, 16 characters: another one may have its ARN later. */
export function newUid(random: Random): string {
  return Buffer.from(random.bytes(12)).toString("base64url");
}

/** What a task token says. Its last part makes it impossible to guess. */
export interface TokenParts {
  readonly uid: string;
  readonly thread: number;
  readonly wait: number;
}

/** Makes a task token. */
export function formatToken({ uid, thread, wait }: TokenParts, random: Random): string {
  return Buffer.from(`${uid}.${thread}.${wait}.${random.uuid()}`, "utf8").toString("base64url");
}

/** Reads a task token; undefined when it is none. */
export function parseToken(token: string): TokenParts | undefined {
  const text = Buffer.from(token, "base64url").toString("utf8");
  const match = /^([\w-]{22})\.(\d{1,15})\.(\d{1,15})\.[0-9a-f-]{36}$/.exec(text);
  if (match === null) return undefined;
  const [, uid = "", thread, wait] = match;
  return { uid, thread: Number(thread), wait: Number(wait) };
}
