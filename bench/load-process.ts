import { Connection } from "./connection.ts";
import { SCRIPTS } from "./scripts.ts";
import type { Round, Script } from "./scripts.ts";

/** A closed loop: each connection sends its next request when it has the answer to the last one. */
export interface LoadTask {
  readonly script: Script;
  readonly connections: number;
  /** How long it runs before anything counts. */
  readonly warmUpMs?: number;
  /** Ends after this time, or after this many messages. */
  readonly durationMs?: number;
  readonly messages?: number;
}

export interface LoadResult {
  readonly messages: number;
  /** With those of the warm-up. */
  readonly allMessages: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

process.once("message", (task: LoadTask) => {
  run(task).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function run(task: LoadTask): Promise<LoadResult> {
  const { script, warmUpMs = 0 } = task;
  const connections = await Promise.all(
    Array.from({ length: task.connections }, () => Connection.open(script.url)),
  );
  const round: Round = SCRIPTS[script.name](script);
  const tookMs: number[] = [];
  const timed = async (connection: Connection, bytes: Uint8Array): Promise<Buffer> => {
    const sentMs = performance.now();
    const answer = await connection.send(bytes);
    if (sentMs >= startMs) tookMs.push(performance.now() - sentMs);
    return answer;
  };
  let messages = 0;
  let allMessages = 0;
  const startMs = performance.now() + warmUpMs;
  const endMs = startMs + (task.durationMs ?? Infinity);
  const wanted = task.messages ?? Infinity;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < endMs && messages < wanted) {
        const handled = await round(connection, timed);
        allMessages += handled;
        if (performance.now() >= startMs) messages += handled;
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  for (const connection of connections) connection.close();
  tookMs.sort((a, b) => a - b);
  const quantile = (part: number): number => tookMs[Math.floor(tookMs.length * part)] ?? NaN;
  return {
    messages,
    allMessages,
    seconds,
    messagesPerSecond: messages / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}
