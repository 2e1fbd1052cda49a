import { randomFillSync } from "node:crypto";
import type { Random } from "./kernel/random.ts";

/** How many random bytes are fetched at once. */
const POOL_BYTES = 8_192;

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** Chance from the operating system, fetched in batches; the only place that asks for it. */
export function systemRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES);
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
      const hex = (index: number): string => HEX[pool[at + index] ?? 0] ?? "";
      const version = HEX[((pool[at + 6] ?? 0) & 0x0f) | 0x40] ?? "";
      const variant = HEX[((pool[at + 8] ?? 0) & 0x3f) | 0x80] ?? "";
      return (
        `${hex(0)}${hex(1)}${hex(2)}${hex(3)}-${hex(4)}${hex(5)}-${version}${hex(7)}-` +
        `${variant}${hex(9)}-${hex(10)}${hex(11)}${hex(12)}${hex(13)}${hex(14)}${hex(15)}`
      );
    },
    fraction() {
      const at = take(6);
      return pool.readUIntBE(at, 6) / 2 ** 48;
    },
  };
}
