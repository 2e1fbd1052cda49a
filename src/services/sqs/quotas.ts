import { hash } from "node:crypto";
import { throttled } from "./errors.ts";
import { FIFO_CALLS_PER_SECOND } from "./limits.ts";
import { backlogOf } from "./queue.ts";
import type { QueueRecord } from "./queue.ts";

/** Partitions that a high-throughput FIFO queue spreads its message groups over. */
const PARTITIONS = 32;

/**
 * The rates of FIFO queues, where the server enforces them: 300 calls per second of each kind, each
 * with up to 10 messages; in high-throughput mode that much for every partition ("Amazon SQS message
 * quotas" and "High throughput for FIFO queues"). Counted per node and second.
 */
export class Quotas {
  readonly #isEnforced: boolean;
  #second = 0;
  readonly #calls = new Map<string, number>();
  /** Requests of this second: a transaction may run again, and still is one call. */
  readonly #counted = new Set<string>();

  constructor(options: { readonly isEnforced: boolean }) {
    this.#isEnforced = options.isEnforced;
  }

  /** Counts a call. Throws RequestThrottled when the queue has had its calls of this second. */
  count(queue: QueueRecord, kind: "send" | "receive" | "delete", call: QuotaCall): void {
    if (!this.#isEnforced || !queue.isFifo) return;
    const second = Math.floor(call.nowMs / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#calls.clear();
      this.#counted.clear();
    }
    if (this.#counted.has(call.requestId)) return;
    const isHighThroughput = queue.fifoThroughputLimit === "perMessageGroupId";
    const parts = isHighThroughput ? partitionsOf(call.groups ?? []) : [0];
    for (const part of parts) {
      const key = `${backlogOf(queue)} ${kind} ${part}`;
      const calls = (this.#calls.get(key) ?? 0) + 1;
      if (calls > FIFO_CALLS_PER_SECOND) throw throttled();
      this.#calls.set(key, calls);
    }
    this.#counted.add(call.requestId);
  }
}

interface QuotaCall {
  readonly requestId: string;
  readonly nowMs: number;
  /** Message groups that the call names; none for a receive. */
  readonly groups?: readonly string[];
}

function partitionsOf(groups: readonly string[]): Set<number> {
  return new Set(
    groups.map((group) => Number.parseInt(hash("md5", group).slice(0, 8), 16) % PARTITIONS),
  );
}
