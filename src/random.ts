import { randomFillSync } from "node:crypto";
import type { Random } from "./kernel/random.ts";

/** How many random bytes are fetched at once. */
const POOL_BYTES = 8_192;

const HEX = Buffer.from("0123456789abcdef", "latin1");
/** Where each byte of a UUID stands in its text. */
const UUID_PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** Chance from the operating system, fetched in batches; the only place that asks for it. */
export function systemRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES);
  /** Written over for each UUID: joining its parts as strings would leave garbage behind. */
  const text = Buffer.alloc(36, "-");
  let used = POOL_BYTES;

  /** Where the next `count` unused bytes of the pool begin. */
  const take = (count: number): number => {
    if (used + count > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const at = used;
    used += count;
    return at;
  };

  return {
    bytes(count) {
      if (count > POOL_BYTES) return randomFillSync(new Uint8Array(count));
      const at = take(count);
      return Uint8Array.from(pool.subarray(at, at + count));
    },
    uuid() {
      const at = take(16);
      pool[at + 6] = ((pool[at + 6] ?? 0) & 0x0f) | 0x40;
      pool[at + 8] = ((pool[at + 8] ?? 0) & 0x3f) | 0x80;
      for (let index = 0; index < 16; index += 1) {
        const byte = pool[at + index] ?? 0;
        const place = UUID_PLACES[index] ?? 0;
        text[place] = HEX[byte >> 4] ?? 0;
        text[place + 1] = HEX[byte & 0x0f] ?? 0;
      }
      return text.toString("latin1");
    },
    fraction() {
      const at = take(6);
      return pool.readUIntBE(at, 6) / 2 ** 48;
    },
  };
}
