import type { Key } from "../../kernel/tuple.ts";
import { KNOWN_FOR_MS, MAX_KNOWN, MAX_KNOWN_BYTES, MAX_SEEN } from "./limits.ts";

/** A value with the version of its row. */
export interface Known {
  readonly value: Uint8Array;
  readonly version: number;
}

interface KnownFor extends Known {
  readonly untilMs: number;
}

/**
 * Values that are read again and again and stay the same, such as a queue's record: a transaction that
 * takes them from here saves a round trip, and its commit finds out whether they still hold. A value is
 * kept when it was read twice in the same version, and read anew after a while.
 */
export class KnownValues {
  readonly #machineNow: () => number;
  /** Versions that were read lately. */
  #seen = new Map<Key, number>();
  readonly #known = new Map<Key, KnownFor>();

  constructor(machineNow: () => number) {
    this.#machineNow = machineNow;
  }

  get(key: Key): Known | undefined {
    const known = this.#known.get(key);
    if (known === undefined || this.#machineNow() < known.untilMs) return known;
    this.forget(key);
    return undefined;
  }

  /** Notes what the database holds at a key. */
  saw(key: Key, { value, version }: Known): void {
    if (value.byteLength > MAX_KNOWN_BYTES) return;
    if (this.#seen.get(key) !== version) {
      if (this.#seen.size >= MAX_SEEN) this.#seen = new Map();
      this.#seen.set(key, version);
      return;
    }
    // Copied: the value may be a small part of a large buffer.
    const untilMs = this.#machineNow() + KNOWN_FOR_MS;
    this.#known.set(key, { value: Uint8Array.from(value), version, untilMs });
    if (this.#known.size <= MAX_KNOWN) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }

  /** Forgets what was written, or turned out to be stale: it has to prove itself again. */
  forget(key: Key): void {
    this.#known.delete(key);
    this.#seen.delete(key);
  }

  clear(): void {
    this.#known.clear();
    this.#seen.clear();
  }
}
