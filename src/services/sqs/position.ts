import type { Random } from "../../kernel/random.ts";

/**
 * Places in the order of sends. A position is text that sorts by time: 13 digits of milliseconds and
 * 7 of a counter - together a 20-digit number, as SQS's sequence numbers are - and a tag that no
 * other process has, so that two nodes never make the same one.
 */
export class Positions {
  readonly #tag: string;
  #counter = 0;

  constructor(random: Random) {
    this.#tag = Buffer.from(random.bytes(6)).toString("hex");
  }

  /** A new position at a time in milliseconds. */
  next(nowMs: number): string {
    return this.sequence(nowMs) + this.#tag;
  }

  /** The 20 digits of a new position. */
  sequence(nowMs: number): string {
    this.#counter = (this.#counter + 1) % COUNTER_END;
    return (
      String(Math.max(0, Math.trunc(nowMs))).padStart(13, "0") +
      String(this.#counter).padStart(7, "0")
    );
  }
}

const COUNTER_END = 10_000_000;

/** The later of a new sequence number and the one that follows `last`. */
export function sequenceAfter(last: string | undefined, fresh: string): string {
  if (last === undefined || fresh > last) return fresh;
  return (BigInt(last) + 1n).toString().padStart(20, "0");
}
