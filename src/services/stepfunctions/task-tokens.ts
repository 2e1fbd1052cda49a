import { decodeRecord } from "../../kernel/record.ts";
import type { Reader } from "../../kernel/store.ts";
import { invalidToken, taskTimedOut } from "./errors.ts";
import { PENDING_TASK } from "./keys.ts";
import type { PendingTaskRecord } from "./records.ts";
import { parseToken } from "./uids.ts";

/** A task whose result is awaited under a token. */
export interface TokenTask {
  readonly uid: string;
  readonly wait: number;
  readonly pending: PendingTaskRecord;
}

/** The task of a token. Throws InvalidToken, or TaskTimedOut when nobody waits for it any more. */
export async function requireTask(reader: Reader, token: string): Promise<TokenTask> {
  const parts = parseToken(token);
  if (parts === undefined) throw invalidToken();
  const { uid, wait } = parts;
  const value = await reader.get(PENDING_TASK.key(uid, wait));
  const pending = value && decodeRecord<PendingTaskRecord>(value);
  if (pending?.token !== token) throw taskTimedOut();
  return { uid, wait, pending };
}
