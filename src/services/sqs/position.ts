import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/random.ts";

/**
 * Places in the order of sends, and sequence numbers. Both are 13 digits of milliseconds and 7 of a
 * counter, as SQS's sequence numbers have 20 digits.
 */
export class Positions {
  readonly #clock: Pick<Clock, "steadyNow">;
  readonly #tag: string;
  #counter = 0;
  #sequenceMs = 0;
  #sequenceCounter = 0;

  constructor(random: Random, clock: Pick<Clock, "steadyNow">) {
    this.#clock = clock;
    this.#tag = Buffer.from(random.bytes(6)).toString("hex");
  }

  /**
   * A new position, which sorts by `nowMs` in milliseconds. It ends with a tag that no other process
   * has, so that two nodes never make the same one.
   */
  next(nowMs: number): string {
    this.#counter = (this.#counter + 1) % COUNTER_END;
    return digits(nowMs, this.#counter) + this.#tag;
  }

  /**
   * A number greater than all before it, in 20 digits: by the machine's time, so that also a group
   * that was emptied, a server that was started anew or a clock that was set back repeats none.
   */
  sequence(): string {
    const nowMs = this.#clock.steadyNow();
    this.#sequenceCounter = nowMs > this.#sequenceMs ? 0 : this.#sequenceCounter + 1;
    this.#sequenceMs = Math.max(nowMs, this.#sequenceMs);
    if (this.#sequenceCounter === COUNTER_END) {
      this.#sequenceCounter = 0;
      this.#sequenceMs += 1;
    }
    return digits(this.#sequenceMs, this.#sequenceCounter);
  }
}

/** The milliseconds by which a position sorts: when its message was sent. */
export function sentAtMsOf(position: string): number {
  return Number(position.slice(0, MS_DIGITS));
}

const COUNTER_END = 10_000_000;
const MS_DIGITS = 13;

function digits(ms: number, counter: number): string {
  const whole = Math.max(0, Math.trunc(ms));
  return String(whole).padStart(MS_DIGITS, "0") + String(counter).padStart(7, "0");
}

/** The later of a new sequence number and the one that follows `last`. */
export function sequenceAfter(last: string | undefined, fresh: string): string {
  if (last === undefined || fresh > last) return fresh;
  return (BigInt(last) + 1n).toString().padStart(20, "0");
}
